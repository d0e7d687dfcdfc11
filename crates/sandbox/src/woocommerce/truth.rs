//! What a store really sells, for comparison with what a client made of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::goods::{gmt, is_simple};
use super::ids::{product_id, variation_id};
use super::store::Store;

/// A listing: a variation, or a simple product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrueListing {
    /// Id of the variation, or of the simple product.
    pub id: u64,
    /// Id of the product.
    pub product_id: u64,
    /// Title of the product.
    pub title: String,
    /// Values of the product's options; empty for a simple product.
    pub values: Vec<String>,
    /// Stock-keeping unit, empty where there is none.
    pub sku: String,
    /// As it is kept, empty where there is none.
    pub regular_price: String,
    /// As it is kept, empty where there is none.
    pub sale_price: String,
    /// What a customer pays.
    pub price: String,
    /// Units; negative when oversold.
    pub stock: i64,
    /// In UTC, without a zone.
    pub updated_at: String,
}

/// Fingerprint of all listings of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreDigest {
    /// How many there are.
    pub listings: u64,
    /// SHA-256, in hex, over each listing as a line of JSON, by product and then as they stand.
    pub sha256: String,
}

pub(super) fn truth(store: &Store) -> impl Iterator<Item = TrueListing> + Send + use<> {
    let goods = store.goods();
    let settings = store.settings.clone();
    let keys: Vec<u32> = goods.catalogue.keys_from(0).collect();
    keys.into_iter().flat_map(move |key| {
        let Some(product) = goods.catalogue.product(key) else {
            return Vec::new();
        };
        let simple = is_simple(&product);
        product
            .variants
            .iter()
            .map(|variant| {
                let prices = goods.prices_of(variant, &settings);
                TrueListing {
                    id: if simple {
                        product_id(key)
                    } else {
                        variation_id(variant.key)
                    },
                    product_id: product_id(key),
                    title: product.title.clone(),
                    values: variant.values.clone(),
                    sku: variant.sku.clone().unwrap_or_default(),
                    price: prices.current().to_owned(),
                    regular_price: prices.regular,
                    sale_price: prices.sale,
                    stock: variant.stock,
                    updated_at: gmt(if simple {
                        product.updated_at
                    } else {
                        variant.updated_at
                    }),
                }
            })
            .collect()
    })
}

pub(super) fn digest(listings: impl Iterator<Item = TrueListing>) -> StoreDigest {
    let mut hash = Sha256::new();
    let mut count = 0;
    for listing in listings {
        hash.update(line(&listing));
        count += 1;
    }
    StoreDigest {
        listings: count,
        sha256: hex::encode(hash.finalize()),
    }
}

/// A listing as a line of JSON.
pub(super) fn line(listing: &TrueListing) -> Vec<u8> {
    let mut line = serde_json::to_vec(listing).unwrap_or_default();
    line.push(b'\n');
    line
}
