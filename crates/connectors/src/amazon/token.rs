//! Trading codes and refresh tokens for access tokens at Login with Amazon
//! ([authorization](https://developer-docs.amazon.com/sp-api/docs/website-authorization-workflow)).
//! An access token lasts an hour; the refresh token stays the same.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::settings::{AmazonHosts, Client};
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
/// The field of a credential set that gets a new access token.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
/// The fields of a private application's own sign-in.
pub(super) const CLIENT_ID: &str = "client_id";
pub(super) const CLIENT_SECRET: &str = "client_secret";

/// What the application brings to the token endpoint.
#[derive(Clone, Copy)]
pub(super) enum Grant<'a> {
    /// A code from the consent page; good once, for five minutes.
    Code {
        code: &'a str,
        redirect_uri: &'a Url,
    },
    /// The seller's refresh token.
    Refresh(&'a SecretString),
}

/// What the token endpoint gave.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// The application that signs in: the seller's own where the credentials hold
/// one, else the operator's.
pub(super) fn client(
    credentials: &CredentialSet,
    operators: Option<&Client>,
) -> Result<Client, ConnectorError> {
    let own = |field| {
        credentials
            .get(field)
            .filter(|secret| !secret.expose_secret().trim().is_empty())
    };
    match (own(CLIENT_ID), own(CLIENT_SECRET)) {
        (Some(id), Some(secret)) => Ok(Client {
            id: id.expose_secret().trim().to_owned(),
            secret: secret.clone(),
        }),
        (None, None) => operators.cloned().ok_or_else(|| {
            ConnectorError::new(
                Fault::Config,
                "This installation has no application at Amazon of its own. Enter the client id \
                 and client secret of a private application, or ask the operator to set \
                 AMAZON_CLIENT_ID and AMAZON_CLIENT_SECRET.",
            )
        }),
        _ => Err(ConnectorError::new(
            Fault::Config,
            "The client id and the client secret of a private application come together: enter \
             both or neither.",
        )),
    }
}

/// Asks the token endpoint, once more where the first call failed on the way.
pub(super) async fn trade(
    transport: &Transport,
    hosts: &AmazonHosts,
    client: &Client,
    grant: Grant<'_>,
) -> Result<Issued, ConnectorError> {
    let request = request(hosts, client, grant)?;
    retry::run(Patience::PERSON, transport.sources(), |_| async {
        let answer = transport.send(request.clone()).await?;
        parse(&answer, grant, transport.sources().now())
    })
    .await
}

fn request(
    hosts: &AmazonHosts,
    client: &Client,
    grant: Grant<'_>,
) -> Result<Request, ConnectorError> {
    let grant_fields = match grant {
        Grant::Code { code, redirect_uri } => vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri.as_str()),
        ],
        Grant::Refresh(token) => vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose_secret()),
        ],
    };
    let client_fields = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.expose_secret()),
    ];
    Ok(Request::post_form(
        hosts.token()?,
        grant_fields.into_iter().chain(client_fields),
    ))
}

#[derive(Deserialize)]
struct RawIssued {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default)]
    expires_in: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
}

fn parse(answer: &Answer, grant: Grant<'_>, now: DateTime<Utc>) -> Result<Issued, ConnectorError> {
    if answer.status.is_client_error() && !matches!(answer.status.as_u16(), 404 | 408 | 429) {
        return Err(refusal(answer, grant));
    }
    if let Some(failure) = answer.common_failure(now) {
        return Err(failure);
    }
    if !answer.status.is_success() {
        return Err(ConnectorError::new(
            Fault::WrongVersion,
            format!(
                "There is no Login with Amazon at {}. The operator has to check AMAZON_LWA_URL.",
                answer.host
            ),
        ));
    }
    let raw: RawIssued = answer.json()?;
    Ok(Issued {
        access: raw.access_token,
        refresh: raw.refresh_token,
        expires_at: raw
            .expires_in
            .and_then(TimeDelta::try_seconds)
            .and_then(|lifetime| now.checked_add_signed(lifetime)),
    })
}

