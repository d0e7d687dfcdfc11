use std::fmt;

use calibr_model::{FieldError, Problem, ProblemKind};
use leptos::server_fn::{
    Bytes, ContentType, Decodes, Encodes, Format, FormatType,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::Deserialize;

/// A failed server function: a [`Problem`], whether the server said it, a proxy
/// on the way, or the browser that reached neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError(pub Problem);

impl ApiError {
    /// Reads a failed answer's body.
    pub(super) fn read(body: &str) -> Self {
        // What is no problem of ours is a page of a proxy on the way.
        let Some(problem) = super::reading::read::<AnyProblem>(body) else {
            return Self::unreachable();
        };
        let from_type = || problem.r#type.as_deref()?.rsplit('/').next()?.parse().ok();
        let kind = problem
            .kind
            .or_else(from_type)
            .unwrap_or(ProblemKind::Internal);
        Self(Problem {
            kind,
            detail: problem.detail.unwrap_or_else(|| kind.title().to_owned()),
            errors: problem.errors,
            request_id: problem.request_id,
        })
    }

    /// Neither the server nor an answer of its own was reached.
    pub(super) fn unreachable() -> Self {
        Self(Problem::new(
            ProblemKind::Unavailable,
            "The server could not be reached. Check the connection and try again; nothing that \
             was saved is lost.",
        ))
    }

    /// There was an answer, of another version perhaps.
    #[cfg(feature = "csr")]
    pub(super) fn unreadable() -> Self {
        Self(Problem::new(
            ProblemKind::Unavailable,
            "The answer could not be read. A new version may have been put in place: reload the \
             page.",
        ))
    }

    /// Whether the same call may go through in a moment.
    pub fn is_transient(&self) -> bool {
        self.0.kind == ProblemKind::Unavailable
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = ProblemEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (kind, detail) = match error {
            ServerFnErrorErr::Request(_) => return Self::unreachable(),
            // On the server: what the browser reads, it reads by itself.
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::MissingArg(_) => (
                ProblemKind::Invalid,
                "The server does not understand this request. A new version may have been put in \
                 place: reload the page.",
            ),
            _ => (
                ProblemKind::Internal,
                "Nothing was changed. Try again; if it stays so, tell whoever runs this console.",
            ),
        };
        Self(Problem::new(kind, detail))
    }
}

/// [`ApiError`] as JSON.
#[derive(Debug)]
pub struct ProblemEncoding;

impl ContentType for ProblemEncoding {
    const CONTENT_TYPE: &'static str = "application/problem+json";
}

impl FormatType for ProblemEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl Encodes<ApiError> for ProblemEncoding {
    type Error = serde_json::Error;

    fn encode(error: &ApiError) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(&error.0).map(Into::into)
    }
}

/// What both this console's functions and its middleware (RFC 9457, with a
/// `type` in place of a `kind`) answer.
#[derive(Deserialize)]
struct AnyProblem {
    kind: Option<ProblemKind>,
    r#type: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
    request_id: Option<String>,
}

impl Decodes<ApiError> for ProblemEncoding {
    type Error = std::str::Utf8Error;

    fn decode(bytes: Bytes) -> Result<ApiError, Self::Error> {
        std::str::from_utf8(&bytes).map(ApiError::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &'static str) -> ApiError {
        ApiError::de(Bytes::from_static(json.as_bytes()))
    }

    #[test]
    fn a_problem_crosses_the_wire_whole() {
        let problem = Problem {
            request_id: Some("r-1".into()),
            ..Problem::invalid(vec![FieldError {
                field: "config.url".into(),
                message: "Shop address is needed.".into(),
            }])
        };
        let sent = ApiError(problem);
        assert_eq!(ApiError::de(sent.ser()), sent);
    }

    #[test]
    fn arguments_that_cannot_be_read_are_the_callers_fault() {
        let error = ServerFnErrorErr::Deserialization("missing field `form`".into());
        let error = ApiError::from_server_fn_error(error);
        assert_eq!(error.0.kind, ProblemKind::Invalid);
        assert!(!error.is_transient());
    }

    #[test]
    fn middleware_answers_are_understood_by_their_type() {
        let error = read(
            r#"{"type":"https://calibr.example/problems/rate-limited","title":"Too many requests",
                "status":429,"detail":"Wait 30 seconds."}"#,
        );
        assert_eq!(error.0.kind, ProblemKind::RateLimited);
        assert_eq!(error.0.detail, "Wait 30 seconds.");
    }

    #[test]
    fn a_page_from_a_proxy_is_a_passing_fault() {
        assert!(read("<html>502 Bad Gateway</html>").is_transient());
    }
}
