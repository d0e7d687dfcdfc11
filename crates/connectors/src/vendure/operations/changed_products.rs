//! Products that were changed, page by page.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Operation, product_fields, products::ProductsData, variants::list_options};

/// Asks for products changed after a moment, in the order of their ids, with
/// the number of their variants: a product without any is nothing that could be
/// sold.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct ChangedProducts {
    /// The moment.
    pub(in crate::vendure) changed_after: DateTime<Utc>,
    /// How many rows to leave out first.
    pub(in crate::vendure) skip: u64,
    /// How many rows to give.
    pub(in crate::vendure) take: u32,
}

impl Operation for ChangedProducts {
    const DOCUMENT: &'static str = concat!(
        "query CalibrChangedProducts($options: ProductListOptions!) {
  products(options: $options) {
    totalItems
    items { ",
        product_fields!(),
        " variantList(options: { take: 1 }) { totalItems } }
  }
}"
    );
    type Data = ProductsData;

    fn variables(&self) -> Value {
        json!({ "options": list_options(Some(self.changed_after), self.skip, self.take) })
    }
}
