//! GraphQL errors in the shapes that Shopify gives them.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// A step of the way to the field that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Key(#[serde(serialize_with = "as_text")] Arc<str>),
    Index(usize),
}

fn as_text<S: Serializer>(key: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(key)
}

/// A place in the query, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Location {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// An entry of `errors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Error {
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) path: Vec<Step>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) extensions: Map<String, Value>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            locations: Vec::new(),
            path: Vec::new(),
            extensions: Map::new(),
        }
    }

    pub(crate) fn code(self, code: &str) -> Self {
        self.extension("code", code)
    }

    pub(crate) fn extension(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn at(mut self, location: Option<Location>) -> Self {
        self.locations.extend(location);
        self
    }

    pub(crate) fn path(mut self, path: Vec<Step>) -> Self {
        self.path = path;
        self
    }

    /// A field that the token's scopes do not open.
    pub(crate) fn access_denied(field: &str, required: &str) -> Self {
        Self::new(format!(
            "Access denied for {field} field. Required access: {required}"
        ))
        .code("ACCESS_DENIED")
        .extension(
            "documentation",
            "https://shopify.dev/api/usage/access-scopes",
        )
        .extension("requiredAccess", required)
    }

    /// The bucket holds too little for the query.
    pub(crate) fn throttled() -> Self {
        Self::new("Throttled")
            .code("THROTTLED")
            .extension("documentation", "https://shopify.dev/api/usage/rate-limits")
    }

    /// The query could cost more than any query may.
    pub(crate) fn too_expensive(cost: u32, maximum: u32) -> Self {
        Self::new(format!(
            "Query cost is {cost}, which exceeds the single query max cost limit ({maximum}).\n\n\
             See https://shopify.dev/concepts/about-apis/rate-limits for more information on how \
             the cost of a query is calculated."
        ))
        .code("MAX_COST_EXCEEDED")
        .extension("cost", cost)
        .extension("maxCost", maximum)
        .extension("documentation", "https://shopify.dev/api/usage/rate-limits")
    }

    /// A variable whose value does not fit its type.
    pub(crate) fn invalid_variable(name: &str, ty: &str, value: &Value, why: &str) -> Self {
        Self::new(format!(
            "Variable ${name} of type {ty} was provided invalid value"
        ))
        .code("INVALID_VARIABLE")
        .extension("value", value.clone())
        .extension("problems", json!([{ "path": [], "explanation": why }]))
    }

    /// An argument that makes no sense.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(message).code("BAD_REQUEST")
    }

    /// An array argument with more items than the API takes.
    pub(crate) fn too_many_items(count: usize, maximum: usize) -> Self {
        Self::new(format!(
            "The input array size of {count} is greater than the maximum allowed of {maximum}."
        ))
        .code("MAX_INPUT_SIZE_EXCEEDED")
    }
}
