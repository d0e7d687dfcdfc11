//! The schema that queries are checked against.

use std::sync::LazyLock;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

#[expect(
    clippy::expect_used,
    reason = "the schema is part of the program; a test parses it before anybody else does"
)]
static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    Schema::parse_and_validate(include_str!("schema.graphql"), "schema.graphql")
        .expect("the sandbox's own schema is valid")
});

/// The part of Shopify's Admin schema that the sandbox answers.
pub(crate) fn schema() -> &'static Valid<Schema> {
    &SCHEMA
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_valid_and_has_the_types_that_matter() {
        for name in [
            "Product",
            "ProductVariant",
            "BulkOperation",
            "WebhookSubscription",
        ] {
            assert!(schema().get_object(name).is_some(), "{name}");
        }
    }
}
