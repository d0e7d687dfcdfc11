//! Calls of the Selling Partner API for one seller.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use http::HeaderName;
use secrecy::SecretString;
use tokio::sync::Mutex;
use url::Url;

use super::{
    failure,
    marketplace::Marketplace,
    operations::{Operation, Place},
    rates::Buckets,
    settings::{AmazonHosts, Client},
    token::{self, ACCESS_TOKEN, Grant, Issued, REFRESH_TOKEN},
};
use crate::{
    credentials::{CredentialSet, CredentialSource},
    error::{ConnectorError, Fault},
    transport::{
        Transport,
        retry::{self, Patience},
    },
};

const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-amz-access-token");
/// An access token this near its end is not used any more.
const MARGIN: TimeDelta = TimeDelta::minutes(2);

/// The API of one seller at one of Amazon's stores, signed in and paced.
pub(super) struct Api {
    pub(super) transport: Transport,
    pub(super) marketplace: &'static Marketplace,
    pub(super) seller: String,
    hosts: AmazonHosts,
    base: Url,
    client: Option<Client>,
    credentials: Arc<dyn CredentialSource>,
    buckets: Buckets,
    /// The access token of credentials that hold none, as those typed by hand.
    own: Mutex<Option<Issued>>,
}

/// What an [`Api`] is made of.
pub(super) struct Parts {
    pub(super) transport: Transport,
    pub(super) hosts: AmazonHosts,
    pub(super) client: Option<Client>,
    pub(super) marketplace: &'static Marketplace,
    pub(super) seller: String,
    pub(super) credentials: Arc<dyn CredentialSource>,
    pub(super) buckets: Buckets,
}

impl Api {
    pub(super) fn new(parts: Parts) -> Result<Self, ConnectorError> {
        Ok(Self {
            base: parts.hosts.api(parts.marketplace.region)?,
            transport: parts.transport,
            marketplace: parts.marketplace,
            seller: parts.seller,
            hosts: parts.hosts,
            client: parts.client,
            credentials: parts.credentials,
            buckets: parts.buckets,
            own: Mutex::new(None),
        })
    }

    /// Asks, and asks again what failed for a while. Waits for the rate no
    /// longer than patience allows a host to ask for.
    pub(super) async fn call<O: Operation>(
        &self,
        operation: &O,
        patience: Patience,
    ) -> Result<O::Data, ConnectorError> {
        retry::run(patience, self.transport.sources(), |_| {
            self.call_once(operation, patience.longest_wish)
        })
        .await
    }

    /// Asks, with a fresh access token a second time where the first was
    /// refused.
    async fn call_once<O: Operation>(
        &self,
        operation: &O,
        longest: Duration,
    ) -> Result<O::Data, ConnectorError> {
        let credentials = self.credentials.current().await?;
        match self.send(operation, &credentials, longest).await {
            Err(error) if error.fault == Fault::CredentialsRefused => {
                if credentials.get(ACCESS_TOKEN).is_some() {
                    let renewed = self.credentials.renew(&credentials).await?;
                    return self.send(operation, &renewed, longest).await;
                }
                if self.own.lock().await.take().is_none() {
                    // The refresh token itself was refused.
                    return Err(error);
                }
                self.send(operation, &credentials, longest).await
            }
            other => other,
        }
    }

    async fn send<O: Operation>(
        &self,
        operation: &O,
        credentials: &CredentialSet,
        longest: Duration,
    ) -> Result<O::Data, ConnectorError> {
        let token = self.access_token(credentials).await?;
        let place = Place {
            base: &self.base,
            seller: &self.seller,
            marketplace: self.marketplace.id,
        };
        let request = operation
            .request(&place)?
            .secret_header(TOKEN_HEADER, "", &token)?;
        self.buckets.wait(O::LIMIT, longest).await?;
        let answer = self.transport.send(request).await?;
        self.buckets
            .learn(O::LIMIT, answer.header("x-amzn-ratelimit-limit"));
        if let Some(missing) = operation.when_missing()
            && failure::is_missing(&answer)
        {
            return missing;
        }
        let now = self.transport.sources().now();
        let Some(failure) = failure::from_status(&answer, self.marketplace, now) else {
            return operation.parse(&answer);
        };
        if failure.fault != Fault::Throttled {
            return Err(failure);
        }
        let refill = self.buckets.drained(O::LIMIT).await?;
        let wait = failure.retry_after.unwrap_or(refill);
        Err(failure.retry_after(Some(wait)))
    }

    async fn access_token(
        &self,
        credentials: &CredentialSet,
    ) -> Result<SecretString, ConnectorError> {
        if let Some(token) = credentials.get(ACCESS_TOKEN) {
            return Ok(token.clone());
        }
        let mut own = self.own.lock().await;
        let now = self.transport.sources().now();
        let fresh = own
            .as_ref()
            .filter(|issued| issued.expires_at.is_none_or(|end| now < end - MARGIN));
        if let Some(issued) = fresh {
            return Ok(issued.access.clone());
        }
        *own = None;
        let client = token::client(credentials, self.client.as_ref())?;
        let grant = Grant::Refresh(credentials.require(REFRESH_TOKEN)?);
        let issued = token::trade(&self.transport, &self.hosts, &client, grant).await?;
        Ok(own.insert(issued).access.clone())
    }
}
