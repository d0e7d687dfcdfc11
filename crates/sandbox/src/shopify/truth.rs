//! What a shop really holds, for comparison with what a client made of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::graphql::context::date_time;
use super::graphql::resolve::variant_title;
use super::ids::{gid, product_number, variant_number};
use super::shop::Shop;
use crate::generator::Product;
use crate::money;

/// A variant, written as the API writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrueVariant {
    /// Global id of the variant.
    pub variant_id: String,
    /// Global id of its product.
    pub product_id: String,
    /// Title of the product.
    pub title: String,
    /// Title of the variant within the product.
    pub variant_title: String,
    /// Stock-keeping unit, which may be missing, empty or another variant's too.
    pub sku: Option<String>,
    /// Decimal string in the shop's currency.
    pub price: String,
    /// Decimal string in the shop's currency.
    pub compare_at_price: Option<String>,
    /// Units; negative when oversold.
    pub stock: i64,
    /// RFC 3339, UTC, in whole seconds.
    pub updated_at: String,
}

/// Fingerprint of all variants of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// How many there are.
    pub variants: u64,
    /// SHA-256, in hex, over each variant as a line of JSON, in the order of their ids.
    pub sha256: String,
}

pub(super) fn truth(shop: &Shop) -> impl Iterator<Item = TrueVariant> + Send + use<> {
    let catalogue = shop.catalogue();
    let currency = shop.settings.currency.clone();
    let end = catalogue
        .keys_from(0)
        .next_back()
        .map_or(0, |last| last + 1);
    (0..end)
        .filter_map(move |key| catalogue.product(key))
        .flat_map(move |product| variants(&product, &currency))
}

fn variants(product: &Arc<Product>, currency: &str) -> Vec<TrueVariant> {
    let product_id = gid("Product", product_number(product.key));
    let variants = product.variants.iter().map(|variant| TrueVariant {
        variant_id: gid("ProductVariant", variant_number(variant.key)),
        product_id: product_id.clone(),
        title: product.title.clone(),
        variant_title: variant_title(&variant.values),
        sku: variant.sku.clone(),
        price: money::write(variant.price, currency),
        compare_at_price: variant
            .compare_at_price
            .map(|price| money::write(price, currency)),
        stock: variant.stock,
        updated_at: date_time(variant.updated_at),
    });
    variants.collect()
}

pub(super) fn digest(variants: impl Iterator<Item = TrueVariant>) -> Digest {
    let mut hash = Sha256::new();
    let mut count = 0;
    for variant in variants {
        hash.update(line(&variant));
        count += 1;
    }
    Digest {
        variants: count,
        sha256: hex::encode(hash.finalize()),
    }
}

/// A variant as a line of JSON.
pub(super) fn line(variant: &TrueVariant) -> Vec<u8> {
    let mut line = serde_json::to_vec(variant).unwrap_or_default();
    line.push(b'\n');
    line
}
