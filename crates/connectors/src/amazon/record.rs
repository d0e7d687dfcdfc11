//! A listing as Amazon's API writes it, read into the common form.
//!
//! A SKU is a variant; what it is a SKU of (an ASIN) is its product. Several
//! SKUs of one ASIN, such as new and used ones, share it.

use calibr_model::{
    Currency, Money,
    status::{FailureClass, FailureKind, ListingState},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    catalogue::{ItemFault, ProductRecord, VariantRecord},
    text,
    transport::redact,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawItem {
    sku: String,
    #[serde(default)]
    summaries: Vec<RawSummary>,
    #[serde(default)]
    offers: Vec<RawOffer>,
    #[serde(default)]
    fulfillment_availability: Vec<RawAvailability>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSummary {
    marketplace_id: String,
    #[serde(default)]
    asin: Option<String>,
    #[serde(default)]
    product_type: Option<String>,
    #[serde(default)]
    condition_type: Option<String>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    item_name: Option<String>,
    #[serde(default)]
    last_updated_date: Option<String>,
    #[serde(default)]
    main_image: Option<RawImage>,
}

#[derive(Deserialize)]
struct RawImage {
    link: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOffer {
    marketplace_id: String,
    offer_type: String,
    price: RawMoney,
    #[serde(default)]
    audience: Option<RawAudience>,
}

#[derive(Deserialize)]
struct RawAudience {
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMoney {
    amount: Value,
    #[serde(default)]
    currency_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAvailability {
    fulfillment_channel_code: String,
    #[serde(default)]
    quantity: Option<i64>,
}

/// A product and the one variant that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) product: ProductRecord,
    pub(super) variant: VariantRecord,
}

/// Which of Amazon's stores is read, and in what its prices are.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) marketplace: &'static str,
    pub(super) currency: Currency,
}

/// Reads an item of a search.
pub(super) fn item(value: &Value, at: At) -> Result<Listing, ItemFault> {
    listing(value, at).map_err(|fault| ItemFault {
        version: changed_at(value, at.marketplace).map(|moment| moment.to_rfc3339()),
        ..fault
    })
}

fn listing(value: &Value, at: At) -> Result<Listing, ItemFault> {
    let raw = read(value)?;
    let price = offer_price(&raw, at, value)?;
    let summary = raw
        .summaries
        .into_iter()
        .find(|summary| summary.marketplace_id == at.marketplace);
    let stock = raw
        .fulfillment_availability
        .iter()
        .find(|one| one.fulfillment_channel_code == "DEFAULT")
        .and_then(|one| one.quantity);
    let on_sale = summary
        .as_ref()
        .is_some_and(|summary| summary.status.iter().any(|status| status == "BUYABLE"));
    let state = state(on_sale);
    let sku = clean(&raw.sku);
    let summary_text =
        |pick: fn(&RawSummary) -> Option<&str>| summary.as_ref().and_then(pick).and_then(filled);
    let product_id = product_id(
        summary_text(|summary| summary.asin.as_deref()).as_deref(),
        &sku,
    );
    let updated_at = summary_text(|summary| summary.last_updated_date.as_deref())
        .as_deref()
        .and_then(moment);
    Ok(Listing {
        product: ProductRecord {
            title: summary_text(|summary| summary.item_name.as_deref())
                .unwrap_or_else(|| sku.clone()),
            external_id: product_id.clone(),
            handle: None,
            vendor: None,
            product_type: summary_text(|summary| summary.product_type.as_deref()),
            image_url: summary_text(|summary| {
                summary.main_image.as_ref().map(|image| image.link.as_str())
            }),
            state,
            updated_at,
        },
        variant: VariantRecord {
            title: summary_text(|summary| summary.condition_type.as_deref())
                .map(|condition| condition_words(&condition))
                .unwrap_or_default(),
            external_id: sku.clone(),
            product_external_id: product_id,
            sku: Some(sku),
            barcode: None,
            price,
            compare_at: None,
            stock,
            state: Some(state),
            updated_at,
        },
    })
}

/// Reads SKU and price of an item, whatever else it holds.
pub(super) fn sku_and_price(value: &Value, at: At) -> Result<(String, Option<Money>), ItemFault> {
    let raw = read(value)?;
    let price = offer_price(&raw, at, value)?;
    Ok((raw.sku, price))
}

/// When an item was changed last, where it tells.
pub(super) fn changed_at(value: &Value, marketplace: &str) -> Option<DateTime<Utc>> {
    let raw = RawItem::deserialize(value).ok()?;
    let summary = raw
        .summaries
        .iter()
        .find(|summary| summary.marketplace_id == marketplace)?;
    moment(summary.last_updated_date.as_deref()?)
}

fn read(value: &Value) -> Result<RawItem, ItemFault> {
    let raw = RawItem::deserialize(value).ok();
    raw.filter(|raw| !raw.sku.trim().is_empty()).ok_or_else(|| {
        let sku = value["sku"].as_str();
        malformed(sku, &value.to_string(), "it is not of the form agreed")
    })
}

/// The price everybody pays: not one for businesses, not one of a programme.
fn offer_price(raw: &RawItem, at: At, value: &Value) -> Result<Option<Money>, ItemFault> {
    let offer = raw.offers.iter().find(|offer| {
        offer.marketplace_id == at.marketplace
            && offer.offer_type == "B2C"
            && offer
                .audience
                .as_ref()
                .and_then(|audience| audience.value.as_deref())
                .is_none_or(|audience| audience == "ALL")
    });
    let Some(offer) = offer else {
        return Ok(None);
    };
    let currency = match offer.price.currency_code.as_deref() {
        Some(code) => code.parse().unwrap_or(at.currency),
        None => at.currency,
    };
    let text = super::operations::decimal(&offer.price.amount).unwrap_or_default();
    if currency != at.currency {
        return Err(bad_price(
            &raw.sku,
            "price_currency",
            &format!("it is in {currency}, not in {}", at.currency),
            &value.to_string(),
        ));
    }
    price(&text, at.currency, &raw.sku, || value.to_string())
}

/// Reads a price; blank is none.
pub(super) fn price(
    text: &str,
    currency: Currency,
    sku: &str,
    as_it_came: impl Fn() -> String,
) -> Result<Option<Money>, ItemFault> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match Money::parse_decimal(text, currency) {
        Ok(money) if money.amount_minor < 0 => {
            let why = format!("\"{}\" is below zero", text.trim());
            Err(bad_price(sku, "price_negative", &why, &as_it_came()))
        }
        Ok(money) => Ok(Some(money)),
        Err(error) => Err(bad_price(
            sku,
            "price_unreadable",
            &error.to_string(),
            &as_it_came(),
        )),
    }
}

fn bad_price(sku: &str, code: &'static str, why: &str, as_it_came: &str) -> ItemFault {
    ItemFault {
        external_id: Some(clean(sku)),
        label: Some(clean(sku)),
        answer: Some(redact::text(as_it_came)),
        ..ItemFault::new(
            FailureKind::Listing,
            code,
            format!(
                "The price of this listing cannot be used: {why}. Correct it in Seller Central; \
                 the next import takes it in."
            ),
            FailureClass::NeedsAction,
        )
    }
}

/// The fault of a record that is none; `sku` is whose it is, where that can be
/// told.
pub(super) fn malformed(sku: Option<&str>, as_it_came: &str, why: &str) -> ItemFault {
    let sku = sku.and_then(filled);
    ItemFault {
        label: sku.clone(),
        external_id: sku,
        answer: Some(redact::text(as_it_came)),
        ..ItemFault::new(
            FailureKind::Listing,
            "malformed_record",
            format!(
                "Amazon sent a listing that cannot be read: {why}. Retry it; it is also looked at \
                 again with the next import."
            ),
            FailureClass::Retryable,
        )
    }
}

/// The id of a SKU's product: its ASIN, or its own where it has none yet.
pub(super) fn product_id(asin: Option<&str>, sku: &str) -> String {
    match asin.and_then(filled) {
        Some(asin) => asin,
        None => format!("{NO_ASIN}{sku}"),
    }
}

/// Begins the id of a product that has no ASIN.
const NO_ASIN: &str = "sku:";

/// The ASIN in a product's id.
pub(super) fn asin_of(product_id: &str) -> Option<&str> {
    (!product_id.is_empty() && !product_id.starts_with(NO_ASIN)).then_some(product_id)
}

/// Listings that cannot be bought are not on sale, whyever.
pub(super) const fn state(on_sale: bool) -> ListingState {
    if on_sale {
        ListingState::Active
    } else {
        ListingState::Draft
    }
}

/// `used_very_good` as `Used, very good`; new things are not called so.
fn condition_words(condition: &str) -> String {
    match condition.split_once('_') {
        _ if condition == "new_new" => String::new(),
        Some((kind, grade)) if kind == grade => capital(kind),
        Some((kind, grade)) => format!("{}, {}", capital(kind), grade.replace('_', " ")),
        None => capital(condition),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A text without what no store should hold, unless nothing is left.
pub(super) fn filled(text: &str) -> Option<String> {
    let text = clean(text);
    (!text.is_empty()).then_some(text)
}

fn clean(text: &str) -> String {
    text::clean(text).trim().to_owned()
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn at() -> At {
        At {
            marketplace: "A1PA6795UKMFR9",
            currency: "EUR".parse().unwrap(),
        }
    }

    fn offer(amount: impl Into<Value>) -> Value {
        json!({ "marketplaceId": "A1PA6795UKMFR9", "offerType": "B2C",
            "price": { "amount": amount.into(), "currencyCode": "EUR" } })
    }

    #[test]
    fn an_item_is_read_whole() {
        let value = json!({
            "sku": "A 1",
            "summaries": [
                { "marketplaceId": "ATVPDKIKX0DER", "status": [], "itemName": "elsewhere" },
                { "marketplaceId": "A1PA6795UKMFR9", "asin": "B0ABCDEFGH", "productType": "SOCKS",
                  "conditionType": "used_very_good", "status": ["BUYABLE", "DISCOVERABLE"],
                  "itemName": "Socks 🧦", "createdDate": "2026-01-01T00:00:00Z",
                  "lastUpdatedDate": "2026-07-01T12:00:00Z",
                  "mainImage": { "link": "https://m.example/1.jpg", "height": 1, "width": 1 } },
            ],
            "offers": [
                { "marketplaceId": "A1PA6795UKMFR9", "offerType": "B2B",
                  "price": { "amount": "9.00", "currencyCode": "EUR" } },
                offer("12.50"),
            ],
            "fulfillmentAvailability": [
                { "fulfillmentChannelCode": "AMAZON_EU" },
                { "fulfillmentChannelCode": "DEFAULT", "quantity": 7 },
            ],
        });
        insta::assert_debug_snapshot!(item(&value, at()).unwrap(), @r#"
        Listing {
            product: ProductRecord {
                external_id: "B0ABCDEFGH",
                title: "Socks 🧦",
                handle: None,
                vendor: None,
                product_type: Some(
                    "SOCKS",
                ),
                image_url: Some(
                    "https://m.example/1.jpg",
                ),
                state: Active,
                updated_at: Some(
                    2026-07-01T12:00:00Z,
                ),
            },
            variant: VariantRecord {
                external_id: "A 1",
                product_external_id: "B0ABCDEFGH",
                title: "Used, very good",
                sku: Some(
                    "A 1",
                ),
                barcode: None,
                price: Some(
                    12.50 EUR,
                ),
                compare_at: None,
                stock: Some(
                    7,
                ),
                state: Some(
                    Active,
                ),
                updated_at: Some(
                    2026-07-01T12:00:00Z,
                ),
            },
        }
        "#);
    }

    #[test]
    fn a_listing_that_is_not_finished_is_a_draft_by_its_sku() {
        let listing = item(&json!({ "sku": "A" }), at()).unwrap();
        assert_eq!(listing.product.external_id, "sku:A");
        assert_eq!(listing.product.title, "A");
        assert_eq!(listing.variant.price, None);
        assert_eq!(listing.variant.state, Some(ListingState::Draft));
        assert_eq!(asin_of("sku:A"), None);
        assert_eq!(asin_of("B0"), Some("B0"));
    }

    #[test]
    fn a_price_that_is_none_is_a_fault() {
        let code = |offer: Value| {
            item(&json!({ "sku": "A", "offers": [offer] }), at())
                .unwrap_err()
                .code
        };
        assert_eq!(code(offer("12,50")), "price_unreadable");
        assert_eq!(code(offer("-1")), "price_negative");
        let dollars = json!({ "marketplaceId": "A1PA6795UKMFR9", "offerType": "B2C",
            "price": { "amount": "1", "currencyCode": "USD" } });
        assert_eq!(code(dollars), "price_currency");
        let number = item(&json!({ "sku": "A", "offers": [offer(12.5)] }), at()).unwrap();
        assert_eq!(number.variant.price.unwrap().amount_minor, 1250);
    }

    #[test]
    fn conditions_are_words() {
        assert_eq!(condition_words("new_new"), "");
        assert_eq!(condition_words("refurbished_refurbished"), "Refurbished");
        assert_eq!(condition_words("club_club"), "Club");
    }

    proptest! {
        #[test]
        fn no_item_panics(sku in ".{0,20}", amount in ".{0,12}", condition in ".{0,20}") {
            let value = json!({ "sku": sku, "offers": [offer(amount)],
                "summaries": [{ "marketplaceId": "A1PA6795UKMFR9", "conditionType": condition }] });
            let _read = item(&value, at());
        }
    }
}
