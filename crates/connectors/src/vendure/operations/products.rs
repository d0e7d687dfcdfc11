//! The products that variants belong to.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, RowPage, product_fields};

/// Asks for products by their ids.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct Products<'a> {
    /// The ids; at least one.
    pub(in crate::vendure) ids: &'a [String],
}

impl Operation for Products<'_> {
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

    fn variables(&self) -> Value {
        json!({ "options": {
            "take": self.ids.len(),
            "filter": { "id": { "in": self.ids } },
        } })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct ProductsData {
    pub(in crate::vendure) products: RowPage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_as_many_as_there_are_ids() {
        let ids = ["1".to_owned(), "7".to_owned()];
        insta::assert_json_snapshot!(Products { ids: &ids }.variables(), @r#"
        {
          "options": {
            "filter": {
              "id": {
                "in": [
                  "1",
                  "7"
                ]
              }
            },
            "take": 2
          }
        }
        "#);
    }
}
