//! Connecting by consent on the platform's own page.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use url::Url;

use crate::{connector::Config, credentials::CredentialSet, error::ConnectorError};

/// The two halves of a one-click connect.
#[async_trait]
pub trait OneClick: Send + Sync {
    /// The consent page to send the browser to; makes no call.
    ///
    /// # Errors
    /// [`crate::Fault::Config`] where what was entered cannot be right.
    fn start(&self, request: &OneClickRequest) -> Result<Url, ConnectorError>;

    /// The state that the browser came back with.
    fn state_of<'a>(&self, query: &'a [(String, String)]) -> Option<&'a str> {
        query
            .iter()
            .find(|(name, _)| name == "state")
            .map(|(_, state)| state.as_str())
    }

    /// Reads credentials that the platform delivers from server to server while
    /// the browser is still on its page; the state says which connect they
    /// belong to, and is all that proves them. Only some platforms do. The
    /// platform waits for the answer: a status other than 200 makes it take the
    /// credentials back.
    ///
    /// # Errors
    /// [`crate::Fault::Malformed`] where it is no such delivery;
    /// [`crate::Fault::MissingScope`] where the credentials may do less than was
    /// asked for.
    fn receive(&self, body: &[u8]) -> Result<DeliveredCredentials, ConnectorError> {
        let _unused = body;
        Err(ConnectorError::new(
            crate::Fault::Malformed,
            "This platform delivers no credentials.",
        ))
    }

    /// Proves the platform's answer genuine and fresh, and exchanges it for
    /// credentials. The caller has already matched `state` with the person who
    /// started and used it up.
    ///
    /// # Errors
    /// [`crate::Fault::ConsentRefused`] where the person declined or the answer
    /// is not genuine or not fresh; what the platform said to the exchange.
    async fn complete(&self, callback: &OneClickCallback) -> Result<Connection, ConnectorError>;
}

/// What a one-click connect starts from.
#[derive(Debug, Clone)]
pub struct OneClickRequest {
    /// Values of the platform's `one_click_fields`, checked.
    pub fields: Config,
    /// Where the platform sends the browser back to; one that delivers
    /// credentials from server to server posts them here as well.
    pub redirect_uri: Url,
    /// Unguessable, single-use; comes back with the answer.
    pub state: String,
}

/// What the browser came back with.
#[derive(Clone)]
pub struct OneClickCallback {
    /// The callback's query, decoded, in its order.
    pub query: Vec<(String, String)>,
    /// What the connect started from, as it was kept.
    pub started_with: Config,
    /// The address the platform sent the browser to.
    pub redirect_uri: Url,
    /// When the callback came, in UTC.
    pub received_at: DateTime<Utc>,
    /// What the platform delivered meanwhile, where it does.
    pub delivered: Option<CredentialSet>,
}

/// Credentials that a platform delivered from server to server.
#[derive(Debug, Clone)]
pub struct DeliveredCredentials {
    /// Which connect they belong to.
    pub state: String,
    /// What signs in.
    pub credentials: CredentialSet,
}

/// A store that consented.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The integration's config, in normal form.
    pub config: Config,
    /// What signs in from now on.
    pub credentials: CredentialSet,
}
