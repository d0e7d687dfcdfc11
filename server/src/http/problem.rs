//! What went wrong, as every answer says it: `application/problem+json` (RFC 9457).

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use calibr_model::{FieldError, Problem, ProblemKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::request_id;

/// The media type of problems.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// What the kind is appended to. It names the kind and leads nowhere.
const TYPE_BASE: &str = "https://calibr.example/problems/";
/// Server functions mark their failures with this header.
const SERVER_FUNCTION_ERROR: &str = "serverfnerror";

/// A problem on the wire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProblemDetails {
    /// Names the kind of problem; the same for the same kind, for programs to go by.
    #[schema(example = "https://calibr.example/problems/not-found")]
    r#type: String,
    /// A few words, the same for the same kind.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened, what is safe, and what to do next.
    detail: String,
    /// The path that was asked.
    #[serde(skip_serializing_if = "String::is_empty")]
    instance: String,
    /// The fields at fault, where single fields are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// The request's id, to find it in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl ProblemDetails {
    fn new(kind: &str, title: &str, status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("{TYPE_BASE}{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            instance: String::new(),
            errors: Vec::new(),
            request_id: None,
        }
    }

    /// The problem that a bare status stands for.
    fn of_status(status: StatusCode) -> Self {
        let of_kind = |kind: ProblemKind, detail: &str| {
            Self::new(kind.as_str(), kind.title(), status, detail)
        };
        match status {
            StatusCode::NOT_FOUND => {
                of_kind(ProblemKind::NotFound, "There is nothing at this address.")
            }
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                "method-not-allowed",
                "Method not allowed",
                status,
                "This address does not take that method; the Allow header lists those it takes.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => of_kind(
                ProblemKind::TooLarge,
                "The request's body is too large; at most 1 MiB is taken.",
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(
                "unsupported-media-type",
                "Unsupported media type",
                status,
                "Send the body as JSON, with the header Content-Type: application/json.",
            ),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => of_kind(
                ProblemKind::Unavailable,
                "A part that is needed is away for the moment. Try again in a few seconds.",
            ),
            status if status.is_client_error() => Self::new(
                "malformed",
                "The request cannot be read",
                status,
                "The request cannot be read.",
            ),
            status => Self::new(
                ProblemKind::Internal.as_str(),
                ProblemKind::Internal.title(),
                status,
                "Something went wrong on our side. Try again; if it stays so, tell whoever runs this console, with \
                 the request's id.",
            ),
        }
    }

    fn body(&self) -> Body {
        Body::from(serde_json::to_vec(self).unwrap_or_default())
    }
}

impl From<Problem> for ProblemDetails {
    fn from(problem: Problem) -> Self {
        let status = StatusCode::from_u16(problem.kind.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            errors: problem.errors,
            request_id: problem.request_id,
            ..Self::new(
                problem.kind.as_str(),
                problem.kind.title(),
                status,
                problem.detail,
            )
        }
    }
}

/// A request that is answered with a problem: the error of every handler.
#[derive(Debug)]
pub(crate) struct Refusal(Box<ProblemDetails>);

impl Refusal {
    /// A problem of a kind.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Problem::new(kind, detail).into()
    }

    /// A request that is no well-formed one.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        let details = ProblemDetails::new(
            "malformed",
            "The request cannot be read",
            StatusCode::BAD_REQUEST,
            detail,
        );
        Self(Box::new(details))
    }

    /// A thing that was here, and is not wanted any more.
    pub(crate) fn gone(detail: impl Into<String>) -> Self {
        let details = ProblemDetails::new("gone", "No longer here", StatusCode::GONE, detail);
        Self(Box::new(details))
    }

    /// The problem of a bare status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self(Box::new(ProblemDetails::of_status(status)))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem.into()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let details = *self.0;
        let status =
            StatusCode::from_u16(details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = details.body();
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        // For `complete`, which knows the path and the request's id.
        response.extensions_mut().insert(details);
        response
    }
}

/// Middleware: puts path and request id into problems, and makes problems of the bare statuses that libraries
/// answer with.
pub(crate) async fn complete(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let request_id = request_id::of(&request);
    let mut response = next.run(request).await;
    let mut details = match response.extensions_mut().remove::<ProblemDetails>() {
        Some(details) => details,
        None if lacks_words(&response) => ProblemDetails::of_status(response.status()),
        None => return response,
    };
    details.instance = instance;
    details.request_id = details.request_id.or(request_id);
    *response.body_mut() = details.body();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    response
}

/// A failure without a body that a program could read.
fn lacks_words(response: &Response) -> bool {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return false;
    }
    let headers = response.headers();
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let has_words =
        content_type.is_some_and(|kind| kind.contains("json") || kind.starts_with("text/html"));
    !has_words && !headers.contains_key(SERVER_FUNCTION_ERROR)
}
