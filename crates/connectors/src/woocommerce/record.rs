//! A product or variation as WooCommerce writes it, read into the common form.
//!
//! WooCommerce keeps a regular price and, for the time of a sale, a sale price.
//! What it costs is the sale price while the sale holds, and the regular price
//! is the struck-through one then; otherwise what it costs is the regular price
//! and nothing is struck through. A variable product has no price of its own.

use calibr_model::{
    Currency, Money, MoneyError,
    status::{FailureClass, FailureKind, ListingState},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::operations::Row;
use crate::{
    catalogue::{ItemFault, ProductRecord, VariantRecord},
    prices::ObservedPrice,
    text::filled,
    transport::redact,
};

/// The category that WooCommerce puts everything in that has none.
const NO_CATEGORY: &str = "uncategorized";

/// What of a store decides how its records are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// The currency of its prices.
    pub(super) currency: Currency,
    /// How many decimals the store shows, and rounds to.
    pub(super) decimals: u32,
}

#[derive(Deserialize)]
struct RawProduct {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    slug: Option<String>,
    status: String,
    #[serde(default)]
    date_modified_gmt: Option<String>,
    #[serde(default)]
    images: Vec<RawImage>,
    #[serde(default)]
    brands: Vec<RawTerm>,
    #[serde(default)]
    categories: Vec<RawTerm>,
}

#[derive(Deserialize)]
struct RawImage {
    #[serde(default)]
    src: Option<String>,
}

#[derive(Deserialize)]
struct RawTerm {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    slug: Option<String>,
}

#[derive(Deserialize)]
struct RawListing {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    sku: Option<String>,
    #[serde(default)]
    global_unique_id: Option<String>,
    #[serde(flatten)]
    prices: RawPrices,
    #[serde(default)]
    manage_stock: Value,
    #[serde(default)]
    stock_quantity: Option<f64>,
    #[serde(default)]
    date_modified_gmt: Option<String>,
    #[serde(default)]
    attributes: Vec<RawAttribute>,
}

#[derive(Deserialize)]
struct RawPrices {
    #[serde(default, deserialize_with = "text")]
    regular_price: String,
    #[serde(default, deserialize_with = "text")]
    sale_price: String,
    #[serde(default)]
    on_sale: bool,
}

#[derive(Deserialize)]
struct RawAttribute {
    #[serde(default)]
    option: Option<String>,
}

/// A text, also where a plugin made a number or nothing of it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("neither text nor number")),
    }
}

/// What a product is to the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is its own only variant.
    Single,
    /// It has variations; about how many.
    Variable(u64),
    /// It only points to others, and is not sold itself.
    Grouped,
}

/// What a product is, as far as can be told.
pub(super) fn kind(row: &Row) -> Kind {
    let named = row.fields["type"].as_str().unwrap_or_default();
    let variations = row.fields["variations"].as_array().map_or(0, Vec::len);
    if named == "grouped" {
        Kind::Grouped
    } else if named.starts_with("variable") || variations > 0 {
        Kind::Variable(u64::try_from(variations).unwrap_or(u64::MAX))
    } else {
        Kind::Single
    }
}

/// Reads a product.
pub(super) fn product(row: &Row) -> Result<ProductRecord, ItemFault> {
    let raw = RawProduct::deserialize(&row.fields).map_err(|_| malformed(row))?;
    let external_id = row.id.to_string();
    let category = raw
        .categories
        .into_iter()
        .find(|category| category.slug.as_deref() != Some(NO_CATEGORY));
    Ok(ProductRecord {
        title: filled(raw.name).unwrap_or_else(|| external_id.clone()),
        handle: filled(raw.slug),
        vendor: raw.brands.into_iter().find_map(|brand| filled(brand.name)),
        product_type: category.and_then(|category| filled(category.name)),
        image_url: raw
            .images
            .into_iter()
            .find_map(|image| filled(image.src))
            .filter(|src| src.starts_with("https://") || src.starts_with("http://")),
        state: state(&raw.status),
        updated_at: moment(raw.date_modified_gmt.as_deref()),
        external_id,
    })
}

/// Reads a product that is its own only variant as that variant.
pub(super) fn single(row: &Row, reading: &Reading) -> Result<VariantRecord, ItemFault> {
    let raw = RawListing::deserialize(&row.fields).map_err(|_| malformed_variant(row, row.id))?;
    let mut variant = listing(row, row.id, raw, reading)?;
    variant.title.clear();
    variant.state = None;
    Ok(variant)
}

/// Reads a variation of `product`.
pub(super) fn variation(
    row: &Row,
    product: &Row,
    reading: &Reading,
) -> Result<VariantRecord, ItemFault> {
    let raw =
        RawListing::deserialize(&row.fields).map_err(|_| malformed_variant(row, product.id))?;
    let of_product = raw.manage_stock == "parent";
    let mut variant = listing(row, product.id, raw, reading)?;
    if of_product && product.fields["manage_stock"] == true {
        variant.stock = product.fields["stock_quantity"].as_f64().and_then(whole);
    }
    Ok(variant)
}

