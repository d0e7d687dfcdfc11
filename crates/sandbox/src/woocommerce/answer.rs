//! Answers as WordPress's REST server gives them, and what requests ask of them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::access::Denial;

/// An error: `{code, message, data: {status}}`.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// A parameter that is not what the endpoint's schema says.
    pub(crate) fn parameter(name: &str, why: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "rest_invalid_param",
            format!("Invalid parameter(s): {name} ({why})"),
        )
    }

    pub(crate) fn no_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "rest_no_route",
            "No route was found matching the URL and request method.",
        )
    }

    /// What may not be changed.
    pub(crate) fn locked(kind: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "woocommerce_rest_cannot_edit",
            format!("Sorry, you are not allowed to edit this {kind}."),
        )
    }

    pub(crate) fn invalid_id(kind: &str, status: StatusCode) -> Self {
        Self::new(
            status,
            &format!("woocommerce_rest_{kind}_invalid_id"),
            "Invalid ID.",
        )
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "code": self.code, "message": self.message,
            "data": { "status": self.status.as_u16() } })
    }
}

impl From<Denial> for ApiError {
    fn from(denial: Denial) -> Self {
        let (status, code, message) = match denial {
            Denial::Nobody => (
                StatusCode::UNAUTHORIZED,
                "woocommerce_rest_cannot_view",
                "Sorry, you cannot list resources.",
            ),
            Denial::WrongSecret => (
                StatusCode::UNAUTHORIZED,
                "woocommerce_rest_authentication_error",
                "Consumer secret is invalid.",
            ),
            Denial::NoReading => (
                StatusCode::UNAUTHORIZED,
                "woocommerce_rest_authentication_error",
                "The API key provided does not have read permissions.",
            ),
            Denial::NoWriting => (
                StatusCode::UNAUTHORIZED,
                "woocommerce_rest_authentication_error",
                "The API key provided does not have write permissions.",
            ),
            Denial::NotManager => (
                StatusCode::FORBIDDEN,
                "woocommerce_rest_cannot_view",
                "Sorry, you cannot list resources.",
            ),
        };
        Self::new(status, code, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.json())).into_response()
    }
}

/// A request's query, decoded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    pub(crate) fn read(text: &str) -> Self {
        Self(
            url::form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A number between `least` and `most`, or `usual` where it is not given.
    pub(crate) fn number(
        &self,
        name: &str,
        usual: u64,
        least: u64,
        most: u64,
    ) -> Result<u64, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(usual);
        };
        let number: u64 = text
            .parse()
            .map_err(|_| ApiError::parameter(name, "it is not of type integer"))?;
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            Err(ApiError::parameter(
                name,
                &format!("it must be between {least} and {most}"),
            ))
        }
    }

    /// The ids of a list such as `include=1,2`; `include[]=1` does as well.
    pub(crate) fn ids(&self, name: &str) -> Option<Vec<u64>> {
        let listed = format!("{name}[]");
        let ids: Vec<u64> = self
            .0
            .iter()
            .filter(|(known, _)| *known == name || *known == listed)
            .flat_map(|(_, value)| value.split(','))
            .filter_map(|id| id.trim().parse().ok())
            .collect();
        (!ids.is_empty()).then_some(ids)
    }

    /// Which part of a list is asked for: how many to leave out, how many to give.
    pub(crate) fn window(&self) -> Result<(usize, usize), ApiError> {
        let per_page = self.number("per_page", 10, 1, 100)?;
        let page = self.number("page", 1, 1, u64::MAX)?;
        let skip = match self.get("offset") {
            Some(_) => self.number("offset", 0, 0, u64::MAX)?,
            None => (page - 1).saturating_mul(per_page),
        };
        Ok((
            usize::try_from(skip).unwrap_or(usize::MAX),
            usize::try_from(per_page).unwrap_or(100),
        ))
    }
}

/// A part of a list, with the headers that tell of the whole.
pub(crate) fn page(items: Vec<Value>, total: usize, query: &Query) -> Result<Response, ApiError> {
    let (_, per_page) = query.window()?;
    let mut response = one(Value::Array(items), query);
    let headers = response.headers_mut();
    headers.insert("x-wp-total", HeaderValue::from(total));
    headers.insert(
        "x-wp-totalpages",
        HeaderValue::from(total.div_ceil(per_page)),
    );
    Ok(response)
}

/// An answer with only the `_fields` that were asked for.
pub(crate) fn one(value: Value, query: &Query) -> Response {
    let value = match query.get("_fields") {
        Some(fields) => {
            let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
            match value {
                Value::Array(items) => items
                    .into_iter()
                    .map(|item| filtered(item, &fields))
                    .collect(),
                value => filtered(value, &fields),
            }
        }
        None => value,
    };
    Json(value).into_response()
}

/// An object's fields; `a.b` names a field of a field.
fn filtered(value: Value, fields: &[&str]) -> Value {
    let Value::Object(all) = value else {
        return value;
    };
    let mut kept = Map::new();
    for (name, value) in all {
        if fields.contains(&name.as_str()) {
            kept.insert(name, value);
            continue;
        }
        let prefix = format!("{name}.");
        let inner: Vec<&str> = fields
            .iter()
            .filter_map(|field| field.strip_prefix(&prefix))
            .collect();
        if !inner.is_empty() && value.is_object() {
            kept.insert(name, filtered(value, &inner));
        }
    }
    Value::Object(kept)
}
