//! What the refusals of WordPress and WooCommerce mean.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::address::StoreAddress;
use crate::{
    error::{ConnectorError, Fault},
    transport::{Answer, redact},
};

/// The namespace of the REST API that is spoken here.
const NAMESPACE: &str = "wc/v3";

#[derive(Deserialize)]
struct Body {
    code: String,
    #[serde(default)]
    message: String,
}

/// The code of an answer that is WordPress's own error.
pub(super) fn code(answer: &Answer) -> Option<String> {
    body(answer).map(|body| body.code)
}

/// Whether the answer says that what the route names is not there: a product,
/// order or webhook that was deleted.
pub(super) fn is_missing(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 404 | 410)
        && code(answer).is_some_and(|code| code.ends_with("_invalid_id"))
}

fn body(answer: &Answer) -> Option<Body> {
    serde_json::from_slice(&answer.body).ok()
}

/// Passes an answer that is none of a failure.
///
/// # Errors
/// What the failure means.
pub(super) fn check(
    answer: &Answer,
    address: &StoreAddress,
    now: DateTime<Utc>,
) -> Result<(), ConnectorError> {
    if let Some(common) = answer.common_failure(now) {
        return Err(common);
    }
    if answer.status.is_success() {
        return Ok(());
    }
    let error = match body(answer) {
        Some(body) => from_code(answer.status.as_u16(), &body, address),
        None => from_status(answer.status.as_u16(), address.place()),
    };
    Err(error.answer(answer.redacted()))
}

fn from_code(status: u16, body: &Body, address: &StoreAddress) -> ConnectorError {
    let place = address.place();
    let new = ConnectorError::new;
    let code = body.code.as_str();
    match (status, code) {
        (_, "woocommerce_rest_authentication_error") if body.message.contains("permission") => {
            missing_permission(place)
        }
        (_, "woocommerce_rest_authentication_error") => key_refused(place),
        (401, code) if code.starts_with("woocommerce_rest_cannot") => nobody(address),
        (403, code) if code.starts_with("woocommerce_rest_") => new(
            Fault::MissingScope,
            format!(
                "The key of {place} belongs to a user who may not manage the shop. Create a key \
                 for an administrator or shop manager (WooCommerce → Settings → Advanced → REST \
                 API)."
            ),
        ),
        (401 | 403, _) => closed(place),
        (404, "rest_no_route") => new(
            Fault::WrongVersion,
            format!(
                "WordPress answers at {place}, but has no WooCommerce API version 3. Check that \
                 WooCommerce is active and up to date."
            ),
        ),
        (404 | 410, _) => new(
            Fault::Refused,
            format!("{place} no longer has what was asked for."),
        ),
        (413, _) => new(
            Fault::Refused,
            format!("{place} takes no batch of this size."),
        ),
        _ => new(
            Fault::Refused,
            format!(
                "{place} refused the request: {}",
                redact::shorten(&redact::text(&body.message), 300)
            ),
        ),
    }
}

fn from_status(status: u16, place: &str) -> ConnectorError {
    match status {
        401 | 403 => kept_out(place),
        404 | 405 => no_wordpress(place),
        410 => ConnectorError::new(
            Fault::StoreGone,
            format!("{place} says it is gone for good."),
        ),
        413 => ConnectorError::new(
            Fault::Refused,
            format!("{place} takes no request of this size."),
        ),
        _ => ConnectorError::new(
            Fault::Refused,
            format!("{place} refused the request (HTTP {status})."),
        ),
    }
}

/// The key is known, but the secret is another one's.
fn key_refused(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::CredentialsRefused,
        format!(
            "{place} does not accept the consumer key and secret. Check that both were copied \
             whole and belong together, and that the key was not revoked."
        ),
    )
}

/// The key may read only, or write only.
pub(super) fn missing_permission(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::MissingScope,
        format!(
            "The key is good, but {place} does not let it both read and write. Set its permissions \
             to Read/Write (WooCommerce → Settings → Advanced → REST API)."
        ),
    )
}

/// The store saw no key that it knows: WooCommerce says nothing of one that
/// does not exist, and never looks at keys that come without TLS.
fn nobody(address: &StoreAddress) -> ConnectorError {
    let place = address.place();
    let advice = if address.root().scheme() == "http" {
        "WooCommerce looks at keys only where the call reaches it by https; give the https:// \
         address, or have the proxy before it say so (X-Forwarded-Proto)."
    } else {
        "Check that it was copied whole and not revoked. If it is right, the web server keeps the \
         Authorization header from WordPress; its administrator can let it through."
    };
    ConnectorError::new(
        Fault::CredentialsRefused,
        format!("{place} does not know the consumer key. {advice}"),
    )
}

