//! Competitors' offers.

use async_trait::async_trait;
use calibr_model::Money;
use chrono::{DateTime, Utc};

use crate::{error::ConnectorError, prices::ListingRef};

/// Tells what others ask for the same product.
#[async_trait]
pub trait CompetitorSource: Send + Sync {
    /// Most listings that one call takes.
    fn batch_size(&self) -> usize;

    /// Offers for these listings, in their order; empty where there are none.
    ///
    /// # Errors
    /// What the platform said.
    async fn offers(
        &self,
        listings: &[ListingRef],
    ) -> Result<Vec<Vec<CompetitorOffer>>, ConnectorError>;
}

/// One offer for the same product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompetitorOffer {
    /// Who offers, as the platform names them; never the merchant's own.
    pub seller: String,
    /// What they ask, shipping left out.
    pub price: Money,
    /// What shipping adds, where the platform tells.
    pub shipping: Option<Money>,
    /// Whether it is the one that the platform puts first.
    pub featured: bool,
    /// When it was so, in UTC.
    pub observed_at: DateTime<Utc>,
}
