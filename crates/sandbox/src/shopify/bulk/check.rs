//! What a bulk query may look like.
//!
//! Rules: "Bulk operations", shopify.dev/docs/api/usage/bulk-operations/queries.

use apollo_compiler::response::JsonMap;

use crate::shopify::graphql::check::check as check_query;
use crate::shopify::graphql::plan::{Plan, PlannedField, Selection, plan};
use crate::shopify::graphql::schema::schema;

const MOST_CONNECTIONS: usize = 5;
const DEEPEST_NESTING: usize = 2;

/// Reads a bulk query, or says all that is wrong with it.
pub(super) fn check(query: &str) -> Result<Plan, Vec<String>> {
    let document = check_query(schema(), query).map_err(|errors| {
        errors
            .into_iter()
            .map(|error| format!("Invalid bulk query: {}", error.message))
            .collect::<Vec<_>>()
    })?;
    let operation = document
        .operations
        .get(None)
        .map_err(|error| vec![format!("Invalid bulk query: {}", error.message())])?;
    if !operation.is_query() {
        return Err(vec![
            "Invalid operation type. Only `query` operations are supported.".to_owned(),
        ]);
    }
    let plan = plan(schema(), &document, operation, &JsonMap::new());
    let mut found = Findings::default();
    found.walk(&plan.root, 0, false);
    let messages = found.messages(&plan);
    if messages.is_empty() {
        Ok(plan)
    } else {
        Err(messages)
    }
}

#[derive(Default)]
struct Findings {
    connections: usize,
    depth: usize,
    with_nodes: Vec<String>,
    without_id: Vec<String>,
    within_list: bool,
}

impl Findings {
    fn walk(&mut self, selection: &Selection, depth: usize, in_list: bool) {
        for field in selection.by_type.iter().flat_map(|(_, fields)| fields) {
            if field.is_connection() {
                self.connection(field, depth + 1, in_list);
            } else {
                self.walk(&field.selection, depth, in_list || field.ty.is_list());
            }
        }
    }

    fn connection(&mut self, field: &PlannedField, depth: usize, in_list: bool) {
        self.connections += 1;
        // The outermost connection does not count as nested.
        self.depth = self.depth.max(depth - 1);
        self.within_list |= in_list;
        if field
            .selection
            .fields()
            .iter()
            .any(|part| part.name == "nodes")
        {
            self.with_nodes.push(field.key.to_string());
        }
        let Some(node) = node_selection(field) else {
            return;
        };
        let before = self.connections;
        self.walk(node, depth, false);
        let nested = self.connections > before;
        let has_id = node.by_type.iter().all(|(_, fields)| {
            fields
                .iter()
                .any(|field| &*field.key == "id" && field.name == "id")
        });
        if nested && !has_id {
            self.without_id.push(field.key.to_string());
        }
    }

    fn messages(self, plan: &Plan) -> Vec<String> {
        let mut messages = Vec::new();
        let roots = plan.root.fields();
        if let Some(first) = self.with_nodes.first() {
            messages.push(format!(
                "All connection fields in a bulk query must select their contents using 'edges' > \
                 'node', e.g: '{first} {{ edges {{ node {{'. Selecting via 'nodes' is not \
                 supported. Invalid connection fields: '{}'.",
                self.with_nodes.join("', '")
            ));
        }
        if let Some(root) = roots
            .iter()
            .find(|root| matches!(root.name.as_str(), "node" | "nodes"))
        {
            messages.push(format!(
                "Bulk queries cannot contain a top level `{}` field.",
                root.name
            ));
        }
        if roots.len() > 1 {
            messages.push("Bulk queries must contain a single top level field.".to_owned());
        }
        if self.depth > DEEPEST_NESTING {
            messages.push(format!(
                "Bulk queries cannot contain connections with a nesting depth greater than \
                 {DEEPEST_NESTING}."
            ));
        }
        if self.connections > MOST_CONNECTIONS {
            messages.push(format!(
                "Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."
            ));
        }
        if !self.without_id.is_empty() {
            messages.push(format!(
                "The parent 'node' field for a nested connection must select the 'id' field \
                 without an alias and must be of 'ID' return type. Connection fields without \
                 'id': {}.",
                self.without_id.join(", ")
            ));
        }
        if self.within_list {
            messages.push(
                "Queries that contain a connection field within a list field are not currently \
                 supported."
                    .to_owned(),
            );
        }
        if self.connections == 0 {
            messages.push("Bulk queries must contain at least one connection.".to_owned());
        }
        messages
    }
}

/// What is selected on the nodes of a connection.
pub(super) fn node_selection(connection: &PlannedField) -> Option<&Selection> {
    let edges = connection
        .selection
        .fields()
        .iter()
        .find(|part| part.name == "edges")?;
    let node = edges
        .selection
        .fields()
        .iter()
        .find(|part| part.name == "node")?;
    Some(&node.selection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(query: &str) -> String {
        check(query).unwrap_err().join(" ")
    }

    #[test]
    fn a_catalogue_query_is_fine() {
        let query =
            "{ products { edges { node { id title variants { edges { node { id sku } } } } } } }";
        assert!(check(query).is_ok());
    }

    #[test]
    fn what_shopify_refuses_is_refused_in_its_words() {
        assert_eq!(
            complaint(""),
            "Invalid bulk query: syntax error, unexpected end of file"
        );
        assert_eq!(
            complaint("{ shop { id } }"),
            "Bulk queries must contain at least one connection."
        );
        assert!(complaint("{ products { nodes { id } } }").starts_with("All connection fields"));
        assert!(
            complaint(
                "{ products { edges { node { title variants { edges { node { id } } } } } } }"
            )
            .ends_with("Connection fields without 'id': products.")
        );
        assert_eq!(
            complaint(r#"mutation { bulkOperationCancel(id: "1") { bulkOperation { id } } }"#),
            "Invalid operation type. Only `query` operations are supported."
        );
    }
}
