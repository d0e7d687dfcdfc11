use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{IntegrationId, ListingId, ProductId, VariantId},
    money::Money,
    platform::PlatformId,
    status::{ListingState, words},
};

/// One product in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductRow {
    /// Its id.
    pub id: ProductId,
    /// Its title.
    pub title: String,
    /// Who makes it.
    pub vendor: Option<String>,
    /// A picture, by `https` address.
    pub image_url: Option<String>,
    /// Whether it is on sale anywhere.
    pub state: ListingState,
    /// How many variants it has.
    pub variant_count: i64,
    /// The lowest price among its listings in the currency below; `null` where
    /// none has a price.
    pub price_from: Option<Money>,
    /// The highest price in the same currency.
    pub price_to: Option<Money>,
    /// Whether its listings have prices in further currencies.
    pub more_currencies: bool,
    /// Units in stock over its listings, where the stores tell.
    pub stock: Option<i64>,
    /// The integrations it is listed on.
    pub integrations: Vec<IntegrationId>,
    /// When Calibr last changed it.
    pub updated_at: DateTime<Utc>,
}

words!(
    /// Order of the products page.
    ProductSort ("product order") {
        /// By title, A to Z.
        Title = "title",
        /// Changed last first.
        Updated = "updated",
    }
);

/// Which products are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProductQuery {
    /// Words to find in title, vendor or SKU; all products where empty.
    #[serde(default)]
    pub search: String,
    /// Only products listed on this integration.
    pub integration: Option<IntegrationId>,
    /// Only products in this state.
    pub state: Option<ListingState>,
    /// The order; by title where not given.
    pub sort: Option<ProductSort>,
}

/// One variant as one integration offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListingView {
    /// Its id.
    pub id: ListingId,
    /// The variant offered.
    pub variant_id: VariantId,
    /// The product the variant belongs to.
    pub product_id: ProductId,
    /// Where it is offered.
    pub integration_id: IntegrationId,
    /// That integration's name.
    pub integration_name: String,
    /// That integration's platform.
    pub platform: PlatformId,
    /// The platform's id of the variant.
    pub external_id: String,
    /// The product's title there.
    pub product_title: String,
    /// The variant's title there, such as `M / Blue`.
    pub variant_title: String,
    /// The stock keeping unit there.
    pub sku: Option<String>,
    /// The price there; `null` where the store has none.
    pub price: Option<Money>,
    /// The struck-through price there.
    pub compare_at: Option<Money>,
    /// Units in stock there; `null` where the store does not tell.
    pub stock: Option<i64>,
    /// Whether it is on sale.
    pub state: ListingState,
    /// When the store last changed it.
    pub external_updated_at: Option<DateTime<Utc>>,
    /// When Calibr last saw it.
    pub synced_at: DateTime<Utc>,
}
