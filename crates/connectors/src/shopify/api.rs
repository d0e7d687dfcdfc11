//! Calls of one shop's Admin API.

use std::sync::Arc;

use http::HeaderName;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    failure::{self, Errors},
    operations::Operation,
    settings::ApiVersion,
    shop::{BaseUrl, Shop},
    throttle::{Budget, Cost},
    token::ACCESS_TOKEN,
};
use crate::{
    credentials::{CredentialSet, CredentialSource},
    error::{ConnectorError, Fault},
    transport::{
        Answer, Request, Transport, graphql_body,
        retry::{self, Patience},
    },
};

const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-shopify-access-token");

/// The Admin API of one shop, signed in and paced.
pub(super) struct Api {
    pub(super) transport: Transport,
    pub(super) shop: Shop,
    endpoint: Url,
    version: ApiVersion,
    credentials: Arc<dyn CredentialSource>,
    budget: Arc<Budget>,
}

/// What an operation gave.
#[derive(Debug)]
pub(super) struct Reply<D> {
    /// Its data.
    pub(super) data: D,
    /// The version of the API that answered.
    pub(super) version: ApiVersion,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    errors: Option<Errors>,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    cost: Option<Cost>,
}

impl Api {
    pub(super) fn new(
        transport: Transport,
        base: &BaseUrl,
        shop: Shop,
        version: ApiVersion,
        credentials: Arc<dyn CredentialSource>,
        budget: Arc<Budget>,
    ) -> Result<Self, ConnectorError> {
        let endpoint = base.at(&shop, &format!("/admin/api/{version}/graphql.json"))?;
        Ok(Self {
            transport,
            shop,
            endpoint,
            version,
            credentials,
            budget,
        })
    }

    /// Whether the store has the credential.
    pub(super) async fn has_credential(&self, field: &str) -> Result<bool, ConnectorError> {
        Ok(self.credentials.current().await?.get(field).is_some())
    }

    /// The version that is asked for.
    pub(super) fn version(&self) -> &ApiVersion {
        &self.version
    }

    /// Asks, and asks again what failed for a while.
    pub(super) async fn call<O: Operation>(
        &self,
        operation: &O,
        patience: Patience,
    ) -> Result<Reply<O::Data>, ConnectorError> {
        retry::run(patience, self.transport.sources(), |_| {
            self.call_once(operation)
        })
        .await
    }

    /// Asks, with fresh credentials a second time where the first were refused.
    pub(super) async fn call_once<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<Reply<O::Data>, ConnectorError> {
        let credentials = self.credentials.current().await?;
        match self.send(operation, &credentials).await {
            Err(error) if error.fault == Fault::CredentialsRefused => {
                let renewed = self.credentials.renew(&credentials).await?;
                self.send(operation, &renewed).await
            }
            other => other,
        }
    }

    async fn send<O: Operation>(
        &self,
        operation: &O,
        credentials: &CredentialSet,
    ) -> Result<Reply<O::Data>, ConnectorError> {
        let token = credentials.require(ACCESS_TOKEN)?;
        let body = graphql_body(O::DOCUMENT, &operation.variables());
        let request = Request::post_json(self.endpoint.clone(), &body).secret_header(
            TOKEN_HEADER,
            "",
            token,
        )?;
        let reservation = self.budget.reserve(O::NAME, O::COST).await;
        let answer = self.transport.send(request).await?;
        let (result, cost) = self.read::<O>(&answer);
        reservation.settle(cost.as_ref());
        result
    }

    fn read<O: Operation>(
        &self,
        answer: &Answer,
    ) -> (Result<Reply<O::Data>, ConnectorError>, Option<Cost>) {
        let shop = self.shop.domain();
        let now = self.transport.sources().now();
        if let Some(failure) = failure::from_status(answer, shop, now) {
            return (Err(failure), None);
        }
        let envelope: Envelope = match answer.json() {
            Ok(envelope) => envelope,
            Err(error) => return (Err(error), None),
        };
        let cost = envelope.extensions.and_then(|extensions| extensions.cost);
        let failed = |error: ConnectorError| (Err(error), cost);
        match &envelope.errors {
            Some(Errors::List(list)) if list.is_empty() => {}
            Some(errors) => return failed(failure::from_errors(errors, cost.as_ref(), shop)),
            None => {}
        }
        let version = match self.answered_version(answer) {
            Ok(version) => version,
            Err(error) => return failed(error),
        };
        let Some(data) = envelope.data else {
            return failed(self.unreadable(answer));
        };
        match serde_json::from_value(data) {
            Ok(data) => (Ok(Reply { data, version }), cost),
            Err(_) => failed(self.unreadable(answer)),
        }
    }

    /// The version that answered: a newer one is Shopify's way with versions
    /// that are no longer kept; an older one cannot be.
    fn answered_version(&self, answer: &Answer) -> Result<ApiVersion, ConnectorError> {
        let Some(said) = answer.header("x-shopify-api-version") else {
            return Ok(self.version.clone());
        };
        let Ok(version) = said.parse::<ApiVersion>() else {
            return Ok(self.version.clone());
        };
        if version < self.version {
            return Err(ConnectorError::new(
                Fault::WrongVersion,
                format!(
                    "{} answers with version {version} of Shopify's API, older than {} that Calibr \
                     asked for.",
                    self.shop, self.version
                ),
            ));
        }
        Ok(version)
    }

    fn unreadable(&self, answer: &Answer) -> ConnectorError {
        ConnectorError::new(
            Fault::Malformed,
            format!("{} sent an answer of another form than agreed.", self.shop),
        )
        .answer(answer.redacted())
    }
}
