//! What a merchant, a customer or another app does while a client is looking elsewhere.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::goods::{self, is_simple};
use super::ids::{product_id, product_key, variation_id, variation_key};
use super::store::{Prices, Store};
use super::webhooks::tell;
use crate::catalogue::NewProduct;
use crate::error::{Error, Result};
use crate::generator::Status;
use crate::lock::lock;

/// A change. Listings are named by the id of the variation, or of a simple product; amounts are
/// texts and are taken as they are, also where they are none.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum StoreChange {
    /// Gives a listing other values; what is left out stays.
    UpdateListing {
        /// Which one.
        listing: u64,
        /// New regular price.
        #[serde(default)]
        regular_price: Option<String>,
        /// New sale price; an empty text ends the sale.
        #[serde(default)]
        sale_price: Option<String>,
        /// New SKU.
        #[serde(default)]
        sku: Option<String>,
        /// New stock.
        #[serde(default)]
        stock: Option<i64>,
    },
    /// Keeps a listing from being changed by apps, as plugins do: what they are answered is an
    /// error of that item.
    LockListing {
        /// Which one.
        listing: u64,
    },
    /// Gives a product, variation or order another form, as plugins do, or its own again.
    Misshape {
        /// Which one.
        record: u64,
        /// Whether it has another form.
        misshapen: bool,
    },
    /// Gives a product other values; what is left out stays.
    UpdateProduct {
        /// Which one.
        product: u64,
        /// New title.
        #[serde(default)]
        title: Option<String>,
        /// New status.
        #[serde(default)]
        status: Option<Status>,
    },
    /// Adds a product; with one variant it is a simple one.
    AddProduct {
        /// Its title.
        title: String,
        /// SKU, and price in minor units, of each variant; at least one.
        variants: Vec<(Option<String>, i64)>,
    },
    /// Deletes a product with its variations.
    DeleteProduct {
        /// Which one.
        product: u64,
    },
    /// Deletes a variation, and its product with the last one.
    DeleteVariation {
        /// Which one.
        variation: u64,
    },
    /// A customer orders.
    PlaceOrder {
        /// Ids of listings, and how many of each.
        lines: Vec<(u64, i64)>,
        /// `processing` if not said.
        #[serde(default)]
        status: Option<String>,
    },
    /// Gives an order another status.
    SetOrderStatus {
        /// Which one.
        order: u64,
        /// Such as `cancelled`.
        status: String,
    },
    /// Pays something back: units of a line, or all that is left as one sum.
    RefundOrder {
        /// Which one.
        order: u64,
        /// The line; the first one if not said.
        #[serde(default)]
        line: Option<u64>,
        /// How many units; everything if not said.
        #[serde(default)]
        units: Option<i64>,
    },
}

/// What was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreChanged {
    /// The product, or the product of the listing; or the order.
    pub id: u64,
    /// The listings that are new or were named.
    pub listings: Vec<u64>,
}

