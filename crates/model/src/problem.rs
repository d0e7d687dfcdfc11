//! What went wrong, for a person and for a program (RFC 9457).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::status::words;

words!(
    /// The kind of a problem; the last part of its `type` URI.
    ProblemKind ("problem kind") {
        /// Something that was sent breaks a rule; see `errors`.
        Invalid = "invalid",
        /// Nobody is signed in.
        Unauthenticated = "unauthenticated",
        /// Signed in, but not allowed.
        Forbidden = "forbidden",
        /// There is no such thing, or not for this caller.
        NotFound = "not-found",
        /// It clashes with how things stand now.
        Conflict = "conflict",
        /// The platform refused or could not be reached.
        Platform = "platform",
        /// Too many requests.
        RateLimited = "rate-limited",
        /// The request body is too large.
        TooLarge = "too-large",
        /// A part that is needed is away for the moment.
        Unavailable = "unavailable",
        /// A fault of Calibr's own.
        Internal = "internal",
    }
);

impl ProblemKind {
    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 422,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Platform => 502,
            Self::RateLimited => 429,
            Self::TooLarge => 413,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    /// A few words for the head of a message.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "That cannot be saved as it is",
            Self::Unauthenticated => "Please sign in",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Not found",
            Self::Conflict => "Something else came first",
            Self::Platform => "The store did not accept this",
            Self::RateLimited => "Too many requests",
            Self::TooLarge => "Too large",
            Self::Unavailable => "Not available right now",
            Self::Internal => "Something went wrong on our side",
        }
    }
}

/// A problem as REST answers and server functions carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{detail}")]
pub struct Problem {
    /// What kind it is.
    pub kind: ProblemKind,
    /// What happened, what is safe, and what to do next.
    pub detail: String,
    /// The fields at fault, where single fields are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The request's id, to find it in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// One field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name as it was sent; nested with dots (`credentials.token`).
    pub field: String,
    /// A sentence for the person who filled it.
    pub message: String,
}

impl FieldError {
    /// What is wrong with one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl Problem {
    /// A problem without single fields.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            request_id: None,
        }
    }

    /// Fields that break their rules.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| error.message.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        Self {
            errors,
            ..Self::new(ProblemKind::Invalid, detail)
        }
    }

    /// The message for one field, if that field is at fault.
    pub fn for_field(&self, field: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }
}
