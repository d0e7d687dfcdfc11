//! Further variants of a product that has many.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, RecordPage, variant_fields};

/// Asks for a product's variants after those that came with it.
pub(in crate::shopify) struct ProductVariants<'a> {
    /// The product's id.
    pub(in crate::shopify) product: &'a str,
    /// Where the page before ended.
    pub(in crate::shopify) after: Option<&'a str>,
}

impl ProductVariants<'_> {
    pub(super) fn example() -> Self {
        Self {
            product: "gid://shopify/Product/1",
            after: None,
        }
    }
}

impl Operation for ProductVariants<'_> {
    const NAME: &'static str = "CalibrProductVariants";
    const DOCUMENT: &'static str = concat!(
        "query CalibrProductVariants($product: ID!, $after: String) {
  product(id: $product) {
    variants(first: 200, after: $after) {
      nodes { ",
        variant_fields!(),
        " }
      pageInfo { hasNextPage endCursor }
    }
  }
}"
    );
    const COST: u32 = 420;
    type Data = ProductVariantsData;

    fn variables(&self) -> Value {
        json!({ "product": self.product, "after": self.after })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct ProductVariantsData {
    /// `None` where the product has gone meanwhile.
    pub(in crate::shopify) product: Option<ProductData>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct ProductData {
    pub(in crate::shopify) variants: RecordPage,
}
