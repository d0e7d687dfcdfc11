//! Every operation that is asked of a Vendure server: its GraphQL document, the
//! variables of a request, and what an answer says. Nothing here sends
//! anything.
//!
//! A document asks for one thing at its root where it can: Vendure proves an
//! API key anew, with bcrypt, for each.

mod changed_products;
mod channel;
mod list;
mod orders;
mod peeks;
mod permission;
mod products;
mod rights;
mod set_prices;
mod shop_settings;
mod sign_in;
mod variant_prices;
mod variants;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) use self::{
    changed_products::ChangedProducts,
    channel::Channel,
    list::{List, PageOf, Row, RowPage},
    orders::{Orders, RefundMoments},
    peeks::{CataloguePeek, OrdersPeek},
    permission::Permission,
    products::Products,
    rights::Rights,
    set_prices::{NewPrice, SetPrices},
    shop_settings::{ChannelSettings, ShopSettings, ShopSettingsData},
    sign_in::{SignIn, SignInOutcome},
    variant_prices::VariantPrices,
    variants::Variants,
};

/// One kind of call.
pub(super) trait Operation: Send + Sync {
    /// The document.
    const DOCUMENT: &'static str;
    /// `data` of an answer.
    type Data: DeserializeOwned + Send;
    /// What an account must be let do for it.
    const NEEDS: Permission = Permission::ReadCatalogue;

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
