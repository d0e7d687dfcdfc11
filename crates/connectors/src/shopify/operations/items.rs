//! Products, variants and orders by their ids.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Currency, Operation, orders::order_fields, product_fields, variant_fields};

/// Asks for variants with their products, by their ids.
pub(in crate::shopify) struct VariantsById<'a> {
    /// The variants' ids, at most [`VariantsById::AT_ONCE`].
    pub(in crate::shopify) ids: &'a [&'a str],
}

impl VariantsById<'_> {
    /// As many as stay well below the 1,000 points that a query may cost.
    pub(in crate::shopify) const AT_ONCE: usize = 100;

    pub(super) fn example() -> Value {
        VariantsById {
            ids: &["gid://shopify/ProductVariant/1"],
        }
        .variables()
    }
}

impl Operation for VariantsById<'_> {
    const NAME: &'static str = "CalibrVariantsById";
    const DOCUMENT: &'static str = concat!(
        "query CalibrVariantsById($ids: [ID!]!) {
  shop { currencyCode }
  nodes(ids: $ids) {
    ... on ProductVariant { ",
        variant_fields!(),
        " product { ",
        product_fields!(),
        " } }
  }
}"
    );
    const COST: u32 = 605;
    type Data = Nodes;

    fn variables(&self) -> Value {
        json!({ "ids": self.ids })
    }
}

/// Asks for products with their first variants, by their ids.
pub(in crate::shopify) struct ProductsById<'a> {
    /// The products' ids, at most [`ProductsById::AT_ONCE`].
    pub(in crate::shopify) ids: &'a [&'a str],
}

impl ProductsById<'_> {
    /// As many as stay well below the 1,000 points that a query may cost.
    pub(in crate::shopify) const AT_ONCE: usize = 10;

    pub(super) fn example() -> Value {
        ProductsById {
            ids: &["gid://shopify/Product/1"],
        }
        .variables()
    }
}

impl Operation for ProductsById<'_> {
    const NAME: &'static str = "CalibrProductsById";
    const DOCUMENT: &'static str = concat!(
        "query CalibrProductsById($ids: [ID!]!) {
  shop { currencyCode }
  nodes(ids: $ids) {
    ... on Product { ",
        product_fields!(),
        "
      variants(first: 25) {
        nodes { ",
        variant_fields!(),
        " }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}"
    );
    const COST: u32 = 600;
    type Data = Nodes;

    fn variables(&self) -> Value {
        json!({ "ids": self.ids })
    }
}

/// Asks for orders with their first lines, by their ids.
pub(in crate::shopify) struct OrdersById<'a> {
    /// The orders' ids, at most [`OrdersById::AT_ONCE`].
    pub(in crate::shopify) ids: &'a [&'a str],
}

impl OrdersById<'_> {
    /// As many as stay well below the 1,000 points that a query may cost.
    pub(in crate::shopify) const AT_ONCE: usize = 15;

    pub(super) fn example() -> Value {
        OrdersById {
            ids: &["gid://shopify/Order/1"],
        }
        .variables()
    }
}

impl Operation for OrdersById<'_> {
    const NAME: &'static str = "CalibrOrdersById";
    const DOCUMENT: &'static str = concat!(
        "query CalibrOrdersById($ids: [ID!]!, $lines: Int!) {
  shop { currencyCode }
  nodes(ids: $ids) { ... on Order { ",
        order_fields!(),
        " } }
}"
    );
    const COST: u32 = 500;
    type Data = Nodes;

    fn variables(&self) -> Value {
        json!({ "ids": self.ids, "lines": super::orders::LINES })
    }
}

/// What was asked for.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct Nodes {
    pub(in crate::shopify) shop: Currency,
    /// In the order of the ids, each as it came; null for one that is gone.
    pub(in crate::shopify) nodes: Vec<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_buyer_is_asked_for() {
        for word in [
            "customer", "email", "phone", "ddress", "note", "name", "clientIp",
        ] {
            assert!(!OrdersById::DOCUMENT.contains(word), "{word}");
        }
    }
}
