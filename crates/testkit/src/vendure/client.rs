//! A session with one of the server's APIs.

use std::sync::OnceLock;

use calibr_connectors::transport::{Outbound, Request, Transport, graphql_body};
use calibr_model::Sources;
use http::header::AUTHORIZATION;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::TestkitError;

/// Calls an API, and goes on in the session that its first answer opens.
#[derive(Debug)]
pub(super) struct Client {
    transport: Transport,
    address: Url,
    token: OnceLock<SecretString>,
}

impl Client {
    pub(super) fn new(address: Url) -> Result<Self, TestkitError> {
        let outbound = Outbound {
            allow: "127.0.0.1".parse()?,
            ..Outbound::default()
        };
        Ok(Self {
            transport: Transport::new(outbound, Sources::system())?,
            address,
            token: OnceLock::new(),
        })
    }

    /// Whether the server has opened a session.
    pub(super) fn has_session(&self) -> bool {
        self.token.get().is_some()
    }

    /// Runs any operation and gives its `data`.
    pub(super) async fn run(
        &self,
        operation: &str,
        variables: Value,
    ) -> Result<Value, TestkitError> {
        let mut request =
            Request::post_json(self.address.clone(), &graphql_body(operation, &variables));
        if let Some(token) = self.token.get() {
            request = request.secret_header(AUTHORIZATION, "Bearer ", token)?;
        }
        let answer = self.transport.send(request).await?;
        if let Some(token) = answer.header("vendure-auth-token") {
            self.token.get_or_init(|| token.into());
        }
        let mut body: Value = answer.json()?;
        if body.get("errors").is_some() {
            return Err(TestkitError::Unexpected(answer.redacted()));
        }
        Ok(body["data"].take())
    }

    /// Runs an operation that gives, under `name`, a `wanted` or one of
    /// Vendure's error results.
    pub(super) async fn run_for(
        &self,
        (name, wanted): (&str, &str),
        operation: &str,
        variables: Value,
    ) -> Result<Value, TestkitError> {
        let mut data = self.run(operation, variables).await?;
        if data[name]["__typename"] == wanted {
            Ok(data[name].take())
        } else {
            Err(TestkitError::Unexpected(data.to_string()))
        }
    }
}

/// The text at a place in an answer.
pub(super) fn text(data: &Value, pointer: &str) -> Result<String, TestkitError> {
    data.pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| TestkitError::Unexpected(data.to_string()))
}
