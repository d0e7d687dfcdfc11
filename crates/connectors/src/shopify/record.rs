//! A product or variant as Shopify writes it, read into the common form.

use std::borrow::Cow;

use calibr_model::{
    Currency, Money,
    status::{FailureClass, FailureKind, ListingState},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::gid;
use crate::{
    catalogue::{ItemFault, ProductRecord, VariantRecord},
    transport::redact,
};

/// What Shopify calls the only variant of a product without options.
const ONLY_VARIANT: &str = "Default Title";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawProduct<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    handle: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    vendor: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    product_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    updated_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    featured_media: Option<RawMedia<'a>>,
}

#[derive(Deserialize)]
struct RawMedia<'a> {
    #[serde(borrow, default)]
    preview: Option<RawPreview<'a>>,
}

#[derive(Deserialize)]
struct RawPreview<'a> {
    #[serde(borrow, default)]
    image: Option<RawImage<'a>>,
}

#[derive(Deserialize)]
struct RawImage<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawVariant<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default, rename = "__parentId")]
    parent_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sku: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    barcode: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    price: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    compare_at_price: Option<Cow<'a, str>>,
    #[serde(default)]
    inventory_quantity: Option<i64>,
    #[serde(borrow, default)]
    updated_at: Option<Cow<'a, str>>,
    #[serde(default)]
    inventory_item: Option<RawInventoryItem>,
}

#[derive(Deserialize)]
struct RawInventoryItem {
    tracked: bool,
}

/// A line of an export.
#[derive(Debug)]
pub(super) enum Record {
    /// A product.
    Product(ProductRecord),
    /// A variant.
    Variant(VariantRecord),
}

/// Reads a line of an export.
pub(super) fn line(line: &[u8], currency: Currency) -> Result<Record, ItemFault> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Err(malformed(
            &String::from_utf8_lossy(line),
            "it is not valid text",
        ));
    };
    // Inside a text value the quotes would be escaped.
    if text.contains("\"__parentId\":") {
        let raw: RawVariant<'_> = serde_json::from_str(text).map_err(|e| unread(text, &e))?;
        let Some(product) = raw.parent_id.clone() else {
            return Err(malformed(text, "its product is not named"));
        };
        variant_record(raw, &product, currency, || text.to_owned()).map(Record::Variant)
    } else {
        let raw: RawProduct<'_> = serde_json::from_str(text).map_err(|e| unread(text, &e))?;
        Ok(Record::Product(product_record(raw)))
    }
}

/// Reads a product of a page.
pub(super) fn product(value: &Value) -> Result<ProductRecord, ItemFault> {
    let raw = RawProduct::deserialize(value).map_err(|error| unread(&value.to_string(), &error))?;
    Ok(product_record(raw))
}

/// Reads a variant of a page of the product `product_id`.
pub(super) fn variant(
    value: &Value,
    product_id: &str,
    currency: Currency,
) -> Result<VariantRecord, ItemFault> {
    let raw = RawVariant::deserialize(value).map_err(|error| unread(&value.to_string(), &error))?;
    variant_record(raw, product_id, currency, || value.to_string())
}

/// The fault of a line that is longer than anything that can be a record.
pub(super) fn too_long(beginning: &[u8]) -> ItemFault {
    malformed(&String::from_utf8_lossy(beginning), "it is too long")
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
            "The store sent this variant without its product, or the product could not be read. \
             Retry it, or run a full import.",
            FailureClass::Retryable,
        )
    }
}

fn product_record(raw: RawProduct<'_>) -> ProductRecord {
    let external_id = clean(raw.id);
    ProductRecord {
        title: filled(raw.title).unwrap_or_else(|| external_id.clone()),
        handle: filled(raw.handle),
        vendor: filled(raw.vendor),
        product_type: filled(raw.product_type),
        image_url: raw
            .featured_media
            .and_then(|media| media.preview)
            .and_then(|preview| preview.image)
            .and_then(|image| filled(Some(image.url))),
        state: state(&raw.status),
        updated_at: moment(raw.updated_at.as_deref()),
        external_id,
    }
}

fn variant_record(
    raw: RawVariant<'_>,
    product_id: &str,
    currency: Currency,
    as_it_came: impl Fn() -> String,
) -> Result<VariantRecord, ItemFault> {
    let external_id = clean(raw.id);
    let sku = filled(raw.sku);
    let title = filled(raw.title)
        .filter(|title| title != ONLY_VARIANT)
        .unwrap_or_default();
    let read_price = |what: &str, text: Option<Cow<'_, str>>| -> Result<Option<Money>, ItemFault> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        let fault = |code, why: String| ItemFault {
            external_id: Some(external_id.clone()),
            product_external_id: Some(clean(Cow::Borrowed(product_id))),
            label: sku
                .clone()
                .or_else(|| Some(title.clone()).filter(|title| !title.is_empty())),
            answer: Some(redact::text(&as_it_came())),
            version: raw.updated_at.as_deref().map(|at| clean(Cow::Borrowed(at))),
            ..ItemFault::new(
                FailureKind::Listing,
                code,
                format!(
                    "The {what} of this variant cannot be used: {why}. Correct it in the store; \
                     the next import takes it in."
                ),
                FailureClass::NeedsAction,
            )
        };
        match Money::parse_decimal(&text, currency) {
            Ok(money) if money.amount_minor < 0 => Err(fault(
                "price_negative",
                format!("\"{}\" is below zero", text.trim()),
            )),
            Ok(money) => Ok(Some(money)),
            Err(error) => Err(fault("price_unreadable", error.to_string())),
        }
    };
    let price = read_price("price", raw.price)?;
    let compare_at = read_price("compare-at price", raw.compare_at_price)?;
    let counted = raw.inventory_item.is_none_or(|item| item.tracked);
    Ok(VariantRecord {
        product_external_id: clean(Cow::Borrowed(product_id)),
        barcode: filled(raw.barcode),
        stock: raw.inventory_quantity.filter(|_| counted),
        state: None,
        updated_at: moment(raw.updated_at.as_deref()),
        price,
        compare_at,
        external_id,
        title,
        sku,
    })
}

