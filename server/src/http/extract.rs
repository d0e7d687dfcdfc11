//! What handlers take out of a request; what cannot be taken is refused in words.

use axum::{
    body::HttpBody as _,
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
};
use calibr_model::{Cursor, FieldError, PageRequest, Problem, ProblemKind, status::all_words};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use super::problem::Refusal;

/// A body in JSON.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => {
                Err(unfit("the body", &innermost(&error)).into())
            }
            Err(JsonRejection::JsonSyntaxError(error)) => Err(Refusal::malformed(format!(
                "The body is not JSON: {}.",
                innermost(&error)
            ))),
            Err(other) => Err(Refusal::of_status(other.status())),
        }
    }
}

/// A body in JSON, or none at all.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let is_empty = request.body().is_end_stream();
        if is_empty && !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(Self(None));
        }
        let Json(value) = Json::from_request(request, state).await?;
        Ok(Self(Some(value)))
    }
}

/// The query, by its names.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => Err(unfit("the query", &innermost(&error)).into()),
        }
    }
}

/// The parts of the path, by their names. One that cannot be the name of anything names nothing.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Refusal::of_status(StatusCode::NOT_FOUND)),
        }
    }
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Rows a page, 1 to 250; 50 where not given.
    limit: Option<u16>,
    /// The `next_cursor` of the page before; none for the first page.
    cursor: Option<String>,
}

impl From<PageQuery> for PageRequest {
    fn from(query: PageQuery) -> Self {
        Self {
            limit: query.limit,
            cursor: query
                .cursor
                .filter(|cursor| !cursor.is_empty())
                .map(Cursor::from_text),
        }
    }
}

/// The words of an enumeration in a query, with commas between them.
///
/// # Errors
/// A problem that names the field.
pub(crate) fn words<T: std::str::FromStr>(
    field: &str,
    text: Option<&str>,
) -> Result<Vec<T>, Refusal>
where
    T::Err: std::fmt::Display,
{
    let mut faults = Vec::new();
    let words = all_words(field, text.unwrap_or_default(), &mut faults);
    if faults.is_empty() {
        Ok(words)
    } else {
        Err(Problem::invalid(faults).into())
    }
}

/// The cause at the bottom of an error: what the parser said.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// `message` is the parser's; it begins with the path of the field, where it knows one.
fn unfit(place: &str, message: &str) -> Problem {
    let detail = format!("Something in {place} is not as it should be: {message}.");
    let problem = Problem::new(ProblemKind::Invalid, detail);
    match message.split_once(": ") {
        Some((field, fault)) if !field.contains(' ') => Problem {
            errors: vec![FieldError {
                field: field.to_owned(),
                message: format!("{fault}."),
            }],
            ..problem
        },
        _ => problem,
    }
}
