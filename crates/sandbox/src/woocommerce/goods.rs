//! Products and variations as the API writes them.

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use super::decimal;
use super::ids::{product_id, variation_id};
use super::store::{Goods, Prices, StoreSettings};
use crate::generator::{Product, Status, Variant};

/// Whether the product is its own only variant.
pub(crate) fn is_simple(product: &Product) -> bool {
    product.options.is_empty()
}

impl Goods {
    /// What a variant's prices are kept as.
    pub(crate) fn prices_of(&self, variant: &Variant, settings: &StoreSettings) -> Prices {
        if let Some(set) = self.prices.get(&variant.key) {
            return set.clone();
        }
        let write = |minor| decimal::write(minor, settings.currency_decimals);
        match variant.compare_at_price {
            Some(before) => Prices {
                regular: write(before),
                sale: write(variant.price),
            },
            None => Prices {
                regular: write(variant.price),
                sale: String::new(),
            },
        }
    }
}

impl Prices {
    /// Whether the sale price holds: it is there, and below the regular one.
    pub(crate) fn on_sale(&self) -> bool {
        let (regular, sale) = (decimal::value(&self.regular), decimal::value(&self.sale));
        matches!((regular, sale), (Some(regular), Some(sale)) if sale < regular)
    }

    /// What a customer pays.
    pub(crate) fn current(&self) -> &str {
        if self.on_sale() {
            &self.sale
        } else {
            &self.regular
        }
    }
}

/// A moment in seconds as the API writes it in UTC: without a zone.
pub(crate) fn gmt(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%S")
        .to_string()
}

/// The same by the store's own clock on the wall.
pub(crate) fn local(seconds: i64, settings: &StoreSettings) -> String {
    gmt(seconds + TimeDelta::hours(i64::from(settings.gmt_offset)).num_seconds())
}

/// A product.
pub(crate) fn product(
    goods: &Goods,
    product: &Product,
    settings: &StoreSettings,
    base_url: &str,
) -> Value {
    let id = product_id(product.key);
    let simple = is_simple(product);
    let only = product.variants.first().filter(|_| simple);
    let prices = only.map(|variant| goods.prices_of(variant, settings));
    let price = match &prices {
        Some(prices) => prices.current().to_owned(),
        None => lowest(goods, product, settings),
    };
    let on_sale = match &prices {
        Some(prices) => prices.on_sale(),
        None => product
            .variants
            .iter()
            .any(|variant| goods.prices_of(variant, settings).on_sale()),
    };
    let manage_stock = only.is_some_and(|variant| variant.tracked);
    let attributes: Vec<Value> = product
        .options
        .iter()
        .enumerate()
        .map(|(place, option)| {
            json!({ "id": place + 1, "name": option.name, "position": place, "visible": true,
                "variation": true, "options": option.values })
        })
        .collect();
    let images = if product.pictured {
        json!([{ "id": 900_000 + product.key, "src": format!("{base_url}/wp-content/uploads/{id}.svg"),
            "name": product.title, "alt": "" }])
    } else {
        json!([])
    };
    let variations: Vec<u64> = if simple {
        Vec::new()
    } else {
        product
            .variants
            .iter()
            .map(|variant| variation_id(variant.key))
            .collect()
    };
    json!({
        "id": id,
        "name": product.title,
        "slug": product.handle,
        "permalink": format!("{base_url}/product/{}/", product.handle),
        "date_created": local(product.created_at, settings),
        "date_created_gmt": gmt(product.created_at),
        "date_modified": local(product.updated_at, settings),
        "date_modified_gmt": gmt(product.updated_at),
        "type": if simple { "simple" } else { "variable" },
        "status": status(product.status),
        "featured": false,
        "catalog_visibility": "visible",
        "description": "word ".repeat(settings.description_length / 5),
        "short_description": "",
        "sku": only.and_then(|variant| variant.sku.clone()).unwrap_or_default(),
        "global_unique_id": only.and_then(|variant| variant.barcode.clone()).unwrap_or_default(),
        "price": price,
        "regular_price": prices.as_ref().map(|prices| prices.regular.clone()).unwrap_or_default(),
        "sale_price": prices.as_ref().map(|prices| prices.sale.clone()).unwrap_or_default(),
        "date_on_sale_from": null,
        "date_on_sale_from_gmt": null,
        "date_on_sale_to": null,
        "date_on_sale_to_gmt": null,
        "on_sale": on_sale,
        "purchasable": true,
        "manage_stock": manage_stock,
        "stock_quantity": only.filter(|_| manage_stock).map(|variant| variant.stock),
        "stock_status": stock_status(only),
        "brands": brands(&product.vendor),
        "categories": categories(&product.product_type),
        "tags": product.tags.iter().enumerate()
            .map(|(place, tag)| json!({ "id": place + 1, "name": tag, "slug": tag }))
            .collect::<Vec<_>>(),
        "images": images,
        "attributes": attributes,
        "variations": variations,
        "parent_id": 0,
        "meta_data": [],
    })
}

