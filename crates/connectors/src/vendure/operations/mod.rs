//! Every operation that is asked of a Vendure server: its GraphQL document, the
//! variables of a request, and what an answer says. Nothing here sends
//! anything.
//!
//! A document asks for one thing at its root where it can: Vendure proves an
//! API key anew, with bcrypt, for each.

mod catalogue_peek;
mod changed_products;
mod channel;
mod products;
mod shop_settings;
mod sign_in;
mod variants;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub(super) use self::{
    catalogue_peek::CataloguePeek,
    changed_products::ChangedProducts,
    channel::Channel,
    products::Products,
    shop_settings::{ShopSettings, ShopSettingsData},
    sign_in::{SignIn, SignInOutcome},
    variants::Variants,
};

/// One kind of call.
pub(super) trait Operation: Send + Sync {
    /// The document.
    const DOCUMENT: &'static str;
    /// `data` of an answer.
    type Data: DeserializeOwned + Send;

    /// The variables of this call.
    fn variables(&self) -> Value;
}

/// Fields of a product, in every document alike.
macro_rules! product_fields {
    () => {
        "id name slug enabled updatedAt featuredAsset { preview }"
    };
}

pub(super) use product_fields;

/// Some rows of a list, and how many it has in all.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowPage {
    /// The rows, in the list's order.
    pub(super) items: Vec<Row>,
    /// The length of the whole list.
    pub(super) total_items: u64,
}

/// A row with its id, otherwise still as it came, so that one that cannot be
/// read spoils no other.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    /// Vendure's id; the schema promises it.
    pub(super) id: String,
    /// Everything else.
    #[serde(flatten)]
    pub(super) fields: Map<String, Value>,
}
