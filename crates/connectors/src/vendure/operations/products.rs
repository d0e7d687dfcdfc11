//! The products that variants belong to.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    list::{List, RowPage},
    product_fields,
};

/// Products by their ids.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct Products {
    /// The ids.
    pub(in crate::vendure) ids: Vec<String>,
}

impl List for Products {
    const DOCUMENT: &'static str = concat!(
        "query CalibrProducts($options: ProductListOptions!) {
  products(options: $options) {
    totalItems
    items { ",
        product_fields!(),
        " }
  }
}"
    );
    type Data = ProductsData;

    fn filter(&self) -> Value {
        json!({ "id": { "in": self.ids } })
    }

    fn rows(data: ProductsData) -> RowPage {
        data.products
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct ProductsData {
    pub(super) products: RowPage,
}
