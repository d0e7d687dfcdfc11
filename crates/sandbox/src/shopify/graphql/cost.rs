//! What a query costs.
//!
//! Published ("GraphQL Admin API rate limits"): scalars and enums are free, an object costs one
//! point, an interface or union the most expensive of its possible selections, a mutation ten,
//! and a connection is sized by `first` or `last`. How it is sized Shopify's staff have said in
//! their developer forum (community.shopify.dev, topic 24364): two points for the connection, and
//! the items' cost times twice the natural logarithm of the page size, rounded down; objects that
//! only wrap values (money, addresses, page information) are free.

use serde_json::Value;

use super::data::Data;
use super::plan::{Plan, PlannedField, Selection};

const MUTATION: u32 = 10;
const CONNECTION: u32 = 2;
const VALUE_OBJECTS: [&str; 8] = [
    "ApiVersion",
    "Count",
    "MoneyBag",
    "MoneyV2",
    "PageInfo",
    "ProductPriceRangeV2",
    "SelectedOption",
    "AccessScope",
];

/// The most that answering can cost, known before it is executed.
pub(crate) fn requested(plan: &Plan) -> u32 {
    if plan.mutation {
        return MUTATION * plan.root.fields().len() as u32;
    }
    selection(&plan.root)
}

fn selection(selection: &Selection) -> u32 {
    let of = |fields: &[PlannedField]| fields.iter().map(field).sum();
    selection
        .by_type
        .iter()
        .map(|(_, fields)| of(fields))
        .max()
        .unwrap_or(0)
}

fn field(field: &PlannedField) -> u32 {
    if field.selection.is_empty() || VALUE_OBJECTS.contains(&field.type_name()) {
        return 0;
    }
    if field.is_connection() {
        let size = field.number("first").or(field.number("last")).unwrap_or(1);
        let items: u32 = field.selection.fields().iter().map(items).sum();
        return CONNECTION + multiplier(size) * items;
    }
    let object = 1 + selection(&field.selection);
    match field.arguments.get("ids").and_then(Value::as_array) {
        Some(ids) => object * ids.len() as u32,
        None => object,
    }
}

/// The cost of one item, from the connection's `edges` or `nodes`.
fn items(field: &PlannedField) -> u32 {
    match field.name.as_str() {
        "edges" => selection(&field.selection),
        "nodes" => 1 + selection(&field.selection),
        _ => 0,
    }
}

fn multiplier(size: i64) -> u32 {
    if size <= 0 {
        return 0;
    }
    (2.0 * (size.max(2) as f64).ln()).floor() as u32
}

/// What answering did cost, judged by the answer.
pub(crate) fn actual(plan: &Plan, data: &Data) -> u32 {
    if plan.mutation {
        return MUTATION * plan.root.fields().len() as u32;
    }
    answered(&plan.root, data)
}

fn answered(selection: &Selection, data: &Data) -> u32 {
    let of = |fields: &[PlannedField]| {
        fields
            .iter()
            .map(|field| answered_field(field, data.field(&field.key)))
            .sum()
    };
    selection
        .by_type
        .iter()
        .map(|(_, fields)| of(fields))
        .max()
        .unwrap_or(0)
}

fn answered_field(field: &PlannedField, data: Option<&Data>) -> u32 {
    if field.selection.is_empty() || VALUE_OBJECTS.contains(&field.type_name()) {
        return 0;
    }
    match data {
        None => 0,
        Some(Data::List(items)) => {
            let each = items
                .iter()
                .map(|item| 1 + answered(&field.selection, item));
            match field.arguments.contains_key("ids") {
                true => each.sum(),
                false => each.max().unwrap_or(1),
            }
        }
        Some(data) if field.is_connection() => {
            let mut cost = CONNECTION;
            for part in field.selection.fields() {
                let items = data.field(&part.key).map(Data::items).unwrap_or_default();
                let own = u32::from(part.name == "nodes");
                if matches!(part.name.as_str(), "edges" | "nodes") {
                    let most = items
                        .iter()
                        .map(|item| own + answered(&part.selection, item))
                        .max();
                    cost += multiplier(items.len() as i64) * most.unwrap_or(0);
                }
            }
            cost
        }
        Some(Data::Null) => 1,
        Some(data) => 1 + answered(&field.selection, data),
    }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::ExecutableDocument;
    use apollo_compiler::response::JsonMap;

    use super::*;
    use crate::shopify::graphql::plan::plan;
    use crate::shopify::graphql::schema::schema;

    fn cost(query: &str) -> u32 {
        let document = ExecutableDocument::parse_and_validate(schema(), query, "query").unwrap();
        let operation = document.operations.get(None).unwrap();
        requested(&plan(schema(), &document, operation, &JsonMap::new()))
    }

    /// Reported from the real API in community.shopify.dev, topic 23101.
    #[test]
    fn a_large_page_costs_what_shopify_says_it_does() {
        let query = r#"{ product(id: "gid://shopify/Product/1") {
            variants(first: 250) { nodes { inventoryItem { id tracked } } } } }"#;
        assert_eq!(cost(query), 25);
    }

    #[test]
    fn objects_cost_one_and_values_nothing() {
        assert_eq!(cost("{ shop { name plan { publicDisplayName } } }"), 2);
        assert_eq!(cost("{ productsCount { count } }"), 0);
    }

    #[test]
    fn edges_cost_what_nodes_do() {
        let edges = cost("{ products(first: 10) { edges { cursor node { id } } } }");
        let nodes = cost("{ products(first: 10) { nodes { id } pageInfo { hasNextPage } } }");
        assert_eq!((edges, nodes), (6, 6));
    }

    #[test]
    fn a_mutation_costs_ten() {
        let mutation = r#"mutation { bulkOperationRunQuery(query: "{ shop { id } }") {
            bulkOperation { id } userErrors { field message } } }"#;
        assert_eq!(cost(mutation), 10);
    }
}
