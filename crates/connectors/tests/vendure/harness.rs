//! What the tests share: a server, a connector, and streams read to their end.

use std::{collections::BTreeMap, sync::Arc};

use calibr_connectors::{
    CatalogueBatch, CataloguePlan, Checkpoint, Config, Connector, ConnectorError, CredentialSet,
    FixedCredentials, Scope, Store, VariantRecord, VendureConnector,
    transport::{Outbound, Transport},
};
use calibr_model::Sources;
use calibr_testkit::{
    RealVendure, database_url,
    vendure::{VendureAdmin, VendureOptions},
};
use futures::StreamExt;

pub(crate) struct Shop {
    pub(crate) server: RealVendure,
    pub(crate) connector: VendureConnector,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(VendureOptions::default()).await
    }

    pub(crate) async fn open_with(options: VendureOptions) -> Self {
        Self {
            server: RealVendure::start_with(&database_url().unwrap(), &options)
                .await
                .unwrap(),
            connector: connector(),
        }
    }

    pub(crate) async fn admin(&self) -> VendureAdmin {
        self.server.admin().await.unwrap()
    }

    /// Config as a merchant would enter it.
    pub(crate) fn config(&self) -> Config {
        self.config_at(self.server.url().as_str())
    }

    pub(crate) fn config_at(&self, url: &str) -> Config {
        self.connector
            .normalise([("url".to_owned(), url.to_owned())].into())
            .unwrap()
    }

    /// The administrator's name and password.
    pub(crate) fn password(&self) -> CredentialSet {
        credentials([
            ("username", self.server.username()),
            ("password", self.server.password()),
        ])
    }

    /// The shop as the administrator connects it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.store_by(self.password())
    }

    pub(crate) fn store_by(&self, set: CredentialSet) -> Arc<dyn Store> {
        self.connector
            .open(&self.config(), FixedCredentials::new(set))
            .unwrap()
    }

    pub(crate) async fn close(self) {
        self.server.stop().await.unwrap();
    }
}

pub(crate) fn connector() -> VendureConnector {
    let outbound = Outbound {
        allow: "127.0.0.1".parse().unwrap(),
        ..Outbound::default()
    };
    VendureConnector::new(&Transport::new(outbound, Sources::system()).unwrap()).unwrap()
}

pub(crate) fn credentials<const N: usize>(fields: [(&str, &str); N]) -> CredentialSet {
    CredentialSet::new(
        fields.map(|(name, secret)| (name.to_owned(), secret.into())),
        None,
    )
}

/// Everything that a plan gives, batch by batch.
pub(crate) async fn pull(
    store: &Arc<dyn Store>,
    scope: Scope,
    resume: Option<Checkpoint>,
) -> Result<Vec<CatalogueBatch>, ConnectorError> {
    let batches: Vec<_> = store
        .catalogue()
        .pull(CataloguePlan { scope, resume })
        .collect()
        .await;
    batches.into_iter().collect()
}

/// The variants of batches, in their order.
pub(crate) fn variants(batches: &[CatalogueBatch]) -> Vec<VariantRecord> {
    batches
        .iter()
        .flat_map(|batch| batch.variants.clone())
        .collect()
}

/// The titles of the products in batches, by id.
pub(crate) fn products(batches: &[CatalogueBatch]) -> BTreeMap<String, String> {
    batches
        .iter()
        .flat_map(|batch| &batch.products)
        .map(|product| (product.external_id.clone(), product.title.clone()))
        .collect()
}

pub(crate) fn skus(batches: &[CatalogueBatch]) -> Vec<String> {
    variants(batches)
        .into_iter()
        .filter_map(|variant| variant.sku)
        .collect()
}
