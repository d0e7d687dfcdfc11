//! What is sent and what comes back.

use std::{fmt, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

use super::{redact, retry};
use crate::error::{ConnectorError, Fault};

/// One call, whole and ready. `Debug` shows neither query, body nor secret
/// headers.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Headers; secret ones are marked sensitive.
    pub headers: HeaderMap,
    /// The body, where there is one.
    pub body: Option<Bytes>,
    /// How long the call may take, where the operator's time-out is not right
    /// for it.
    pub timeout: Option<Duration>,
}

impl Request {
    /// A call without body or headers.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            timeout: None,
        }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST of JSON that asks for JSON.
    pub fn post_json(url: Url, body: &serde_json::Value) -> Self {
        let mut request = Self::new(Method::POST, url);
        request.body = Some(Bytes::from(body.to_string()));
        request
            .header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )
            .header(header::ACCEPT, HeaderValue::from_static("application/json"))
    }

    /// A POST of a form that asks for JSON.
    pub fn post_form<'a>(url: Url, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut request = Self::new(Method::POST, url);
        request.body = Some(Bytes::from(body));
        request
            .header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            )
            .header(header::ACCEPT, HeaderValue::from_static("application/json"))
    }

    /// With a header that is no secret.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a header that holds a secret: `prefix` (such as `Bearer `) and the
    /// secret. It is never shown.
    ///
    /// # Errors
    /// [`Fault::Config`] where the secret holds a character that no header
    /// takes.
    pub fn secret_header(
        mut self,
        name: HeaderName,
        prefix: &str,
        secret: &SecretString,
    ) -> Result<Self, ConnectorError> {
        let text = zeroize::Zeroizing::new(format!("{prefix}{}", secret.expose_secret()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            ConnectorError::new(
                Fault::Config,
                "The secret holds a character that cannot be part of one; copy it again, whole \
                 and without line breaks.",
            )
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// With a time-out of its own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The host that is called, for messages.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or("the store")
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.host())
            .field("path", &self.url.path())
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

/// A whole answer, unpacked.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The host that answered, for messages.
    pub host: String,
}

impl Answer {
    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, redacted and shortened, to be kept with a failure.
    pub fn redacted(&self) -> String {
        redact::text(&self.text())
    }

    /// The body as JSON of a given form.
    ///
    /// # Errors
    /// [`Fault::Malformed`] with the redacted answer.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, ConnectorError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if self.is_html() {
                "a web page in place of data".to_owned()
            } else {
                format!("something unreadable ({})", describe_json_error(&error))
            };
            ConnectorError::new(
                Fault::Malformed,
                format!(
                    "{} answered {what}. Check that the address is the store's own and no proxy \
                     or sign-in page stands before it.",
                    self.host
                ),
            )
            .answer(self.redacted())
        })
    }

    /// Whether it says of itself that it is a web page.
    pub fn is_html(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
    }

    /// A header's value, where it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// How long the host asks to be left alone (`Retry-After`).
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.header("retry-after")
            .and_then(|value| retry::parse_retry_after(value, now))
    }

    /// What every platform means alike by its status: 429 is
    /// [`Fault::Throttled`], 5xx and 408 [`Fault::Server`], a redirect
    /// [`Fault::WrongVersion`] (an API does not redirect: the address is
    /// another). `None` for all others, which the platform's own code reads.
    pub fn common_failure(&self, now: DateTime<Utc>) -> Option<ConnectorError> {
        let (fault, message) = match self.status.as_u16() {
            429 => (
                Fault::Throttled,
                format!("{} asks for fewer calls for a while.", self.host),
            ),
            408 | 500..=599 => (
                Fault::Server,
                format!(
                    "{} failed to answer (HTTP {}). This is on the platform's side and usually \
                     passes.",
                    self.host,
                    self.status.as_u16()
                ),
            ),
            300..=399 => {
                let target = self
                    .header("location")
                    .and_then(|location| location.parse::<Url>().ok())
                    .and_then(|url| url.host_str().map(|host| format!(" to {host}")))
                    .unwrap_or_default();
                (
                    Fault::WrongVersion,
                    format!(
                        "{} sends callers elsewhere{target}: there is no API at this address. \
                         Check the store's address.",
                        self.host
                    ),
                )
            }
            _ => return None,
        };
        Some(
            ConnectorError::new(fault, message)
                .retry_after(self.retry_after(now))
                .answer(self.redacted()),
        )
    }
}

/// What is wrong with JSON in few words, without the values that stood there.
fn describe_json_error(error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => format!("it ends in the middle, at {place}"),
        serde_json::error::Category::Syntax => format!("no JSON at {place}"),
        _ => format!("another form than expected at {place}"),
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("host", &self.host)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer whose body is read as it comes, as it was sent (never unpacked).
pub struct Streamed {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The host that answers, for messages.
    pub host: String,
    /// The body; it ends after its first error.
    pub body: BoxStream<'static, Result<Bytes, ConnectorError>>,
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed")
            .field("status", &self.status)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// The body of a GraphQL call.
pub fn graphql_body(query: &str, variables: &impl Serialize) -> serde_json::Value {
    serde_json::json!({ "query": query, "variables": variables })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret_request() -> Request {
        Request::post_form(
            "https://shop.example/token?code=c0de".parse().unwrap(),
            [("client_secret", "s3cret")],
        )
        .secret_header(header::AUTHORIZATION, "Bearer ", &"t0ken".to_owned().into())
        .unwrap()
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", secret_request());
        for secret in ["c0de", "s3cret", "t0ken"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_secret_with_a_line_break_is_refused_in_words() {
        let refused = Request::get("https://shop.example".parse().unwrap())
            .secret_header(header::AUTHORIZATION, "", &"a\nb".to_owned().into())
            .unwrap_err();
        assert_eq!(refused.fault, Fault::Config);
    }

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            host: "shop.example".to_owned(),
        }
    }

    #[test]
    fn statuses_that_mean_the_same_everywhere_are_read_here() {
        let now = DateTime::UNIX_EPOCH;
        let throttled = answer(429, &[("retry-after", "7")], "")
            .common_failure(now)
            .unwrap();
        assert_eq!(throttled.fault, Fault::Throttled);
        assert_eq!(throttled.retry_after, Some(Duration::from_secs(7)));
        let failed = answer(502, &[], "<html>").common_failure(now).unwrap();
        assert_eq!(failed.fault, Fault::Server);
        let moved = answer(302, &[("location", "https://login.example/x?token=1")], "")
            .common_failure(now)
            .unwrap();
        insta::assert_snapshot!(moved, @"shop.example sends callers elsewhere to login.example: there is no API at this address. Check the store's address.");
        assert!(answer(404, &[], "").common_failure(now).is_none());
    }

    #[test]
    fn what_is_no_json_is_said_in_words() {
        let page = answer(
            200,
            &[("content-type", "text/html; charset=utf-8")],
            "<html>",
        )
        .json::<serde_json::Value>()
        .unwrap_err();
        assert_eq!(page.fault, Fault::Malformed);
        assert!(
            page.message.contains("a web page in place of data"),
            "{page}"
        );
        let cut = answer(200, &[], "{\"data\": {")
            .json::<serde_json::Value>()
            .unwrap_err();
        insta::assert_snapshot!(cut, @"shop.example answered something unreadable (it ends in the middle, at line 1, column 10). Check that the address is the store's own and no proxy or sign-in page stands before it.");
    }
}
