use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::money::Money;

/// Another seller's offer for a listing's product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompetitorOfferView {
    /// Who offers, as the platform names them.
    pub seller: String,
    /// What they ask, shipping left out.
    pub price: Money,
    /// What shipping adds, where the platform tells.
    pub shipping: Option<Money>,
    /// Whether it is the one that the platform puts first.
    pub featured: bool,
    /// Since when it is so, as far as it was looked at.
    pub since: DateTime<Utc>,
    /// When it was looked at last.
    pub seen_at: DateTime<Utc>,
}
