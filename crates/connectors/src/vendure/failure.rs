//! What Vendure's refusals mean.

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::operations::Permission;
use crate::{
    error::{ConnectorError, Fault},
    transport::{Answer, redact},
};

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

#[derive(Deserialize)]
struct GraphqlError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: ErrorExtensions,
}

#[derive(Default, Deserialize)]
struct ErrorExtensions {
    #[serde(default)]
    code: Option<String>,
}

/// `data` of an answer to something that `needs` a permission. `place` is the
/// server for people.
///
/// # Errors
/// What the answer means where it is none. [`Fault::MissingScope`] stands for
/// every denial: Vendure does not tell a session that ran out, or a key that is
/// none, from a missing permission.
pub(super) fn read<D: DeserializeOwned>(
    answer: &Answer,
    needs: Permission,
    place: &str,
    now: DateTime<Utc>,
) -> Result<D, ConnectorError> {
    if let Some(common) = answer.common_failure(now) {
        return Err(common);
    }
    // Requests that do not fit the schema come back as errors with HTTP 400.
    let body = serde_json::from_slice::<Body>(&answer.body).ok();
    if let Some(errors) = body
        .as_ref()
        .map(|body| &body.errors)
        .filter(|errors| !errors.is_empty())
    {
        return Err(from_errors(errors, needs, place).answer(answer.redacted()));
    }
    if !answer.status.is_success() {
        return Err(from_status(answer.status.as_u16(), place).answer(answer.redacted()));
    }
    let data = body
        .and_then(|body| body.data)
        .ok_or_else(|| no_admin_api(place).answer(answer.redacted()))?;
    serde_json::from_value(data).map_err(|_| {
        ConnectorError::new(
            Fault::Malformed,
            format!("{place} gave an answer that has another form than Vendure's."),
        )
        .answer(answer.redacted())
    })
}

fn from_errors(errors: &[GraphqlError], needs: Permission, place: &str) -> ConnectorError {
    let find = |codes: &[&str]| {
        errors.iter().find(|error| {
            let code = error.extensions.code.as_deref();
            code.is_some_and(|code| codes.contains(&code))
        })
    };
    if find(&["FORBIDDEN", "UNAUTHORIZED"]).is_some() {
        ConnectorError::new(
            Fault::MissingScope,
            format!(
                "{place} does not let this account {}. Give its role the permission {} in the \
                 channel that is connected.",
                needs.purpose(),
                needs.in_words()
            ),
        )
    } else if find(&["CHANNEL_NOT_FOUND"]).is_some() {
        no_such_channel(place)
    } else if find(&[
        "GRAPHQL_VALIDATION_FAILED",
        "GRAPHQL_PARSE_FAILED",
        "BAD_USER_INPUT",
    ])
    .is_some()
    {
        ConnectorError::new(
            Fault::WrongVersion,
            format!(
                "{place} answers, but not as the admin API of Vendure 2.2 or later. Check that the \
                 address is not that of the shop API, and which version the server runs."
            ),
        )
    } else if find(&["INTERNAL_SERVER_ERROR"]).is_some() {
        ConnectorError::new(
            Fault::Server,
            format!(
                "{place} failed to answer. The log of the Vendure server says why; often it passes."
            ),
        )
    } else {
        let first = errors
            .first()
            .map(|error| error.message.as_str())
            .unwrap_or_default();
        let words = redact::shorten(&redact::text(first), 300);
        ConnectorError::new(
            Fault::Refused,
            format!("{place} refused the request: {words}"),
        )
    }
}

fn from_status(status: u16, place: &str) -> ConnectorError {
    match status {
        401 | 403 | 407 => ConnectorError::new(
            Fault::CredentialsRefused,
            format!(
                "Something before Vendure refuses the call (HTTP {status}): a proxy, firewall or \
                 password protection at {place}. Let Calibr through to the admin API."
            ),
        ),
        404 | 405 => no_admin_api(place),
        410 => ConnectorError::new(
            Fault::StoreGone,
            format!("{place} says it is gone for good."),
        ),
        _ => ConnectorError::new(
            Fault::Refused,
            format!("{place} refused the request (HTTP {status})."),
        ),
    }
}