/// A variation of a product.
pub(crate) fn variation(
    goods: &Goods,
    product: &Product,
    variant: &Variant,
    settings: &StoreSettings,
) -> Value {
    let prices = goods.prices_of(variant, settings);
    let attributes: Vec<Value> = product
        .options
        .iter()
        .zip(&variant.values)
        .enumerate()
        .map(|(place, (option, value))| {
            json!({ "id": place + 1, "name": option.name, "option": value })
        })
        .collect();
    json!({
        "id": variation_id(variant.key),
        "type": "variation",
        "parent_id": product_id(product.key),
        "date_created": local(variant.created_at, settings),
        "date_created_gmt": gmt(variant.created_at),
        "date_modified": local(variant.updated_at, settings),
        "date_modified_gmt": gmt(variant.updated_at),
        "description": "",
        "sku": variant.sku.clone().unwrap_or_default(),
        "global_unique_id": variant.barcode.clone().unwrap_or_default(),
        "price": prices.current(),
        "regular_price": prices.regular,
        "sale_price": prices.sale,
        "date_on_sale_from": null,
        "date_on_sale_from_gmt": null,
        "date_on_sale_to": null,
        "date_on_sale_to_gmt": null,
        "on_sale": prices.on_sale(),
        "status": "publish",
        "purchasable": true,
        "manage_stock": variant.tracked,
        "stock_quantity": variant.tracked.then_some(variant.stock),
        "stock_status": stock_status(Some(variant)),
        "image": null,
        "attributes": attributes,
        "name": variant.values.join(", "),
        "meta_data": [],
    })
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "publish",
        // WooCommerce archives nothing; what is off sale is private.
        Status::Archived => "private",
        Status::Draft => "draft",
    }
}

fn stock_status(variant: Option<&Variant>) -> &'static str {
    match variant {
        Some(variant) if variant.tracked && variant.stock <= 0 => "outofstock",
        _ => "instock",
    }
}

fn brands(vendor: &str) -> Value {
    if vendor.is_empty() {
        json!([])
    } else {
        json!([{ "id": 1, "name": vendor, "slug": vendor.to_lowercase().replace(' ', "-") }])
    }
}

fn categories(kind: &str) -> Value {
    if kind.is_empty() {
        json!([{ "id": 1, "name": "Uncategorized", "slug": "uncategorized" }])
    } else {
        json!([{ "id": 2, "name": kind, "slug": kind.to_lowercase().replace(' ', "-") }])
    }
}

fn lowest(goods: &Goods, product: &Product, settings: &StoreSettings) -> String {
    product
        .variants
        .iter()
        .map(|variant| goods.prices_of(variant, settings).current().to_owned())
        .filter_map(|text| Some((decimal::value(&text)?, text)))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, text)| text)
        .unwrap_or_default()
}
