//! What a merchant, or another app, does to a shop's goods while a client is looking elsewhere.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::delivery::Event;
use super::ids::{gid, product_key, product_number, variant_key, variant_number};
use super::payload;
use super::shop::Shop;
use crate::catalogue::NewProduct;
use crate::error::{Error, Result};
use crate::generator::Status;
use crate::lock::lock;
use crate::money;

/// A change; each one sets `updatedAt` of what it touches. Products and variants are named by
/// global id or by its number; amounts are decimal strings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Change {
    /// Gives a variant other values; what is left out stays.
    UpdateVariant {
        /// Which one.
        variant: String,
        /// New price.
        #[serde(default)]
        price: Option<String>,
        /// New price before reduction; an empty string takes it away.
        #[serde(default)]
        compare_at_price: Option<String>,
        /// New SKU.
        #[serde(default)]
        sku: Option<String>,
        /// New stock.
        #[serde(default)]
        stock: Option<i64>,
    },
    /// Keeps a variant's price from being changed by apps, as an active subscription of a buyer
    /// does: it is an error of that variant alone.
    LockVariant {
        /// Which one.
        variant: String,
    },
    /// Gives a product other values; what is left out stays.
    UpdateProduct {
        /// Which one.
        product: String,
        /// New title.
        #[serde(default)]
        title: Option<String>,
        /// New status.
        #[serde(default)]
        status: Option<Status>,
    },
    /// Adds a product.
    AddProduct {
        /// Its title.
        title: String,
        /// Its variants, at least one.
        variants: Vec<NewVariant>,
    },
    /// Deletes a product with its variants.
    DeleteProduct {
        /// Which one.
        product: String,
    },
    /// Deletes a variant, and its product with the last one.
    DeleteVariant {
        /// Which one.
        variant: String,
    },
}

/// A variant to be added.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NewVariant {
    /// Stock-keeping unit.
    #[serde(default)]
    pub sku: Option<String>,
    /// Decimal string.
    pub price: String,
}

/// What was changed, by global id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The product, or the product of the variant.
    pub product_id: String,
    /// The variants that are new or were named.
    pub variant_ids: Vec<String>,
}

impl Change {
    /// Makes the change and tells those who subscribed.
    pub(super) fn apply(self, shop: &Arc<Shop>, at: DateTime<Utc>) -> Result<Changed> {
        let event = Event::new(shop, at);
        let now = at.timestamp();
        let amount = |text: &str| {
            money::read(text, &shop.settings.currency)
                .ok_or_else(|| Error::InvalidAmount(text.to_owned()))
        };
        match self {
            Self::UpdateVariant {
                variant,
                price,
                compare_at_price,
                sku,
                stock,
            } => {
                let price = price.as_deref().map(amount).transpose()?;
                let compare_at_price = match compare_at_price.as_deref() {
                    Some("") => Some(None),
                    Some(text) => Some(Some(amount(text)?)),
                    None => None,
                };
                let (key, product) = existing_variant(shop, &variant)?;
                shop.change_catalogue(|catalogue| {
                    catalogue.change_variant(key, now, |variant| {
                        variant.price = price.unwrap_or(variant.price);
                        variant.compare_at_price =
                            compare_at_price.unwrap_or(variant.compare_at_price);
                        variant.stock = stock.unwrap_or(variant.stock);
                        variant.sku = sku.or_else(|| variant.sku.take());
                    })
                })
                .ok_or(Error::UnknownVariant(variant))?;
                event.tell("PRODUCTS_UPDATE", || shop.product_payload(product));
                Ok(changed(product, [key]))
            }
            Self::LockVariant { variant } => {
                let (key, product) = existing_variant(shop, &variant)?;
                lock(&shop.locked).insert(key);
                Ok(changed(product, [key]))
            }
            Self::UpdateProduct {
                product,
                title,
                status,
            } => {
                let key = product_key(&product);
                let key = key.ok_or_else(|| Error::UnknownProduct(product.clone()))?;
                shop.change_catalogue(|catalogue| {
                    catalogue.change_product(key, now, |product| {
                        product.title = title.unwrap_or_else(|| std::mem::take(&mut product.title));
                        product.status = status.unwrap_or(product.status);
                    })
                })
                .ok_or(Error::UnknownProduct(product))?;
                event.tell("PRODUCTS_UPDATE", || shop.product_payload(key));
                Ok(changed(key, []))
            }
            Self::AddProduct { title, variants } => {
                let variants = variants
                    .into_iter()
                    .map(|variant| Ok((variant.sku, amount(&variant.price)?)))
                    .collect::<Result<Vec<_>>>()?;
                let (key, product) = shop.change_catalogue(|catalogue| {
                    let key = catalogue.add_product(NewProduct { title, variants }, now);
                    (key, catalogue.product(key))
                });
                event.tell("PRODUCTS_CREATE", || shop.product_payload(key));
                let variants = product.iter().flat_map(|product| &product.variants);
                Ok(changed(key, variants.map(|variant| variant.key)))
            }
            Self::DeleteProduct { product } => {
                let key = product_key(&product)
                    .filter(|key| shop.change_catalogue(|goods| goods.delete_product(*key)))
                    .ok_or(Error::UnknownProduct(product))?;
                event.tell("PRODUCTS_DELETE", || payload::deleted(key));
                Ok(changed(key, []))
            }
            Self::DeleteVariant { variant } => {
                let (key, product) = existing_variant(shop, &variant)?;
                shop.change_catalogue(|catalogue| catalogue.delete_variant(key, now));
                let topic = match shop.catalogue().product(product) {
                    Some(_) => "PRODUCTS_UPDATE",
                    None => "PRODUCTS_DELETE",
                };
                event.tell(topic, || shop.product_payload(product));
                Ok(changed(product, [key]))
            }
        }
    }
}

fn existing_variant(shop: &Shop, id: &str) -> Result<(u32, u32)> {
    let key = variant_key(id).ok_or_else(|| Error::UnknownVariant(id.to_owned()))?;
    let product = shop
        .catalogue()
        .variant(key)
        .map(|(product, _)| product.key);
    Ok((
        key,
        product.ok_or_else(|| Error::UnknownVariant(id.to_owned()))?,
    ))
}

fn changed(product: u32, variants: impl IntoIterator<Item = u32>) -> Changed {
    let variants = variants
        .into_iter()
        .map(|key| gid("ProductVariant", variant_number(key)));
    Changed {
        product_id: gid("Product", product_number(product)),
        variant_ids: variants.collect(),
    }
}