/// `UNLISTED` products are on sale for whoever has the link. A status that is
/// none of the documented ones counts as not on sale.
fn state(status: &str) -> ListingState {
    match status {
        "ACTIVE" | "UNLISTED" => ListingState::Active,
        "ARCHIVED" => ListingState::Archived,
        _ => ListingState::Draft,
    }
}

/// A text without NUL, which no database column holds.
fn clean(text: Cow<'_, str>) -> String {
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text.into_owned()
    }
}

/// A text that says something.
pub(super) fn filled(text: Option<Cow<'_, str>>) -> Option<String> {
    text.map(clean).filter(|text| !text.trim().is_empty())
}

fn moment(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?)
        .ok()
        .map(|at| at.to_utc())
}

fn unread(text: &str, error: &serde_json::Error) -> ItemFault {
    match error.classify() {
        serde_json::error::Category::Data => {
            malformed(text, "a field has another form than agreed")
        }
        _ => malformed(text, "it is not valid JSON"),
    }
}

fn malformed(text: &str, why: &str) -> ItemFault {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let field = |name: &str| value[name].as_str().map(|text| clean(Cow::Borrowed(text)));
    let external_id = field("id").or_else(|| first_id(text));
    let of_product = external_id
        .as_deref()
        .is_some_and(|id| gid::is(id, "Product"));
    ItemFault {
        product_external_id: field("__parentId"),
        label: field("sku").or_else(|| field("title")),
        answer: Some(redact::text(&clean(Cow::Borrowed(text)))),
        version: field("updatedAt"),
        external_id,
        ..ItemFault::new(
            if of_product {
                FailureKind::Product
            } else {
                FailureKind::Listing
            },
            "malformed_record",
            format!(
                "Shopify sent a record that cannot be read: {why}. Retry it; it is also looked at \
                 again with the next full import."
            ),
            FailureClass::Retryable,
        )
    }
}

