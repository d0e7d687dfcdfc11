//! What Shopify's refusals mean.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::throttle::Cost;
use crate::{
    error::{ConnectorError, Fault},
    transport::{Answer, redact},
};

/// An entry of `errors`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GraphqlError {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    extensions: ErrorExtensions,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorExtensions {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    required_access: Option<String>,
}

/// `errors`: a list of GraphQL's, or a sentence of Shopify's front.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Errors {
    List(Vec<GraphqlError>),
    Sentence(String),
    /// `{"query": "Required parameter missing or invalid"}` and the like.
    Other(serde_json::Value),
}

/// What a status other than success means
/// ([status codes](https://shopify.dev/docs/api/usage/response-codes)).
pub(super) fn from_status(
    answer: &Answer,
    shop: &str,
    now: DateTime<Utc>,
) -> Option<ConnectorError> {
    if answer.status.is_success() {
        return None;
    }
    if let Some(common) = answer.common_failure(now) {
        return Some(common);
    }
    let (fault, message) = match answer.status.as_u16() {
        401 => (
            Fault::CredentialsRefused,
            format!(
                "{shop} does not accept the access token. It may have been revoked, or the app \
                 removed from the store: connect the store again."
            ),
        ),
        402 => (
            Fault::StoreGone,
            format!(
                "{shop} is frozen: its Shopify bill is unpaid. Settle it in the Shopify admin, \
                 then try again."
            ),
        ),
        403 => (
            Fault::StoreGone,
            format!("Shopify has blocked {shop}. Only Shopify's support can say why."),
        ),
        404 => (
            Fault::StoreGone,
            format!(
                "There is no Shopify store at {shop}, or it was closed. Check the address for \
                 typing errors."
            ),
        ),
        423 => (
            Fault::StoreGone,
            format!(
                "Shopify has locked {shop}, as it does on signs of misuse. Ask Shopify's support \
                 to unlock it."
            ),
        ),
        status => (
            Fault::Refused,
            format!("{shop} refused the request (HTTP {status})."),
        ),
    };
    Some(ConnectorError::new(fault, message).answer(answer.redacted()))
}

/// What GraphQL errors mean, the first that says most; they come with HTTP 200.
pub(super) fn from_errors(errors: &Errors, cost: Option<&Cost>, shop: &str) -> ConnectorError {
    let list = match errors {
        Errors::List(list) => list.as_slice(),
        Errors::Sentence(sentence) => return refused(sentence, shop),
        Errors::Other(value) => return refused(&value.to_string(), shop),
    };
    let find = |codes: &[&str]| {
        list.iter()
            .find(|error| error.code().is_some_and(|code| codes.contains(&code)))
    };
    let answer = list
        .iter()
        .map(|error| error.message.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let failure = if find(&["THROTTLED"]).is_some() {
        ConnectorError::new(
            Fault::Throttled,
            format!("{shop} asks for fewer calls for a while."),
        )
        .retry_after(Some(cost.map_or(Duration::from_secs(1), Cost::wait)))
    } else if let Some(error) = find(&["ACCESS_DENIED"]) {
        missing_access(error, shop)
    } else if find(&["SHOP_INACTIVE"]).is_some() {
        ConnectorError::new(
            Fault::StoreGone,
            format!("{shop} is not active on Shopify any more."),
        )
    } else if find(&["INTERNAL_SERVER_ERROR", "TIMEOUT"]).is_some() {
        ConnectorError::new(
            Fault::Server,
            format!("Shopify failed to answer for {shop}. This is on its side and usually passes."),
        )
    } else if find(&["undefinedField", "argumentNotAccepted", "undefinedType"]).is_some() {
        ConnectorError::new(
            Fault::WrongVersion,
            format!(
                "{shop} answers with a version of Shopify's API that Calibr does not speak. Look \
                 for a newer version of Calibr."
            ),
        )
    } else {
        let first = list
            .first()
            .map(|error| error.message.as_str())
            .unwrap_or_default();
        return refused(first, shop).answer(redact::text(&answer));
    };
    failure.answer(redact::text(&answer))
}

impl GraphqlError {
    fn code(&self) -> Option<&str> {
        self.extensions.code.as_deref()
    }
}

fn missing_access(error: &GraphqlError, shop: &str) -> ConnectorError {
    let needed = error
        .extensions
        .required_access
        .as_deref()
        .unwrap_or(&error.message);
    ConnectorError::new(
        Fault::MissingScope,
        format!(
            "{shop} has not given Calibr a permission it needs: {} Connect the store again, or \
             add the permission to the custom app.",
            redact::shorten(needed, 300)
        ),
    )
}

fn refused(words: &str, shop: &str) -> ConnectorError {
    let words = redact::shorten(&redact::text(words), 300);
    ConnectorError::new(
        Fault::Refused,
        format!("{shop} refused the request: {words}"),
    )
}

/// Shopify refuses a cursor that it no longer knows as it does any wrong
/// argument; only the words tell. `resumed` is whether one was sent.
pub(super) fn lost_cursor(error: ConnectorError, resumed: bool) -> ConnectorError {
    let about_cursor = error.fault == Fault::Refused && error.message.contains("cursor");
    if about_cursor && resumed {
        return ConnectorError {
            fault: Fault::CheckpointLost,
            message: "Shopify no longer knows where this import stopped; it has to begin anew."
                .to_owned(),
            ..error
        };
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "acme.myshopify.com";

    fn from(errors: &str) -> ConnectorError {
        from_errors(&serde_json::from_str(errors).unwrap(), None, SHOP)
    }

    #[test]
    fn throttling_says_how_long_to_wait() {
        let cost: Cost = serde_json::from_str(
            r#"{"requestedQueryCost":500,"actualQueryCost":null,"throttleStatus":{"maximumAvailable":2000.0,"currentlyAvailable":100,"restoreRate":100.0}}"#,
        )
        .unwrap();
        let errors =
            serde_json::from_str(r#"[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]"#)
                .unwrap();
        let error = from_errors(&errors, Some(&cost), SHOP);
        assert_eq!(error.fault, Fault::Throttled);
        assert_eq!(error.retry_after, Some(Duration::from_secs(4)));
    }

    #[test]
    fn a_missing_permission_is_named() {
        let error = from(
            r#"[{"message":"Access denied for products field.","extensions":{"code":"ACCESS_DENIED","requiredAccess":"`read_products` access scope."}}]"#,
        );
        assert_eq!(error.fault, Fault::MissingScope);
        insta::assert_snapshot!(error, @"acme.myshopify.com has not given Calibr a permission it needs: `read_products` access scope. Connect the store again, or add the permission to the custom app.");
    }

    #[test]
    fn other_codes_are_told_apart() {
        let fault = |code: &str| {
            from(&format!(
                r#"[{{"message":"no","extensions":{{"code":"{code}"}}}}]"#
            ))
            .fault
        };
        assert_eq!(fault("INTERNAL_SERVER_ERROR"), Fault::Server);
        assert_eq!(fault("undefinedField"), Fault::WrongVersion);
        assert_eq!(fault("SHOP_INACTIVE"), Fault::StoreGone);
        assert_eq!(fault("MAX_COST_EXCEEDED"), Fault::Refused);
    }

    #[test]
    fn errors_of_any_form_are_said_without_secrets() {
        assert_eq!(
            from(r#""Not Found""#).message,
            "acme.myshopify.com refused the request: Not Found"
        );
        let error = from(r#"{"query":"shpat_0123456789abcdef is wrong"}"#);
        assert!(!error.message.contains("0123456789"), "{error}");
        assert_eq!(from("[]").fault, Fault::Refused);
    }
}
