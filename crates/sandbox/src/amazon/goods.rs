//! A seller's listings: the generated catalogue in Amazon's words, and prices
//! that were accepted but do not show yet.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, NewProduct};
use crate::generator::{Product, Status};

/// One listing as it is now.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) sku: String,
    /// None for a listing that is not finished.
    pub(super) asin: Option<String>,
    pub(super) title: String,
    pub(super) product_type: String,
    /// As the API writes it.
    pub(super) condition: &'static str,
    /// Minor units; none for a listing that is not finished.
    pub(super) price: Option<i64>,
    /// None for what Amazon keeps in its own warehouse.
    pub(super) stock: Option<i64>,
    pub(super) barcode: Option<String>,
    pub(super) status: Status,
    pub(super) buyable: bool,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

/// A listing as a client should have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrueListing {
    /// The seller's own number.
    pub sku: String,
    /// Amazon's number of the product.
    pub asin: Option<String>,
    /// Title of the product.
    pub title: String,
    /// Decimal string.
    pub price: Option<String>,
    /// Units the seller holds; `None` for what Amazon holds.
    pub stock: Option<i64>,
    /// Whether it can be bought.
    pub buyable: bool,
}

struct Pending {
    key: u32,
    price: i64,
    due: i64,
}

/// The listings of a seller.
pub(super) struct Goods {
    catalogue: Catalogue,
    oddities: bool,
    keys: HashMap<String, u32>,
    skus: HashMap<u32, String>,
    pending: Vec<Pending>,
}

impl Goods {
    pub(super) fn new(catalogue: Catalogue, oddities: bool) -> Self {
        let mut goods = Self {
            catalogue,
            oddities,
            keys: HashMap::new(),
            skus: HashMap::new(),
            pending: Vec::new(),
        };
        let products: Vec<Arc<Product>> = goods
            .catalogue
            .keys_from(0)
            .filter_map(|key| goods.catalogue.product(key))
            .collect();
        for product in products {
            goods.name(&product);
        }
        goods
    }

    fn name(&mut self, product: &Product) {
        for variant in &product.variants {
            let sku = sku_of(variant.key, variant.sku.as_deref(), self.oddities);
            self.keys.insert(sku.clone(), variant.key);
            self.skus.insert(variant.key, sku);
        }
    }

    /// Lets accepted prices show that are due.
    pub(super) fn settle(&mut self, now: i64) {
        let due: Vec<Pending>;
        (due, self.pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|pending| pending.due <= now);
        for pending in due {
            self.catalogue
                .change_variant(pending.key, pending.due, |variant| {
                    variant.price = pending.price;
                });
        }
    }

    pub(super) fn set_price_later(&mut self, sku: &str, price: i64, due: i64) {
        if let Some(key) = self.keys.get(sku).copied() {
            self.pending.push(Pending { key, price, due });
        }
    }

    pub(super) fn get(&self, sku: &str) -> Option<Listing> {
        let key = *self.keys.get(sku)?;
        let (product, place) = self.catalogue.variant(key)?;
        Some(self.listing(&product, place))
    }

    pub(super) fn all(&self) -> Vec<Listing> {
        let products = self
            .catalogue
            .keys_from(0)
            .filter_map(|key| self.catalogue.product(key));
        products
            .flat_map(|product| {
                (0..product.variants.len())
                    .map(|place| self.listing(&product, place))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The price of a product of that ASIN, where there is one.
    pub(super) fn price_of_asin(&self, asin: &str) -> Option<i64> {
        let key = u32::from_str_radix(asin.strip_prefix("B0")?, 36).ok()?;
        let (product, place) = self.catalogue.variant(key)?;
        let listing = self.listing(&product, place);
        listing.asin.and(listing.price)
    }

    /// Changes what is not `None`; false if there is no such listing.
    pub(super) fn change(
        &mut self,
        sku: &str,
        price: Option<i64>,
        stock: Option<i64>,
        title: Option<String>,
        now: i64,
    ) -> bool {
        let Some(key) = self.keys.get(sku).copied() else {
            return false;
        };
        let Some((product, _)) = self.catalogue.variant(key) else {
            return false;
        };
        self.catalogue.change_variant(key, now, |variant| {
            variant.price = price.unwrap_or(variant.price);
            variant.stock = stock.unwrap_or(variant.stock);
        });
        if let Some(title) = title {
            self.catalogue
                .change_product(product.key, now, |product| product.title = title);
        }
        true
    }

    pub(super) fn add(
        &mut self,
        sku: Option<String>,
        title: String,
        price: i64,
        now: i64,
    ) -> String {
        let new = NewProduct {
            title,
            variants: vec![(sku, price)],
        };
        let key = self.catalogue.add_product(new, now);
        let Some(product) = self.catalogue.product(key) else {
            return String::new();
        };
        self.name(&product);
        let variant = product.variants.first().map(|variant| variant.key);
        variant
            .and_then(|key| self.skus.get(&key).cloned())
            .unwrap_or_default()
    }

    pub(super) fn delete(&mut self, sku: &str, now: i64) -> bool {
        self.keys
            .get(sku)
            .copied()
            .is_some_and(|key| self.catalogue.delete_variant(key, now))
    }

    fn listing(&self, product: &Product, place: usize) -> Listing {
        let variant = &product.variants[place];
        let key = variant.key;
        // Some things are offered twice: new, and used under the same ASIN.
        let used = self.oddities && key % 29 == 11 && place > 0;
        let shown = if used { place - 1 } else { place };
        let values = &product.variants[shown].values;
        let title = match values.as_slice() {
            [] => product.title.clone(),
            values => format!("{} ({})", product.title, values.join(", ")),
        };
        let unfinished = product.status == Status::Draft;
        let by_amazon = key % 7 == 3;
        let stock = (!by_amazon).then_some(variant.stock.max(0));
        let on_sale = product.status == Status::Active;
        Listing {
            sku: self.skus.get(&key).cloned().unwrap_or_default(),
            asin: (!unfinished).then(|| asin_of(product.variants[shown].key)),
            title,
            product_type: product.product_type.to_uppercase().replace(' ', "_"),
            condition: if used { "used_very_good" } else { "new_new" },
            price: (!unfinished).then_some(variant.price),
            stock,
            barcode: variant.barcode.clone(),
            status: product.status,
            buyable: on_sale && stock != Some(0),
            created_at: variant.created_at,
            updated_at: variant.updated_at.max(if place == 0 {
                product.updated_at
            } else {
                variant.updated_at
            }),
        }
    }
}

/// A seller's SKU: never empty, never twice, and (among oddities) with letters
/// that addresses and lists trip over.
fn sku_of(key: u32, generated: Option<&str>, oddities: bool) -> String {
    if oddities && key % 23 == 5 {
        return format!("Ä B/C,{key}+%?#");
    }
    match generated {
        Some(sku) if !sku.is_empty() && sku != "DUPLICATE-001" => sku.to_owned(),
        _ => format!("CAL-{key:06}"),
    }
}

fn asin_of(key: u32) -> String {
    let mut digits = Vec::new();
    let mut rest = key;
    for _ in 0..8 {
        digits.push(std::char::from_digit(rest % 36, 36).unwrap_or('0'));
        rest /= 36;
    }
    let number: String = digits.iter().rev().collect();
    format!("B0{}", number.to_ascii_uppercase())
}
