//! Reading single items again, by the platform's ids of them.

use async_trait::async_trait;

use crate::{catalogue::CatalogueBatch, error::ConnectorError, orders::OrderBatch};

/// Gives products, variants and orders by their ids: only where the platform
/// declares [`calibr_model::platform::Capability::ReadById`].
///
/// What the store has of the items is in the answer, read or as a fault; what it
/// does not have is among those that are gone.
#[async_trait]
pub trait ItemSource: Send + Sync {
    /// Most items that are asked for at once.
    fn at_once(&self) -> usize;

    /// Reads items of the catalogue: a product with all its variants, a variant
    /// with its product.
    ///
    /// # Errors
    /// What the platform said to a call as a whole.
    async fn read(&self, items: &[ItemRef]) -> Result<FoundItems, ConnectorError>;

    /// Reads orders.
    ///
    /// # Errors
    /// What the platform said to a call as a whole.
    async fn read_orders(&self, ids: &[String]) -> Result<FoundOrders, ConnectorError>;
}

/// An item of the catalogue as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemRef {
    /// Whether it is a product.
    pub is_product: bool,
    /// The platform's id of it.
    pub external_id: String,
    /// The platform's id of the product that a variant is of, where it is known.
    pub product_external_id: Option<String>,
}

/// Items that were asked for.
#[derive(Debug, Clone, Default)]
pub struct FoundItems {
    /// What was read, and what could not be.
    pub batch: CatalogueBatch,
    /// Those that the store no longer has.
    pub gone: Vec<ItemRef>,
}

/// Orders that were asked for.
#[derive(Debug, Clone, Default)]
pub struct FoundOrders {
    /// What was read, and what could not be.
    pub batch: OrderBatch,
    /// Those that the store no longer has.
    pub gone: Vec<String>,
}