/// The id that a record begins with, also of one that is cut off later: Shopify
/// writes it first.
fn first_id(text: &str) -> Option<String> {
    let (id, _) = text
        .trim_start()
        .strip_prefix("{\"id\":\"")?
        .split_once('"')?;
    let is_known = ["Product", "ProductVariant"]
        .iter()
        .any(|kind| gid::is(id, kind));
    is_known.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur() -> Currency {
        "EUR".parse().unwrap()
    }

    fn read(text: &str) -> Result<Record, ItemFault> {
        line(text.as_bytes(), eur())
    }

    fn read_variant(text: &str) -> VariantRecord {
        match read(text) {
            Ok(Record::Variant(variant)) => variant,
            other => panic!("{other:?}"),
        }
    }

    fn variant_line(fields: &str) -> String {
        format!(
            r#"{{"id":"gid://shopify/ProductVariant/2","__parentId":"gid://shopify/Product/1","title":"M / Blue"{fields}}}"#
        )
    }

    #[test]
    fn a_product_line_is_read_whole() {
        let record = read(
            r#"{"id":"gid:\/\/shopify\/Product\/1","title":"Socks \"🧦\" جوارب","handle":"socks","vendor":"","productType":"Clothing","status":"ACTIVE","updatedAt":"2026-07-01T12:00:00Z","featuredMedia":{"preview":{"image":{"url":"https:\/\/cdn.example\/1.png"}}}}"#,
        );
        insta::assert_debug_snapshot!(record.unwrap(), @r#"
        Product(
            ProductRecord {
                external_id: "gid://shopify/Product/1",
                title: "Socks \"🧦\" جوارب",
                handle: Some(
                    "socks",
                ),
                vendor: None,
                product_type: Some(
                    "Clothing",
                ),
                image_url: Some(
                    "https://cdn.example/1.png",
                ),
                state: Active,
                updated_at: Some(
                    2026-07-01T12:00:00Z,
                ),
            },
        )
        "#);
    }

    #[test]
    fn a_variant_line_is_read_whole() {
        let record = read_variant(&variant_line(
            r#","sku":"S-1","barcode":"400638133393","price":"12.50","compareAtPrice":"15.00","inventoryQuantity":-2,"inventoryItem":{"tracked":true},"updatedAt":"2026-07-01T12:00:00Z""#,
        ));
        insta::assert_debug_snapshot!(record, @r#"
        VariantRecord {
            external_id: "gid://shopify/ProductVariant/2",
            product_external_id: "gid://shopify/Product/1",
            title: "M / Blue",
            sku: Some(
                "S-1",
            ),
            barcode: Some(
                "400638133393",
            ),
            price: Some(
                12.50 EUR,
            ),
            compare_at: Some(
                15.00 EUR,
            ),
            stock: Some(
                -2,
            ),
            state: None,
            updated_at: Some(
                2026-07-01T12:00:00Z,
            ),
        }
        "#);
    }

    #[test]
    fn what_a_store_may_leave_out_is_nothing() {
        let variant = read_variant(&variant_line(
            r#","sku":"","barcode":null,"price":null,"compareAtPrice":null,"inventoryQuantity":9,"inventoryItem":{"tracked":false}"#,
        ));
        assert_eq!(
            (
                variant.sku,
                variant.barcode,
                variant.price,
                variant.compare_at,
                variant.stock
            ),
            (None, None, None, None, None)
        );
        let only = read_variant(&variant_line("").replace("M / Blue", ONLY_VARIANT));
        assert_eq!(only.title, "");
        let Ok(Record::Product(product)) =
            read(r#"{"id":"gid://shopify/Product/1","title":" ","status":"UNLISTED"}"#)
        else {
            panic!("a product");
        };
        assert_eq!(product.title, "gid://shopify/Product/1");
        assert_eq!(product.state, ListingState::Active);
    }

    #[test]
    fn statuses_are_states() {
        for (status, expected) in [
            ("ACTIVE", ListingState::Active),
            ("UNLISTED", ListingState::Active),
            ("DRAFT", ListingState::Draft),
            ("ARCHIVED", ListingState::Archived),
            ("BRAND_NEW", ListingState::Draft),
        ] {
            assert_eq!(state(status), expected, "{status}");
        }
    }

    #[test]
    fn a_price_that_is_none_leaves_the_variant_out_and_says_so() {
        let fault = |price: &str| {
            read(&variant_line(&format!(r#","sku":"S-1","price":"{price}""#))).unwrap_err()
        };
        let unreadable = fault("12,50");
        assert_eq!(unreadable.code, "price_unreadable");
        assert_eq!(unreadable.label.as_deref(), Some("S-1"));
        assert_eq!(
            unreadable.external_id.as_deref(),
            Some("gid://shopify/ProductVariant/2")
        );
        insta::assert_snapshot!(unreadable.message, @r#"The price of this variant cannot be used: "12,50" is not an amount; give a number such as 12.50. Correct it in the store; the next import takes it in."#);
        assert_eq!(fault("1.005").code, "price_unreadable");
        assert_eq!(fault("-0.01").code, "price_negative");
    }

    #[test]
    fn a_line_that_is_no_record_is_one_fault() {
        for (text, id) in [
            ("", None),
            ("{", None),
            ("null", None),
            ("[1]", None),
            (r#"{"id":7}"#, None),
            (r#"{"title":"no id","status":"ACTIVE"}"#, None),
            (
                r#"{"id":"gid://shopify/Product/1"}"#,
                Some("gid://shopify/Product/1"),
            ),
            (r#"{"id":"x","__parentId":null,"title":"y"}"#, Some("x")),
            (r#"{"id":"x","__parentId":"p","price":12.5}"#, Some("x")),
        ] {
            let fault = read(text).unwrap_err();
            assert_eq!(fault.code, "malformed_record", "{text}");
            assert_eq!(fault.external_id.as_deref(), id, "{text}");
        }
        assert_eq!(
            line(b"\xff\xfe", eur()).unwrap_err().code,
            "malformed_record"
        );
    }

    #[test]
    fn nul_is_taken_out_and_everything_else_stays() {
        let long = "é🧦‏".repeat(100);
        let text = format!(
            r#"{{"id":"gid://shopify/Product/1","title":"a\u0000{long}","status":"ACTIVE"}}"#
        );
        let Ok(Record::Product(product)) = read(&text) else {
            panic!("a product");
        };
        assert_eq!(product.title, format!("a{long}"));
    }

    #[test]
    fn a_title_that_talks_of_parents_is_still_a_products() {
        let text = serde_json::json!({
            "id": "gid://shopify/Product/1", "status": "ACTIVE", "title": "\"__parentId\":\"x\""
        });
        assert!(matches!(read(&text.to_string()), Ok(Record::Product(_))));
    }

    proptest! {
        #[test]
        fn no_line_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = line(&bytes, eur());
        }

        #[test]
        fn no_value_panics(id in ".{0,20}", price in ".{0,12}", quantity: i64, title in ".{0,40}") {
            let value = serde_json::json!({
                "id": id, "__parentId": "p", "title": title, "price": price,
                "inventoryQuantity": quantity,
            });
            let by_line = read(&value.to_string());
            let by_page = variant(&value, "p", eur());
            prop_assert_eq!(by_line.is_ok(), by_page.is_ok());
        }
    }
}
