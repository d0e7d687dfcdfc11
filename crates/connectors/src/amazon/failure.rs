//! What Amazon's refusals mean
//! ([error codes](https://developer-docs.amazon.com/sp-api/docs/sp-api-errors)).

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::marketplace::Marketplace;
use crate::{
    error::{ConnectorError, Fault},
    transport::{Answer, redact},
};

/// The body of every refusal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    errors: Vec<ApiError>,
}

/// An entry of `errors`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ApiError {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) details: String,
}

/// What a status other than success means.
pub(super) fn from_status(
    answer: &Answer,
    marketplace: &Marketplace,
    now: DateTime<Utc>,
) -> Option<ConnectorError> {
    if answer.status.is_success() {
        return None;
    }
    if let Some(common) = answer.common_failure(now) {
        return Some(common);
    }
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let first = refusal.errors.first().cloned().unwrap_or_default();
    let failure = match answer.status.as_u16() {
        // Amazon answers 403 to a token that has run out, and to a good token
        // that may not; only the details tell.
        401 | 403 if first.is_about_token() => ConnectorError::new(
            Fault::CredentialsRefused,
            "Amazon no longer accepts the access it gave. If it does not renew itself, the \
             authorization was withdrawn or has run out after a year: reconnect the store.",
        ),
        401 | 403 => denied(marketplace),
        404 if refusal.errors.is_empty() => ConnectorError::new(
            Fault::WrongVersion,
            format!(
                "There is no Selling Partner API at {}. The operator has to check AMAZON_API_URL.",
                answer.host
            ),
        ),
        404 => ConnectorError::new(
            Fault::Refused,
            format!("Amazon does not have what was asked for{}.", first.said()),
        ),
        413 => ConnectorError::new(Fault::Refused, "The request was too large for Amazon."),
        status => ConnectorError::new(
            Fault::Refused,
            format!(
                "Amazon refused the request (HTTP {status}){}.",
                first.said()
            ),
        ),
    };
    Some(failure.answer(answer.redacted()))
}

/// Whether it says that the thing asked for is not there.
pub(super) fn is_missing(answer: &Answer) -> bool {
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    answer.status.as_u16() == 404 && !refusal.errors.is_empty()
}

impl ApiError {
    fn is_about_token(&self) -> bool {
        let said = format!("{} {}", self.message, self.details).to_lowercase();
        said.contains("token")
    }

    fn said(&self) -> String {
        let words = match (self.message.trim(), self.details.trim()) {
            ("", "") => return String::new(),
            ("", only) | (only, "") => only.to_owned(),
            (message, details) => format!("{message} {details}"),
        };
        let words = redact::shorten(&redact::text(&words), 300);
        format!(": {}", words.trim_end_matches('.'))
    }
}

fn denied(marketplace: &Marketplace) -> ConnectorError {
    ConnectorError::new(
        Fault::MissingScope,
        format!(
            "Amazon denies access. Either the seller has not authorised the application in {} \
             ({} belongs there; each region is authorised by itself), or the application lacks a \
             role: it needs Product Listing, Pricing, and Inventory and Order Tracking. Check both \
             in Seller Central under Apps and Services, then connect the store again.",
            marketplace.region.name(),
            marketplace.domain,
        ),
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn failure(status: u16, body: &str) -> ConnectorError {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            host: "sellingpartnerapi-eu.amazon.com".into(),
        };
        let germany = Marketplace::read("DE").unwrap();
        from_status(&answer, germany, DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_token_that_ran_out_is_told_from_a_role_that_lacks() {
        let expired = failure(
            403,
            r#"{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":"The access token you provided has expired."}]}"#,
        );
        assert_eq!(expired.fault, Fault::CredentialsRefused);
        let denied = failure(
            403,
            r#"{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}"#,
        );
        assert_eq!(denied.fault, Fault::MissingScope);
        assert!(denied.message.contains("Europe"), "{denied}");
    }

    #[test]
    fn other_refusals_are_told_apart() {
        let error = r#"{"errors":[{"code":"InvalidInput","message":"Invalid sku.","details":""}]}"#;
        insta::assert_snapshot!(failure(400, error), @"Amazon refused the request (HTTP 400): Invalid sku.");
        assert_eq!(failure(404, error).fault, Fault::Refused);
        assert_eq!(failure(404, "<html>").fault, Fault::WrongVersion);
        assert_eq!(failure(400, "<html>").fault, Fault::Refused);
        assert_eq!(failure(429, error).fault, Fault::Throttled);
        assert_eq!(failure(503, error).fault, Fault::Server);
    }

    #[test]
    fn what_amazon_said_carries_no_token() {
        let said = failure(
            400,
            r#"{"errors":[{"code":"InvalidInput","message":"Atza|IwEBIJ1234567890 is odd"}]}"#,
        );
        assert!(!said.message.contains("IwEBIJ"), "{said}");
    }
}
