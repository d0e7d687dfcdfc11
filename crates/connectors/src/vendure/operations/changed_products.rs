//! Products that were changed.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    list::{List, RowPage, at_or_after},
    product_fields,
    products::ProductsData,
};

/// Products changed since a moment, with the number of their variants: a product
/// without any is nothing that could be sold.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct ChangedProducts {
    /// The moment.
    pub(in crate::vendure) changed_since: DateTime<Utc>,
}

impl List for ChangedProducts {
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

    fn filter(&self) -> Value {
        json!({ "updatedAt": at_or_after(self.changed_since) })
    }

    fn rows(data: ProductsData) -> RowPage {
        data.products
    }
}
