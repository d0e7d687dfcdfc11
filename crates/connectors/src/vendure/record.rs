//! A product or variant as Vendure writes it, read into the common form.

use calibr_model::{
    Currency, Money,
    status::{FailureClass, FailureKind, ListingState},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Number, Value};
use url::Url;

use super::{money, operations::Row};
use crate::{
    catalogue::{ItemFault, ProductRecord, VariantRecord},
    prices::ObservedPrice,
    text::{clean, filled},
    transport::redact,
};

/// What of a channel decides how its records are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// The currency whose prices are read.
    pub(super) currency: Currency,
    /// How many decimals the server's integers of money have, whatever the
    /// currency.
    pub(super) precision: u32,
    /// Whether the prices that the staff enter are with tax.
    pub(super) prices_include_tax: bool,
    /// Whether stock is counted where a variant does not say otherwise.
    pub(super) counts_stock: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawVariant {
    product_id: String,
    #[serde(default)]
    sku: Option<String>,
    #[serde(default)]
    name: Option<String>,
    enabled: bool,
    #[serde(default)]
    updated_at: Option<DateTime<Utc>>,
    track_inventory: TrackInventory,
    prices: Vec<RawPrice>,
    #[serde(default)]
    stock_levels: Vec<RawStock>,
    #[serde(default)]
    options: Vec<RawOption>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum TrackInventory {
    True,
    False,
    Inherit,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPrice {
    currency_code: String,
    price: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawStock {
    stock_on_hand: i64,
    #[serde(default)]
    stock_allocated: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOption {
    group_id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawProduct {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    slug: Option<String>,
    enabled: bool,
    #[serde(default)]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default)]
    featured_asset: Option<RawAsset>,
}

#[derive(Deserialize)]
struct RawAsset {
    #[serde(default)]
    preview: Option<String>,
}

/// Reads a product. `api` is the address that picture addresses may be relative
/// to.
pub(super) fn product(row: Row, api: &Url) -> Result<ProductRecord, ItemFault> {
    let Row { id, fields } = row;
    let fields = Value::Object(fields);
    let raw = RawProduct::deserialize(&fields)
        .map_err(|_| malformed(FailureKind::Product, &id, &fields))?;
    let external_id = clean(id);
    Ok(ProductRecord {
        title: filled(raw.name).unwrap_or_else(|| external_id.clone()),
        handle: filled(raw.slug),
        vendor: None,
        product_type: None,
        image_url: raw
            .featured_asset
            .and_then(|asset| filled(asset.preview))
            .and_then(|preview| api.join(&preview).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .map(String::from),
        state: if raw.enabled {
            ListingState::Active
        } else {
            ListingState::Draft
        },
        updated_at: raw.updated_at,
        external_id,
    })
}

/// Whether a product of the list of changes has variants.
pub(super) fn has_variants(row: &Row) -> bool {
    let count = row
        .fields
        .get("variantList")
        .and_then(|list| list["totalItems"].as_u64());
    count != Some(0)
}

/// The id of a variant's product, where it can be read.
pub(super) fn product_id(row: &Row) -> Option<&str> {
    row.fields.get("productId").and_then(Value::as_str)
}

/// Reads a variant.
pub(super) fn variant(row: Row, reading: &Reading) -> Result<VariantRecord, ItemFault> {
    let Row { id, fields } = row;
    let fields = Value::Object(fields);
    let mut raw = RawVariant::deserialize(&fields)
        .map_err(|_| malformed(FailureKind::Listing, &id, &fields))?;
    let external_id = clean(id);
    let price = match price(&raw.prices, reading) {
        Ok(price) => price,
        Err(fault) => {
            let message = format!(
                "The price of this variant cannot be used: {}. Correct it in Vendure; the next \
                 import takes it in.",
                fault.1
            );
            let class = FailureClass::NeedsAction;
            let fault = ItemFault::new(FailureKind::Listing, fault.0, message, class);
            return Err(named(&external_id, &fields, fault));
        }
    };
    let counted = match raw.track_inventory {
        TrackInventory::True => true,
        TrackInventory::False => false,
        TrackInventory::Inherit => reading.counts_stock,
    };
    let stock = raw
        .stock_levels
        .iter()
        .map(|level| level.stock_on_hand.saturating_sub(level.stock_allocated))
        .fold(0_i64, i64::saturating_add);
    Ok(VariantRecord {
        product_external_id: clean(raw.product_id),
        title: title(&mut raw.options, raw.name),
        sku: filled(raw.sku),
        barcode: None,
        price,
        compare_at: None,
        stock: counted.then_some(stock),
        state: (!raw.enabled).then_some(ListingState::Draft),
        updated_at: raw.updated_at,
        external_id,
    })
}

/// The variant with a title only where that says more than its product's: the
/// only variant of a product is called like it.
pub(super) fn named_within(product_title: &str, mut variant: VariantRecord) -> VariantRecord {
    if variant.title == product_title {
        variant.title.clear();
    }
    variant
}

/// The fault of a variant whose product did not come.
pub(super) fn without_product(variant: VariantRecord) -> ItemFault {
    ItemFault {
        label: variant
            .sku
            .or(Some(variant.title).filter(|title| !title.is_empty())),
        external_id: Some(variant.external_id),
        product_external_id: Some(variant.product_external_id),
        ..ItemFault::new(
            FailureKind::Listing,
            "product_missing",
            "Vendure gave this variant without its product: it was deleted a moment ago, is not in \
             this channel, or could not be read. Retry it, or run a full import.",
            FailureClass::Retryable,
        )
    }
}

/// The price in the channel's currency, as the staff entered it: with tax where
/// the channel's prices include it, without where they do not.
fn price(prices: &[RawPrice], reading: &Reading) -> Result<Option<Money>, (&'static str, String)> {
    let Some(entered) = prices
        .iter()
        .find(|price| price.currency_code == reading.currency.code())
    else {
        return Ok(None);
    };
    let unreadable = |why: String| ("price_unreadable", why);
    let amount = entered
        .price
        .as_i64()
        .ok_or_else(|| unreadable(format!("{} is no whole number", entered.price)))?;
    if amount < 0 {
        return Err(("price_negative", format!("{amount} is below zero")));
    }
    let read = money::exact(amount, reading.precision, reading.currency);
    read.map(Some).ok_or_else(|| {
        unreadable(format!(
            "{amount}, with the {} decimals this server keeps, is no amount of {}",
            reading.precision, reading.currency
        ))
    })
}

/// The price of a variant as the store has it; none where it cannot be read.
pub(super) fn observed(row: &Row, reading: &Reading) -> ObservedPrice {
    let prices = row.fields.get("prices").map(Vec::<RawPrice>::deserialize);
    ObservedPrice {
        price: prices
            .and_then(Result::ok)
            .and_then(|prices| price(&prices, reading).ok())
            .flatten(),
        compare_at: None,
    }
}

/// What tells a variant from its siblings: its options, in the order in which
/// their groups were made. Vendure's own name of it repeats the product's; it
/// serves where there are no options.
fn title(options: &mut [RawOption], name: Option<String>) -> String {
    if options.is_empty() {
        return filled(name).unwrap_or_default();
    }
    // Ids are numbers by default: the shorter is the lower.
    options.sort_by(|a, b| (a.group_id.len(), &a.group_id).cmp(&(b.group_id.len(), &b.group_id)));
    let names: Vec<_> = options.iter().map(|option| option.name.trim()).collect();
    clean(names.join(" / "))
}

fn label(fields: &Value) -> Option<String> {
    ["sku", "name"]
        .iter()
        .find_map(|name| filled(fields[*name].as_str()))
}

fn malformed(kind: FailureKind, id: &str, fields: &Value) -> ItemFault {
    let fault = ItemFault::new(
        kind,
        "malformed_record",
        "Vendure sent a record that cannot be read: a field has another form than agreed. Retry \
         it; it is also looked at again with the next full import.",
        FailureClass::Retryable,
    );
    named(&clean(id), fields, fault)
}

/// A fault of the record that has these fields.
fn named(id: &str, fields: &Value, fault: ItemFault) -> ItemFault {
    let text = |name: &str| filled(fields[name].as_str());
    ItemFault {
        external_id: Some(id.to_owned()),
        product_external_id: text("productId"),
        label: label(fields),
        answer: Some(redact::json(fields)),
        version: text("updatedAt"),
        ..fault
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn reading(currency: &str, precision: u32) -> Reading {
        Reading {
            currency: currency.parse().unwrap(),
            precision,
            prices_include_tax: false,
            counts_stock: true,
        }
    }

    fn row(fields: Value) -> Row {
        serde_json::from_value(fields).unwrap()
    }

    fn laptop(changes: Value) -> Row {
        let mut fields = json!({
            "id": "3",
            "productId": "1",
            "sku": "L2201316",
            "name": "Laptop 13 inch 16GB",
            "enabled": true,
            "updatedAt": "2026-07-01T12:00:00.123Z",
            "trackInventory": "INHERIT",
            "prices": [{ "currencyCode": "EUR", "price": 1 }, { "currencyCode": "USD", "price": 219900 }],
            "stockLevels": [
                { "stockOnHand": 100, "stockAllocated": 3 },
                { "stockOnHand": 5, "stockAllocated": 0 },
            ],
            "options": [{ "groupId": "10", "name": "16GB" }, { "groupId": "9", "name": "13 inch" }],
        });
        let changes = changes.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(changes);
        row(fields)
    }

    fn read(changes: Value) -> VariantRecord {
        variant(laptop(changes), &reading("USD", 2)).unwrap()
    }

    #[test]
    fn a_variant_is_read_whole() {
        insta::assert_debug_snapshot!(read(json!({})), @r#"
        VariantRecord {
            external_id: "3",
            product_external_id: "1",
            title: "13 inch / 16GB",
            sku: Some(
                "L2201316",
            ),
            barcode: None,
            price: Some(
                2199.00 USD,
            ),
            compare_at: None,
            stock: Some(
                102,
            ),
            state: None,
            updated_at: Some(
                2026-07-01T12:00:00.123Z,
            ),
        }
        "#);
    }

    #[test]
    fn a_product_is_read_whole() {
        let api = "https://shop.example/eu/admin-api".parse().unwrap();
        let fields = json!({
            "id": "1",
            "name": "Laptop 🖥 حاسوب",
            "slug": "laptop",
            "enabled": false,
            "updatedAt": "2026-07-01T12:00:00Z",
            "featuredAsset": { "preview": "/assets/preview/1.jpg" },
        });
        insta::assert_debug_snapshot!(product(row(fields), &api).unwrap(), @r#"
        ProductRecord {
            external_id: "1",
            title: "Laptop 🖥 حاسوب",
            handle: Some(
                "laptop",
            ),
            vendor: None,
            product_type: None,
            image_url: Some(
                "https://shop.example/assets/preview/1.jpg",
            ),
            state: Draft,
            updated_at: Some(
                2026-07-01T12:00:00Z,
            ),
        }
        "#);
    }

    #[test]
    fn what_a_shop_may_leave_out_is_nothing() {
        let api = "https://shop.example/admin-api".parse().unwrap();
        let bare =
            json!({ "id": "7", "name": " ", "slug": "", "enabled": true, "featuredAsset": null });
        let bare = product(row(bare), &api).unwrap();
        assert_eq!(
            (bare.title.as_str(), bare.handle, bare.image_url),
            ("7", None, None)
        );
        let variant = read(json!({ "sku": "", "prices": [], "options": [], "name": "" }));
        assert_eq!(
            (variant.sku, variant.price, variant.title.as_str()),
            (None, None, "")
        );
    }

    #[test]
    fn a_variant_without_options_goes_by_its_name_if_that_is_its_own() {
        let named =
            |name: &str| named_within("Laptop", read(json!({ "options": [], "name": name }))).title;
        assert_eq!(named("Laptop"), "");
        assert_eq!(named("Laptop refurbished"), "Laptop refurbished");
    }

    #[test]
    fn a_variant_that_is_not_on_sale_is_a_draft() {
        assert_eq!(read(json!({})).state, None);
        assert_eq!(
            read(json!({ "enabled": false })).state,
            Some(ListingState::Draft)
        );
    }

    #[test]
    fn stock_that_is_not_counted_is_none() {
        assert_eq!(read(json!({})).stock, Some(102));
        assert_eq!(read(json!({ "trackInventory": "FALSE" })).stock, None);
        let uncounted = Reading {
            counts_stock: false,
            ..reading("USD", 2)
        };
        assert_eq!(variant(laptop(json!({})), &uncounted).unwrap().stock, None);
        let counted = laptop(json!({ "trackInventory": "TRUE" }));
        assert_eq!(variant(counted, &uncounted).unwrap().stock, Some(102));
    }

    #[test]
    fn a_price_is_the_one_in_the_channels_currency() {
        let read = |currency, precision, amount: i64| {
            let prices = json!([{ "currencyCode": currency, "price": amount }]);
            let row = laptop(json!({ "prices": prices }));
            let reading = reading("JPY", precision);
            let seen = observed(&row, &reading);
            let read = variant(row, &reading).map(|variant| variant.price);
            let taken = read.as_ref().ok().copied().flatten();
            assert_eq!(seen.price, taken, "read back as imported");
            read.map(|price| price.map(Money::to_decimal))
                .map_err(|fault| fault.code)
        };
        assert_eq!(read("JPY", 2, 120_000), Ok(Some("1200".to_owned())));
        assert_eq!(read("JPY", 2, 120_001), Err("price_unreadable"));
        assert_eq!(read("USD", 2, 120_000), Ok(None));
        assert_eq!(read("JPY", 2, -100), Err("price_negative"));
    }

    #[test]
    fn a_price_that_is_none_leaves_the_variant_out_and_says_so() {
        let fault = variant(
            laptop(json!({ "prices": [{ "currencyCode": "USD", "price": 12.5 }] })),
            &reading("USD", 2),
        )
        .unwrap_err();
        assert_eq!(fault.external_id.as_deref(), Some("3"));
        assert_eq!(fault.label.as_deref(), Some("L2201316"));
        insta::assert_snapshot!(fault.message, @"The price of this variant cannot be used: 12.5 is no whole number. Correct it in Vendure; the next import takes it in.");
    }

    #[test]
    fn a_record_of_another_form_is_a_fault_of_its_own() {
        let fault = variant(laptop(json!({ "enabled": "yes" })), &reading("USD", 2)).unwrap_err();
        assert_eq!(
            (fault.code, fault.class),
            ("malformed_record", FailureClass::Retryable)
        );
        assert_eq!(fault.label.as_deref(), Some("L2201316"));
        assert!(fault.answer.unwrap().contains("\"enabled\":\"yes\""));
    }

    #[test]
    fn texts_hold_no_nul() {
        let variant =
            read(json!({ "sku": "a\0b", "options": [{ "groupId": "1", "name": "M\0" }] }));
        assert_eq!(
            (variant.sku.as_deref(), variant.title.as_str()),
            (Some("ab"), "M")
        );
    }

    proptest! {
        #[test]
        fn no_amount_panics(amount: i64, precision in 0_u32..30, currency in "USD|JPY|KWD") {
            let prices = json!([{ "currencyCode": currency, "price": amount }]);
            let _read = variant(laptop(json!({ "prices": prices })), &reading(&currency, precision));
        }
    }
}
