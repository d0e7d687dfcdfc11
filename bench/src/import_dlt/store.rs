//! The store both sides import, and whether they got all of it.

use std::collections::HashSet;

use calibr_sandbox::{
    Sandbox, Server,
    woocommerce::{ApiKey, StoreSettings, TrueListing, WooCommerce},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;

use crate::error::BenchError;

pub(super) const CONSUMER_KEY: &str = "ck_1111111111111111111111111111111111111111";
pub(super) const CONSUMER_SECRET: &str = "cs_1111111111111111111111111111111111111111";
const NAME: &str = "bench";
/// A store that is only looked at, to learn how many variants to ask for.
const PATTERN: &str = "pattern";
/// No generated product has more variants.
const MOST_VARIANTS: u32 = 12;

/// A WooCommerce store over HTTP on loopback.
pub(super) struct Store {
    server: Server,
    /// What it sells.
    pub(super) truth: Contents,
}

impl Store {
    /// One with so many products, and as many variations as they have.
    pub(super) async fn start(products: u32) -> Result<Self, BenchError> {
        let pattern = StoreSettings {
            variants: products.saturating_mul(MOST_VARIANTS),
            ..StoreSettings::new(PATTERN)
        };
        let server = Sandbox::builder()
            .store(pattern)
            .start("127.0.0.1:0")
            .await?;
        let variants = variants_of(server.woocommerce(), products)?;
        server.woocommerce().create_store(StoreSettings {
            variants,
            keys: vec![ApiKey::new(CONSUMER_KEY, CONSUMER_SECRET)],
            ..StoreSettings::new(NAME)
        })?;
        let truth = Contents::of(server.woocommerce().truth(NAME)?);
        if truth.products != i64::from(products) {
            return Err(BenchError::Unfit(format!(
                "the store has {} products instead of {products}",
                truth.products
            )));
        }
        Ok(Self { server, truth })
    }

    pub(super) fn url(&self) -> String {
        format!("{}/{NAME}", self.server.base_url())
    }

    pub(super) async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

/// How many variants the first so many products have.
fn variants_of(woocommerce: &WooCommerce, products: u32) -> Result<u32, BenchError> {
    let mut seen = HashSet::new();
    let listings = woocommerce.truth(PATTERN)?.take_while(|listing| {
        seen.insert(listing.product_id);
        seen.len() <= products as usize
    });
    u32::try_from(listings.count())
        .map_err(|_| BenchError::Unfit(format!("{products} products are too many")))
}

/// What a store sells, or what came of it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) products: i64,
    /// Variations and simple products, sorted: their id, their product's id and
    /// what a customer pays.
    pub(super) listings: Vec<(String, String, Option<String>)>,
}

impl Contents {
    fn of(truth: impl Iterator<Item = TrueListing>) -> Self {
        let mut listings: Vec<_> = truth
            .map(|listing| {
                let price = Some(listing.price).filter(|price| !price.is_empty());
                (
                    listing.id.to_string(),
                    listing.product_id.to_string(),
                    price,
                )
            })
            .collect();
        listings.sort_unstable();
        let products: HashSet<&str> = listings
            .iter()
            .map(|(_, product, _)| product.as_str())
            .collect();
        Self {
            products: i64::try_from(products.len()).unwrap_or(i64::MAX),
            listings,
        }
    }

    /// What these statements find in a database.
    pub(super) async fn read(
        database: &Url,
        products: &'static str,
        listings: &'static str,
    ) -> Result<Self, BenchError> {
        let mut connection = PgConnection::connect(database.as_str()).await?;
        let products = sqlx::query_scalar(AssertSqlSafe(products))
            .fetch_one(&mut connection)
            .await?;
        let mut listings: Vec<_> = sqlx::query_as(AssertSqlSafe(listings))
            .fetch_all(&mut connection)
            .await?;
        listings.sort_unstable();
        connection.close().await?;
        Ok(Self { products, listings })
    }

    /// A figure for anything but these very products, listings and prices would
    /// mean nothing.
    pub(super) fn check(&self, side: &str, found: &Self) -> Result<(), BenchError> {
        if found.products == self.products && found.listings == self.listings {
            return Ok(());
        }
        Err(BenchError::Unfit(format!(
            "{side} got {} products and {} listings of the store's {} and {}{}",
            found.products,
            found.listings.len(),
            self.products,
            self.listings.len(),
            self.first_difference(found)
        )))
    }

    fn first_difference(&self, found: &Self) -> String {
        self.listings
            .iter()
            .zip(&found.listings)
            .find(|(wanted, found)| wanted != found)
            .map(|(wanted, found)| format!("; {found:?} instead of {wanted:?}"))
            .unwrap_or_default()
    }
}
