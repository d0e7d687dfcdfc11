//! Trading codes and refresh tokens for access tokens
//! ([authorization code grant](https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant),
//! [offline tokens](https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens)).

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    failure,
    settings::Scopes,
    settings::ShopifyApp,
    shop::{BaseUrl, Shop},
};
use crate::{
    credentials::CredentialSet,
    error::{ConnectorError, Fault},
    transport::{
        Answer, Request, Transport,
        retry::{self, Patience},
    },
};

/// The field of a credential set that signs calls.
pub(super) const ACCESS_TOKEN: &str = "access_token";
/// The field of a credential set that gets a new pair.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";

/// What the app brings to the token endpoint.
#[derive(Clone, Copy)]
pub(super) enum Grant<'a> {
    /// A code from the consent page; single-use.
    Code(&'a str),
    /// The refresh token of the pair in use; single-use.
    Refresh(&'a SecretString),
}

/// What the token endpoint gave.
#[derive(Debug)]
pub(super) struct Issued {
    /// What signs in from now on.
    pub(super) credentials: CredentialSet,
    /// What the merchant permitted.
    pub(super) scopes: Scopes,
}

/// Asks the token endpoint, once more where the first call failed on the way.
pub(super) async fn trade(
    transport: &Transport,
    base: &BaseUrl,
    shop: &Shop,
    app: &ShopifyApp,
    grant: Grant<'_>,
    now: DateTime<Utc>,
) -> Result<Issued, ConnectorError> {
    let request = request(base, shop, app, grant)?;
    retry::run(Patience::PERSON, transport.sources(), |_| async {
        let answer = transport.send(request.clone()).await?;
        parse(&answer, shop, grant, now)
    })
    .await
}

fn request(
    base: &BaseUrl,
    shop: &Shop,
    app: &ShopifyApp,
    grant: Grant<'_>,
) -> Result<Request, ConnectorError> {
    let url = base.at(shop, "/admin/oauth/access_token")?;
    let app_fields = [
        ("client_id", app.api_key.as_str()),
        ("client_secret", app.api_secret.expose_secret()),
    ];
    let grant_fields = match grant {
        Grant::Code(code) => [("code", code), ("expiring", "1")],
        Grant::Refresh(token) => [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose_secret()),
        ],
    };
    Ok(Request::post_form(
        url,
        app_fields.into_iter().chain(grant_fields),
    ))
}