impl StoreChange {
    pub(super) fn apply(
        self,
        store: &Arc<Store>,
        base_url: &str,
        now: DateTime<Utc>,
    ) -> Result<StoreChanged> {
        let at = now.timestamp();
        let (topic, changed) = match self {
            Self::UpdateListing {
                listing,
                regular_price,
                sale_price,
                sku,
                stock,
            } => {
                let (key, product) = listed(store, listing)?;
                store.change_goods(|goods| {
                    if let Some((product, place)) = goods.catalogue.variant(key) {
                        let before = goods.prices_of(&product.variants[place], &store.settings);
                        if regular_price.is_some() || sale_price.is_some() {
                            let after = Prices {
                                regular: regular_price.unwrap_or(before.regular),
                                sale: sale_price.unwrap_or(before.sale),
                            };
                            goods.prices.insert(key, after);
                        }
                    }
                    goods.catalogue.change_variant(key, at, |variant| {
                        if sku.is_some() {
                            variant.sku = sku;
                        }
                        variant.stock = stock.unwrap_or(variant.stock);
                    });
                });
                ("product.updated", changed(product, vec![listing]))
            }
            Self::LockListing { listing } => {
                let (_, product) = listed(store, listing)?;
                lock(&store.locked).insert(listing);
                return Ok(changed(product, vec![listing]));
            }
            Self::Misshape { record, misshapen } => {
                let mut records = lock(&store.misshapen);
                if misshapen {
                    records.insert(record);
                } else {
                    records.remove(&record);
                }
                return Ok(changed(record, Vec::new()));
            }
            Self::UpdateProduct {
                product,
                title,
                status,
            } => {
                let key = existing(store, product)?;
                store.change_goods(|goods| {
                    goods.catalogue.change_product(key, at, |product| {
                        if let Some(title) = title {
                            product.title = title;
                        }
                        product.status = status.unwrap_or(product.status);
                    })
                });
                ("product.updated", changed(product, Vec::new()))
            }
            Self::AddProduct { title, variants } => {
                let key = store.change_goods(|goods| {
                    goods
                        .catalogue
                        .add_product(NewProduct { title, variants }, at)
                });
                let goods = store.goods();
                let product = goods.catalogue.product(key);
                let listings = product.map_or_else(Vec::new, |product| match is_simple(&product) {
                    true => vec![product_id(key)],
                    false => product
                        .variants
                        .iter()
                        .map(|variant| variation_id(variant.key))
                        .collect(),
                });
                ("product.created", changed(product_id(key), listings))
            }
            Self::DeleteProduct { product } => {
                let key = existing(store, product)?;
                store.change_goods(|goods| goods.catalogue.delete_product(key));
                ("product.deleted", changed(product, Vec::new()))
            }
            Self::DeleteVariation { variation } => {
                let (key, product) = listed(store, variation)?;
                store.change_goods(|goods| goods.catalogue.delete_variant(key, at));
                ("product.deleted", changed(product, vec![variation]))
            }
            Self::PlaceOrder { lines, status } => {
                let bought = lines
                    .iter()
                    .map(|&(id, quantity)| Ok((listed(store, id)?.0, quantity)))
                    .collect::<Result<Vec<_>>>()?;
                let status = status.unwrap_or_else(|| "processing".to_owned());
                let goods = store.goods();
                let id = lock(&store.orders)
                    .place(&store.settings, &goods, &bought, &status, at)
                    .ok_or_else(|| Error::UnknownVariant("of the order".to_owned()))?;
                ("order.created", changed(id, Vec::new()))
            }
            Self::SetOrderStatus { order, status } => {
                if !lock(&store.orders).set_status(order, &status, at) {
                    return Err(Error::UnknownOrder(order.to_string()));
                }
                ("order.updated", changed(order, Vec::new()))
            }
            Self::RefundOrder { order, line, units } => {
                if !lock(&store.orders).refund(order, line, units, at) {
                    return Err(Error::UnknownOrder(order.to_string()));
                }
                ("order.updated", changed(order, Vec::new()))
            }
        };
        announce(store, topic, &changed, base_url, now);
        Ok(changed)
    }
}

/// Tells those who subscribed, in the words that the API has for the thing.
fn announce(
    store: &Arc<Store>,
    topic: &str,
    changed: &StoreChanged,
    base_url: &str,
    now: DateTime<Utc>,
) {
    tell(store, topic, base_url, now, || {
        let settings = &store.settings;
        if topic == "product.deleted" {
            let gone = changed.listings.first().copied().unwrap_or(changed.id);
            return json!({ "id": gone });
        }
        if topic.starts_with("order.") {
            return lock(&store.orders)
                .find(changed.id)
                .map(|order| order.json(settings, settings.shown_decimals))
                .unwrap_or_default();
        }
        let goods = store.goods();
        product_key(changed.id)
            .and_then(|key| goods.catalogue.product(key))
            .map(|product| goods::product(&goods, &product, settings, base_url))
            .unwrap_or_default()
    });
}

fn existing(store: &Store, id: u64) -> Result<u32> {
    product_key(id)
        .filter(|key| store.goods().catalogue.product(*key).is_some())
        .ok_or_else(|| Error::UnknownProduct(id.to_string()))
}

/// The variant that a listing's id means, and its product's id.
fn listed(store: &Store, id: u64) -> Result<(u32, u64)> {
    let goods = store.goods();
    let unknown = || Error::UnknownVariant(id.to_string());
    if let Some(key) = variation_key(id) {
        let (product, _) = goods.catalogue.variant(key).ok_or_else(unknown)?;
        if is_simple(&product) {
            return Err(unknown());
        }
        return Ok((key, product_id(product.key)));
    }
    let product = product_key(id)
        .and_then(|key| goods.catalogue.product(key))
        .filter(|product| is_simple(product))
        .ok_or_else(unknown)?;
    let variant = product.variants.first().ok_or_else(unknown)?;
    Ok((variant.key, id))
}

fn changed(id: u64, listings: Vec<u64>) -> StoreChanged {
    StoreChanged { id, listings }
}
