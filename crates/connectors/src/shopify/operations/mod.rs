//! Every operation that is asked of a shop: its GraphQL document, the variables
//! of a request, and what an answer says. Nothing here sends anything.

mod bulk_export;
mod bulk_status;
mod catalogue_start;
mod changed_products;
mod identity;
mod items;
mod listing_prices;
mod orders;
mod price_update;
mod product_variants;
mod webhooks;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

pub(super) use self::{
    bulk_export::{EXPORT, RecentExports, StartExport, Started},
    bulk_status::{ExportState, ExportStatus, FailedBy},
    catalogue_start::{CatalogueStart, Currency},
    changed_products::ChangedProducts,
    identity::Identity,
    items::{Nodes, OrdersById, ProductsById, VariantsById},
    listing_prices::{ListingPrices, NodeData, ShopCurrency},
    orders::{ChangedOrders, OrderLines, OrderRefunds},
    price_update::{Outcome, UpdatePrices, UpdatePricesData, VariantData, VariantPrices},
    product_variants::ProductVariants,
    webhooks::{CreateWebhook, DeleteWebhook, WebhookData, Webhooks},
};

/// One kind of call.
pub(super) trait Operation: Send + Sync {
    /// The operation's name, as it stands in the document.
    const NAME: &'static str;
    /// The document.
    const DOCUMENT: &'static str;
    /// What it costs at most, in points, until Shopify has said it.
    const COST: u32;
    /// `data` of an answer.
    type Data: DeserializeOwned + Send;

    /// The variables of this call.
    fn variables(&self) -> Value;
}

/// A document that is sent to Shopify.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    /// The operation's name; of the one that is handed over to be exported,
    /// what it is.
    pub name: &'static str,
    /// The GraphQL text.
    pub text: &'static str,
    /// Variables that it can be tried with.
    pub example: fn() -> Value,
}

/// All documents the connector sends, for checks against Shopify's schemas.
pub const DOCUMENTS: &[Document] = &[
    document::<Identity>(|| Identity.variables()),
    document::<CatalogueStart>(|| CatalogueStart.variables()),
    Document {
        name: "the exported query",
        text: EXPORT,
        example: || Value::Null,
    },
    document::<StartExport>(|| StartExport.variables()),
    document::<RecentExports>(|| RecentExports.variables()),
    document::<ExportStatus>(|| ExportStatus::example().variables()),
    document::<ChangedProducts>(|| ChangedProducts::example().variables()),
    document::<ProductVariants>(|| ProductVariants::example().variables()),
    document::<VariantsById>(VariantsById::example),
    document::<ProductsById>(ProductsById::example),
    document::<ShopCurrency>(|| ShopCurrency.variables()),
    document::<ListingPrices>(ListingPrices::example),
    document::<UpdatePrices>(UpdatePrices::example),
    document::<ChangedOrders>(|| ChangedOrders::example().variables()),
    document::<OrdersById>(OrdersById::example),
    document::<OrderLines>(|| OrderLines::example().variables()),
    document::<OrderRefunds>(|| OrderRefunds::example().variables()),
    document::<Webhooks>(|| Webhooks { after: None }.variables()),
    document::<CreateWebhook>(|| CreateWebhook::example().variables()),
    document::<DeleteWebhook>(|| DeleteWebhook::example().variables()),
];

const fn document<O: Operation>(example: fn() -> Value) -> Document {
    Document {
        name: O::NAME,
        text: O::DOCUMENT,
        example,
    }
}

/// Fields of a product, in every document alike.
macro_rules! product_fields {
    () => {
        "id title handle vendor productType status updatedAt \
         featuredMedia { preview { image { url } } }"
    };
}

/// Fields of a variant, in every document alike.
macro_rules! variant_fields {
    () => {
        "id title sku barcode price compareAtPrice inventoryQuantity updatedAt \
         inventoryItem { tracked }"
    };
}

pub(super) use {product_fields, variant_fields};

/// The search for what changed at or after a moment; Shopify's times are whole
/// seconds.
fn updated_since(since: DateTime<Utc>) -> String {
    let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("updated_at:>='{since}'")
}

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

/// A page of records, each still as it came, so that one that cannot be read
/// spoils no other.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordPage {
    pub(super) nodes: Vec<Value>,
    pub(super) page_info: PageInfo,
}

/// An entry of `userErrors`: what was wrong with what a mutation was given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct UserError {
    /// The way to the input that is wrong; `None` where it is none in
    /// particular.
    #[serde(default)]
    pub(super) field: Option<Vec<String>>,
    pub(super) message: String,
    /// Where the mutation has codes for its errors.
    #[serde(default)]
    pub(super) code: Option<String>,
}

impl UserError {
    /// What they say, together.
    fn joined(errors: &[Self]) -> String {
        let said: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        match said.as_slice() {
            [] => "no reason was given".to_owned(),
            said => said.join("; "),
        }
    }
}

/// Reads `UnsignedInt64`, which comes as a text.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    optional_count(deserializer).map(Option::unwrap_or_default)
}

fn optional_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(match value {
        Some(Value::String(digits)) => digits.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    })
}