fn refusal(answer: &Answer, grant: Grant<'_>) -> ConnectorError {
    let said: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (fault, message) = match (said.error.as_str(), grant) {
        ("invalid_client" | "unauthorized_client", _) => (
            Fault::Config,
            "Amazon does not accept the application's client id and client secret. A client \
             secret runs out 180 days after it was made: make a new one in Amazon's developer \
             console and enter it (the operator: AMAZON_CLIENT_SECRET).",
        ),
        (_, Grant::Code { .. }) => (
            Fault::ConsentRefused,
            "Amazon no longer accepts this consent: it was used already or took longer than five \
             minutes. Begin to connect again.",
        ),
        (_, Grant::Refresh(_)) => (
            Fault::CredentialsRefused,
            "Amazon does not accept the refresh token. It may not be copied whole, belong to \
             another application, or the authorization was withdrawn or has run out after a year: \
             authorise the application again.",
        ),
    };
    ConnectorError::new(fault, message).answer(answer.redacted())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn app() -> Client {
        Client {
            id: "amzn1.client".into(),
            secret: "hush".into(),
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            host: "api.amazon.com".into(),
        }
    }

    #[test]
    fn codes_and_refresh_tokens_are_sent_as_forms() {
        let back: Url = "https://calibr.test/back".parse().unwrap();
        let grant = Grant::Code {
            code: "c 1",
            redirect_uri: &back,
        };
        let sent = request(&AmazonHosts::default(), &app(), grant).unwrap();
        assert_eq!(
            sent.body.unwrap(),
            "grant_type=authorization_code&code=c+1&redirect_uri=https%3A%2F%2Fcalibr.test%2Fback\
             &client_id=amzn1.client&client_secret=hush"
        );
        let token = SecretString::from("Atzr|1");
        let sent = request(&AmazonHosts::default(), &app(), Grant::Refresh(&token)).unwrap();
        assert_eq!(
            sent.body.unwrap(),
            "grant_type=refresh_token&refresh_token=Atzr%7C1&client_id=amzn1.client&client_secret=hush"
        );
    }

    #[test]
    fn refusals_say_whose_turn_it_is() {
        let token = SecretString::from("Atzr|1");
        let back: Url = "https://calibr.test/back".parse().unwrap();
        let code = Grant::Code {
            code: "c",
            redirect_uri: &back,
        };
        let fault = |status, body: &str, grant| {
            parse(&answer(status, body), grant, DateTime::UNIX_EPOCH)
                .unwrap_err()
                .fault
        };
        let grant = r#"{"error":"invalid_grant","error_description":"The request has an invalid grant parameter"}"#;
        let refresh = Grant::Refresh(&token);
        assert_eq!(fault(400, grant, refresh), Fault::CredentialsRefused);
        assert_eq!(fault(400, grant, code), Fault::ConsentRefused);
        let client = r#"{"error":"invalid_client"}"#;
        assert_eq!(fault(401, client, refresh), Fault::Config);
        assert_eq!(fault(429, "", refresh), Fault::Throttled);
        assert_eq!(fault(500, "", refresh), Fault::Server);
        assert_eq!(fault(404, "", refresh), Fault::WrongVersion);
        assert_eq!(fault(200, "<html>", refresh), Fault::Malformed);
    }

    #[test]
    fn a_private_application_goes_before_the_operators() {
        let set = |fields: &[(&str, &str)]| {
            CredentialSet::new(
                fields
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))),
                None,
            )
        };
        let own = set(&[(CLIENT_ID, "mine"), (CLIENT_SECRET, "s")]);
        assert_eq!(client(&own, Some(&app())).unwrap().id, "mine");
        assert_eq!(client(&set(&[]), Some(&app())).unwrap().id, "amzn1.client");
        let half = set(&[(CLIENT_ID, "mine")]);
        assert_eq!(
            client(&half, Some(&app())).unwrap_err().fault,
            Fault::Config
        );
        assert_eq!(client(&set(&[]), None).unwrap_err().fault, Fault::Config);
    }
}