fn listing(
    row: &Row,
    product: u64,
    raw: RawListing,
    reading: &Reading,
) -> Result<VariantRecord, ItemFault> {
    let prices =
        prices(&raw.prices, reading).map_err(|fault| unusable_price(row, product, fault))?;
    let options: Vec<String> = raw
        .attributes
        .into_iter()
        .filter_map(|attribute| filled(attribute.option))
        .collect();
    Ok(VariantRecord {
        external_id: row.id.to_string(),
        product_external_id: product.to_string(),
        title: if options.is_empty() {
            filled(raw.name).unwrap_or_default()
        } else {
            options.join(" / ")
        },
        sku: filled(raw.sku),
        barcode: filled(raw.global_unique_id),
        price: prices.price,
        compare_at: prices.compare_at,
        stock: raw
            .stock_quantity
            .filter(|_| raw.manage_stock == true)
            .and_then(whole),
        // A variation that is switched off is private.
        state: raw
            .status
            .filter(|status| status != "publish")
            .map(|status| state(&status)),
        updated_at: moment(raw.date_modified_gmt.as_deref()),
    })
}

/// The prices of a product or variation.
///
/// # Errors
/// The code of what is wrong, and what is wrong in words.
pub(super) fn observed(
    fields: &Value,
    reading: &Reading,
) -> Result<ObservedPrice, (&'static str, String)> {
    let raw = RawPrices::deserialize(fields)
        .map_err(|_| ("price_unreadable", "it has another form".to_owned()))?;
    prices(&raw, reading)
}

fn prices(raw: &RawPrices, reading: &Reading) -> Result<ObservedPrice, (&'static str, String)> {
    let read = |text: &str| match text.trim() {
        "" => Ok(None),
        text => amount(text, reading.currency).map(Some),
    };
    let (regular, sale) = (read(&raw.regular_price)?, read(&raw.sale_price)?);
    Ok(match sale.filter(|_| raw.on_sale) {
        Some(sale) => ObservedPrice {
            price: Some(sale),
            compare_at: regular,
        },
        None => ObservedPrice {
            price: regular,
            compare_at: None,
        },
    })
}

fn amount(text: &str, currency: Currency) -> Result<Money, (&'static str, String)> {
    let money = Money::parse_decimal(text, currency)
        .map_err(|error: MoneyError| ("price_unreadable", error.to_string()))?;
    if money.amount_minor < 0 {
        return Err(("price_negative", format!("{text} is below zero")));
    }
    Ok(money)
}

fn state(status: &str) -> ListingState {
    match status {
        "publish" => ListingState::Active,
        "trash" => ListingState::Archived,
        // draft, pending, private, future and what plugins add: not on sale.
        _ => ListingState::Draft,
    }
}

/// A moment in UTC, which WooCommerce writes without a zone.
pub(super) fn moment(text: Option<&str>) -> Option<DateTime<Utc>> {
    let text = text?;
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .ok()
        .map(|naive| naive.and_utc())
}

/// A number of units; halves, which some plugins keep, do not count.
fn whole(number: f64) -> Option<i64> {
    let floor = number.floor();
    (floor.abs() < 9.0e15).then_some(floor as i64)
}

/// A title or SKU to know a record by.
pub(super) fn label(fields: &Value) -> Option<String> {
    ["sku", "name"]
        .iter()
        .find_map(|name| filled(fields[*name].as_str()))
}