/// Something in WordPress shuts the REST API.
fn closed(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::WrongVersion,
        format!(
            "{place} keeps its REST API closed. A security plugin does that; let it admit the \
             routes that begin with /wc/v3."
        ),
    )
}

/// Something before WordPress refuses.
pub(super) fn kept_out(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::CredentialsRefused,
        format!(
            "Something before WordPress refuses the call: a proxy, firewall or password \
             protection at {place}. Let Calibr through to /wp-json."
        ),
    )
}

/// Something answers, but no WordPress.
pub(super) fn no_wordpress(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::WrongVersion,
        format!(
            "There is no WordPress REST API at {place}. Give the address of the shop itself, with \
             its folder where it is in one; opened in a browser with /wp-json at its end, it must \
             not show a page of the site."
        ),
    )
}

/// What is wrong where WordPress does not offer the API that is spoken here.
pub(super) fn without_woocommerce(namespaces: &[String], place: &str) -> Option<ConnectorError> {
    if namespaces.iter().any(|namespace| namespace == NAMESPACE) {
        return None;
    }
    let message = if namespaces
        .iter()
        .any(|namespace| namespace.starts_with("wc/"))
    {
        format!(
            "The WooCommerce at {place} is too old: it has no API version 3. Update WooCommerce to \
             3.5 or later."
        )
    } else {
        format!(
            "{place} is a WordPress site without WooCommerce, or WooCommerce is not active there."
        )
    };
    Some(ConnectorError::new(Fault::WrongVersion, message))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode, header};

    use super::*;

    fn error_at(url: &str, status: u16, kind: &'static str, body: &str) -> ConnectorError {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]),
            body: Bytes::copy_from_slice(body.as_bytes()),
            host: "shop.example".to_owned(),
        };
        let address = StoreAddress::from_entered(url).unwrap();
        check(&answer, &address, DateTime::UNIX_EPOCH).unwrap_err()
    }

    fn coded(status: u16, code: &str, message: &str) -> ConnectorError {
        let body = serde_json::json!({ "code": code, "message": message });
        error_at(
            "https://shop.example",
            status,
            "application/json",
            &body.to_string(),
        )
    }

    #[test]
    fn refused_keys_are_told_apart_by_what_is_wrong_with_them() {
        let authentication = "woocommerce_rest_authentication_error";
        let secret = coded(401, authentication, "Consumer secret is invalid.");
        assert_eq!(secret.fault, Fault::CredentialsRefused);
        let scope = "The API key provided does not have write permissions.";
        assert_eq!(coded(401, authentication, scope).fault, Fault::MissingScope);
        let unknown = coded(401, "woocommerce_rest_cannot_view", "");
        assert_eq!(unknown.fault, Fault::CredentialsRefused);
        insta::assert_snapshot!(unknown, @"shop.example does not know the consumer key. Check that it was copied whole and not revoked. If it is right, the web server keeps the Authorization header from WordPress; its administrator can let it through.");
        let customer = coded(403, "woocommerce_rest_cannot_view", "");
        assert_eq!(customer.fault, Fault::MissingScope);
        let plain = error_at(
            "http://shop.example",
            401,
            "application/json",
            r#"{"code":"woocommerce_rest_cannot_view"}"#,
        );
        assert!(plain.message.contains("X-Forwarded-Proto"), "{plain}");
    }

    #[test]
    fn what_stands_before_the_shop_is_told_from_the_shop() {
        assert_eq!(
            coded(401, "rest_cannot_access", "").fault,
            Fault::WrongVersion
        );
        assert_eq!(coded(404, "rest_no_route", "").fault, Fault::WrongVersion);
        let html = |status| error_at("https://shop.example", status, "text/html", "<html>");
        assert_eq!(html(403).fault, Fault::CredentialsRefused);
        assert_eq!(html(404).fault, Fault::WrongVersion);
        assert_eq!(html(503).fault, Fault::Server);
        assert_eq!(html(429).fault, Fault::Throttled);
        assert_eq!(html(302).fault, Fault::WrongVersion);
    }

    #[test]
    fn a_refusal_is_quoted_without_secrets() {
        let error = coded(400, "rest_invalid_param", "No: ck_0123456789abcdef");
        insta::assert_snapshot!(error, @"shop.example refused the request: No: [redacted]");
    }

    #[test]
    fn a_site_without_the_api_says_which_part_is_missing() {
        let said = |namespaces: &[&str]| {
            let namespaces: Vec<String> = namespaces.iter().map(|name| (*name).into()).collect();
            without_woocommerce(&namespaces, "shop.example").map(|error| error.message)
        };
        assert_eq!(said(&["wp/v2", "wc/v3"]), None);
        assert!(said(&["wc/v1", "wc/v2"]).unwrap().contains("too old"));
        assert!(said(&["wp/v2"]).unwrap().contains("without WooCommerce"));
    }
}