#[derive(Deserialize)]
struct RawIssued {
    access_token: SecretString,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    expires_in: Option<i64>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

fn parse(
    answer: &Answer,
    shop: &Shop,
    grant: Grant<'_>,
    now: DateTime<Utc>,
) -> Result<Issued, ConnectorError> {
    if matches!(answer.status.as_u16(), 400 | 401 | 403) {
        return Err(refusal(answer, shop, grant));
    }
    if let Some(failure) = failure::from_status(answer, shop.domain(), now) {
        return Err(failure);
    }
    let raw: RawIssued = answer.json()?;
    let expires_at = raw
        .expires_in
        .and_then(TimeDelta::try_seconds)
        .and_then(|lifetime| now.checked_add_signed(lifetime));
    let fields = [
        Some((ACCESS_TOKEN.to_owned(), raw.access_token)),
        raw.refresh_token
            .map(|token| (REFRESH_TOKEN.to_owned(), token)),
    ];
    Ok(Issued {
        credentials: CredentialSet::new(fields.into_iter().flatten(), expires_at),
        scopes: Scopes::read(&raw.scope),
    })
}

fn refusal(answer: &Answer, shop: &Shop, grant: Grant<'_>) -> ConnectorError {
    let said: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let about_app = ["invalid_client", "application_cannot_be_found"]
        .contains(&said.error.as_str())
        || said.error_description.contains("client secret");
    let (fault, message) = match grant {
        _ if about_app => (
            Fault::Config,
            "Shopify does not know this installation's app. The operator has to check \
             SHOPIFY_API_KEY and SHOPIFY_API_SECRET."
                .to_owned(),
        ),
        Grant::Code(_) => (
            Fault::ConsentRefused,
            format!(
                "Shopify no longer accepts the consent of {shop}: it was used already or took too \
                 long. Begin to connect again."
            ),
        ),
        Grant::Refresh(_) => (
            Fault::CredentialsRefused,
            format!(
                "Shopify no longer renews the access to {shop}: the app was removed from the store \
                 or not used for 90 days. Reconnect the store."
            ),
        ),
    };
    ConnectorError::new(fault, message).answer(answer.redacted())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn shop() -> Shop {
        Shop::read("acme").unwrap()
    }

    fn app() -> ShopifyApp {
        ShopifyApp::new("key".into(), "app-secret".into())
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            host: "acme.myshopify.com".into(),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-07-01T12:00:00Z")
            .unwrap()
            .to_utc()
    }

    #[test]
    fn a_code_is_traded_for_an_expiring_pair() {
        let request = request(&BaseUrl::default(), &shop(), &app(), Grant::Code("c 1")).unwrap();
        assert_eq!(
            request.url.as_str(),
            "https://acme.myshopify.com/admin/oauth/access_token"
        );
        assert_eq!(
            request.body.unwrap(),
            "client_id=key&client_secret=app-secret&code=c+1&expiring=1"
        );
        let issued = parse(
            &answer(200, r#"{"access_token":"shpat_1","scope":"read_products","expires_in":3600,"refresh_token":"shprt_1","refresh_token_expires_in":7776000}"#),
            &shop(),
            Grant::Code("c"),
            now(),
        )
        .unwrap();
        let secret = |field| {
            issued
                .credentials
                .get(field)
                .unwrap()
                .expose_secret()
                .to_owned()
        };
        assert_eq!(secret(ACCESS_TOKEN), "shpat_1");
        assert_eq!(secret(REFRESH_TOKEN), "shprt_1");
        assert_eq!(
            issued.credentials.expires_at,
            Some(now() + TimeDelta::hours(1))
        );
        assert_eq!(issued.scopes, Scopes::needed());
    }

    #[test]
    fn a_token_that_does_not_expire_is_taken_as_such() {
        let issued = parse(
            &answer(200, r#"{"access_token":"shpat_1","scope":"read_products"}"#),
            &shop(),
            Grant::Code("c"),
            now(),
        )
        .unwrap();
        assert_eq!(issued.credentials.expires_at, None);
        assert!(issued.credentials.get(REFRESH_TOKEN).is_none());
    }

    #[test]
    fn a_refresh_sends_the_token_in_use() {
        let token = SecretString::from("shprt_1");
        let request =
            request(&BaseUrl::default(), &shop(), &app(), Grant::Refresh(&token)).unwrap();
        assert_eq!(
            request.body.unwrap(),
            "client_id=key&client_secret=app-secret&grant_type=refresh_token&refresh_token=shprt_1"
        );
    }

    #[test]
    fn refusals_say_whose_turn_it_is() {
        let token = SecretString::from("shprt_1");
        let fault = |status, body: &str, grant: Grant<'_>| {
            parse(&answer(status, body), &shop(), grant, now())
                .unwrap_err()
                .fault
        };
        let used = r#"{"error":"invalid_request","error_description":"The authorization code was not found or was already used"}"#;
        assert_eq!(fault(400, used, Grant::Code("c")), Fault::ConsentRefused);
        let dead = r#"{"error":"invalid_request","error_description":"This request requires an active refresh_token"}"#;
        assert_eq!(
            fault(401, dead, Grant::Refresh(&token)),
            Fault::CredentialsRefused
        );
        let app = r#"{"error":"application_cannot_be_found"}"#;
        assert_eq!(fault(400, app, Grant::Code("c")), Fault::Config);
        assert_eq!(
            fault(400, "<html>", Grant::Code("c")),
            Fault::ConsentRefused
        );
        assert_eq!(fault(503, "", Grant::Code("c")), Fault::Server);
        assert_eq!(fault(200, "{}", Grant::Code("c")), Fault::Malformed);
    }
}