fn unusable_price(row: &Row, product: u64, (code, why): (&'static str, String)) -> ItemFault {
    ItemFault {
        product_external_id: Some(product.to_string()),
        ..named(
            row,
            ItemFault::new(
                FailureKind::Listing,
                code,
                format!(
                    "The price of this product cannot be used: {why}. Correct it in WooCommerce; \
                     the next import takes it in."
                ),
                FailureClass::NeedsAction,
            ),
        )
    }
}

/// The fault of a product that cannot be read.
fn malformed(row: &Row) -> ItemFault {
    named(row, unread(&row.fields))
}

/// The fault of a variant of `product` that cannot be read.
fn malformed_variant(row: &Row, product: u64) -> ItemFault {
    ItemFault {
        kind: FailureKind::Listing,
        product_external_id: Some(product.to_string()),
        ..malformed(row)
    }
}

/// A fault of the record that a row is.
fn named(row: &Row, fault: ItemFault) -> ItemFault {
    ItemFault {
        external_id: Some(row.id.to_string()),
        label: label(&row.fields),
        answer: Some(redact::json(&row.fields)),
        version: row.fields["date_modified_gmt"].as_str().map(str::to_owned),
        ..fault
    }
}

/// The fault of a record without an id.
pub(super) fn unread(fields: &Value) -> ItemFault {
    ItemFault {
        label: label(fields),
        answer: Some(redact::json(fields)),
        ..ItemFault::new(
            FailureKind::Product,
            "malformed_record",
            "WooCommerce sent a record that cannot be read: a field has another form than agreed, \
             which plugins can cause. Retry it; it is also looked at again with the next full \
             import.",
            FailureClass::Retryable,
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn eur() -> Reading {
        Reading {
            currency: "EUR".parse().unwrap(),
            decimals: 2,
        }
    }

    fn row(changes: Value) -> Row {
        let mut fields = json!({
            "id": 12, "name": "Socks", "slug": "socks", "type": "simple", "status": "publish",
            "sku": "S-1", "global_unique_id": "", "regular_price": "12.50", "sale_price": "",
            "on_sale": false, "manage_stock": true, "stock_quantity": 4,
            "date_modified_gmt": "2026-07-01T12:00:00",
            "images": [{ "src": "https://cdn.example/1.png" }],
            "categories": [{ "name": "Uncategorized", "slug": "uncategorized" }], "variations": [],
        });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        Row { id: 12, fields }
    }

    #[test]
    fn a_simple_product_is_its_own_variant() {
        let product = product(&row(json!({}))).unwrap();
        assert_eq!(product.title, "Socks");
        assert_eq!(product.product_type, None);
        assert_eq!(
            product.image_url.as_deref(),
            Some("https://cdn.example/1.png")
        );
        let variant = single(&row(json!({})), &eur()).unwrap();
        insta::assert_debug_snapshot!(variant, @r#"
        VariantRecord {
            external_id: "12",
            product_external_id: "12",
            title: "",
            sku: Some(
                "S-1",
            ),
            barcode: None,
            price: Some(
                12.50 EUR,
            ),
            compare_at: None,
            stock: Some(
                4,
            ),
            state: None,
            updated_at: Some(
                2026-07-01T12:00:00Z,
            ),
        }
        "#);
    }

    #[test]
    fn a_sale_strikes_the_regular_price_through_only_while_it_holds() {
        let priced = |sale: &str, on_sale: bool| {
            let read = single(
                &row(json!({ "sale_price": sale, "on_sale": on_sale })),
                &eur(),
            );
            let variant = read.unwrap();
            (
                variant.price.unwrap().to_decimal(),
                variant.compare_at.map(Money::to_decimal),
            )
        };
        assert_eq!(priced("9.99", true), ("9.99".into(), Some("12.50".into())));
        assert_eq!(priced("9.99", false), ("12.50".into(), None));
        assert_eq!(priced("", true), ("12.50".into(), None));
    }

    #[test]
    fn prices_are_read_with_any_decimals_or_the_record_says_why_not() {
        let read = |price: Value| single(&row(json!({ "regular_price": price })), &eur());
        for (price, minor) in [
            (json!("12"), Some(1_200)),
            (json!("12.5"), Some(1_250)),
            (json!("12.500000"), Some(1_250)),
            (json!(12.5), Some(1_250)),
            (json!("0"), Some(0)),
            (json!(""), None),
            (json!(null), None),
        ] {
            let variant = read(price.clone()).unwrap();
            let amount = variant.price.map(|price| price.amount_minor);
            assert_eq!(amount, minor, "{price}");
        }
        for (price, code) in [
            (json!("abc"), "price_unreadable"),
            (json!("12,50"), "price_unreadable"),
            (json!("12.505"), "price_unreadable"),
            (json!("-3"), "price_negative"),
            (json!(["1"]), "malformed_record"),
        ] {
            let fault = read(price.clone()).unwrap_err();
            assert_eq!(fault.code, code, "{price}");
            assert_eq!(fault.external_id.as_deref(), Some("12"));
            assert_eq!(fault.label.as_deref(), Some("S-1"));
        }
    }

    #[test]
    fn a_variation_is_called_by_its_options_and_may_share_its_products_stock() {
        let parent = row(json!({ "type": "variable", "stock_quantity": 7, "variations": [13] }));
        let read_variation = |changes: Value| {
            let mut fields = json!({
                "id": 13, "regular_price": "5.00", "manage_stock": "parent", "status": "private",
                "attributes": [{ "option": "M" }, { "option": "Blue" }],
            });
            for (name, value) in changes.as_object().unwrap() {
                fields[name] = value.clone();
            }
            variation(&Row { id: 13, fields }, &parent, &eur()).unwrap()
        };
        let read = read_variation(json!({}));
        assert_eq!(read.title, "M / Blue");
        assert_eq!(read.product_external_id, "12");
        assert_eq!(read.stock, Some(7));
        assert_eq!(read.state, Some(ListingState::Draft));
        let own = read_variation(
            json!({ "manage_stock": true, "stock_quantity": -2, "status": "publish" }),
        );
        assert_eq!((own.stock, own.state), (Some(-2), None));
        assert_eq!(read_variation(json!({ "manage_stock": false })).stock, None);
        assert_eq!(kind(&parent), Kind::Variable(1));
    }

    proptest! {
        #[test]
        fn no_record_panics(price in ".{0,12}", sale in ".{0,12}", stock: f64, name in ".{0,20}") {
            let odd = row(json!({
                "regular_price": price, "sale_price": sale, "on_sale": true, "name": name,
                "stock_quantity": stock,
            }));
            let _product = product(&odd);
            let _variant = single(&odd, &eur());
        }
    }
}
