//! What the tests share: a server, a connector, and streams read to their end.

#[path = "../support/sources.rs"]
mod sources;

use std::{collections::BTreeMap, sync::Arc};

use calibr_connectors::{
    CatalogueBatch, CataloguePlan, Checkpoint, Config, Connector, ConnectorError, CredentialSet,
    FixedCredentials, Scope, Store, VariantRecord, VendureConnector,
    prices::{CompareAt, ListingRef, PriceChange, PushAnswer, PushMode, PushOutcome},
    transport::{Outbound, Transport},
};
use calibr_model::Money;
use calibr_testkit::{
    RealVendure, database_url,
    vendure::{VendureAdmin, VendureOptions},
};
use futures::StreamExt;
use serde_json::json;

use self::sources::sources;

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

    /// The channel with this token, as the administrator connects it.
    pub(crate) fn channel(&self, token: &str) -> Arc<dyn Store> {
        let mut config = self.config();
        config.insert("channel_token".to_owned(), token.to_owned());
        self.connector
            .open(&config, FixedCredentials::new(self.password()))
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
    VendureConnector::new(&Transport::new(outbound, sources()).unwrap()).unwrap()
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

/// Makes a channel whose prices include tax.
pub(crate) async fn create_channel(admin: &VendureAdmin, code: &str, token: &str, currency: &str) {
    let zones = admin
        .run("{ zones { items { id } } }", json!({}))
        .await
        .unwrap();
    let zone = &zones["zones"]["items"][0]["id"];
    let created = admin
        .run(
            "mutation ($input: CreateChannelInput!) { createChannel(input: $input) { __typename } }",
            json!({ "input": {
                "code": code,
                "token": token,
                "defaultLanguageCode": "en",
                "defaultCurrencyCode": currency,
                "pricesIncludeTax": true,
                "defaultTaxZoneId": zone,
                "defaultShippingZoneId": zone,
            } }),
        )
        .await
        .unwrap();
    assert_eq!(created["createChannel"]["__typename"], "Channel");
}

/// Offers a product in a channel as well.
pub(crate) async fn offer_in_channel(admin: &VendureAdmin, product_id: &str, code: &str) {
    let channels = admin
        .run(
            "query ($code: String!) {
                channels(options: { filter: { code: { eq: $code } } }) { items { id } }
            }",
            json!({ "code": code }),
        )
        .await
        .unwrap();
    admin
        .run(
            "mutation ($input: AssignProductsToChannelInput!) {
                assignProductsToChannel(input: $input) { id }
            }",
            json!({ "input": {
                "productIds": [product_id],
                "channelId": channels["channels"]["items"][0]["id"],
            } }),
        )
        .await
        .unwrap();
}

/// A variant as prices are set and read.
pub(crate) fn listing(variant: &VariantRecord) -> ListingRef {
    ListingRef {
        external_id: variant.external_id.clone(),
        product_external_id: variant.product_external_id.clone(),
        sku: variant.sku.clone(),
    }
}

pub(crate) fn change(listing: &ListingRef, price: &str, currency: &str) -> PriceChange {
    PriceChange {
        listing: listing.clone(),
        price: Money::parse_decimal(price, currency.parse().unwrap()).unwrap(),
        compare_at: CompareAt::Keep,
    }
}

/// What became of changes: `ok`, or the code of what is wrong.
pub(crate) async fn push(store: &Arc<dyn Store>, changes: &[PriceChange]) -> Vec<&'static str> {
    let prices = store.prices().unwrap();
    let answer = prices.push(changes, PushMode::Apply).await.unwrap();
    let PushAnswer::Done(outcomes) = answer else {
        return vec!["under way"];
    };
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            PushOutcome::Accepted { .. } => "ok",
            PushOutcome::Refused(fault) => fault.code,
        })
        .collect()
}

/// What listings cost, as decimals; `gone` for one that the store does not have.
pub(crate) async fn observed(store: &Arc<dyn Store>, listings: &[ListingRef]) -> Vec<String> {
    let observed = store.prices().unwrap().observe(listings).await.unwrap();
    observed
        .into_iter()
        .map(|observed| match observed {
            Some(observed) => observed.price.unwrap().to_decimal(),
            None => "gone".to_owned(),
        })
        .collect()
}