/// Something answers, but no Vendure.
pub(super) fn no_admin_api(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::WrongVersion,
        format!(
            "There is no Vendure admin API at {place}. Give the address of the Vendure server \
             itself, which often has another one than the storefront; opened in a browser with \
             /admin-api at its end, it must not show a page of the shop."
        ),
    )
}

/// The server has no channel with the token.
pub(super) fn no_such_channel(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::Config,
        format!(
            "{place} has no channel with this token. Copy it from Settings → Channels in Vendure, \
             or leave it empty for the default channel."
        ),
    )
}

/// The API key opens nothing at all.
pub(super) fn key_refused(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::CredentialsRefused,
        format!(
            "{place} does not accept the API key. Check that it was copied whole and still exists, \
             and that the server admits keys (its authOptions.tokenMethod must hold 'api-key')."
        ),
    )
}

/// Another password, or no such administrator.
pub(super) fn password_refused(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::CredentialsRefused,
        format!("{place} does not accept this username with this password."),
    )
}

/// The server signs nobody in by password.
pub(super) fn no_passwords(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::CredentialsRefused,
        format!("{place} signs nobody in by password. Use an API key."),
    )
}

/// Signed in, but the session was not handed over.
pub(super) fn no_session(place: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::WrongVersion,
        format!(
            "{place} accepts the password but hands over no session: its authOptions.tokenMethod \
             must hold 'bearer' or 'cookie', under Vendure's own header names. Or use an API key."
        ),
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode, header};

    use super::*;

    fn error(status: u16, kind: &'static str, body: &str) -> ConnectorError {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]),
            body: Bytes::copy_from_slice(body.as_bytes()),
            host: "shop.example".to_owned(),
        };
        read::<std::collections::BTreeMap<String, u8>>(
            &answer,
            Permission::SetPrices,
            "shop.example",
            DateTime::UNIX_EPOCH,
        )
        .unwrap_err()
    }

    fn coded(code: &str) -> ConnectorError {
        error(
            200,
            "application/json",
            &format!(
                r#"{{"errors":[{{"message":"No more than 10, said password=s3cret","extensions":{{"code":"{code}"}}}}],"data":null}}"#
            ),
        )
    }

    #[test]
    fn codes_are_told_apart() {
        let forbidden = coded("FORBIDDEN");
        assert_eq!(forbidden.fault, Fault::MissingScope);
        insta::assert_snapshot!(forbidden, @"shop.example does not let this account change prices. Give its role the permission UpdateCatalog (or UpdateProduct) in the channel that is connected.");
        assert_eq!(coded("CHANNEL_NOT_FOUND").fault, Fault::Config);
        assert_eq!(
            coded("GRAPHQL_VALIDATION_FAILED").fault,
            Fault::WrongVersion
        );
        assert_eq!(coded("INTERNAL_SERVER_ERROR").fault, Fault::Server);
        insta::assert_snapshot!(coded("USER_INPUT_ERROR"), @"shop.example refused the request: No more than 10, said password=[redacted]");
    }

    #[test]
    fn an_address_without_an_admin_api_is_said_to_have_none() {
        let nest = error(
            404,
            "application/json",
            r#"{"statusCode":404,"message":"Cannot POST /x"}"#,
        );
        let page = error(200, "text/html", "<html>Shop</html>");
        let other = error(200, "application/json", r#"{"hello":"world"}"#);
        for error in [&nest, &page, &other] {
            assert_eq!(error.fault, Fault::WrongVersion);
        }
        insta::assert_snapshot!(page, @"There is no Vendure admin API at shop.example. Give the address of the Vendure server itself, which often has another one than the storefront; opened in a browser with /admin-api at its end, it must not show a page of the shop.");
        assert_eq!(error(302, "text/html", "").fault, Fault::WrongVersion);
    }

    #[test]
    fn what_stands_before_vendure_is_told_from_vendure() {
        insta::assert_snapshot!(error(401, "text/plain", "Unauthorized"), @"Something before Vendure refuses the call (HTTP 401): a proxy, firewall or password protection at shop.example. Let Calibr through to the admin API.");
        assert_eq!(error(502, "text/html", "").fault, Fault::Server);
        assert_eq!(error(429, "text/plain", "").fault, Fault::Throttled);
    }

    #[test]
    fn an_answer_of_another_form_is_malformed() {
        let answer = error(200, "application/json", r#"{"data":{"n":"x"}}"#);
        assert_eq!(answer.fault, Fault::Malformed);
    }
}
