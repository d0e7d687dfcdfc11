//! Shopify's global ids, `gid://shopify/Product/1`.

const PREFIX: &str = "gid://shopify/";

/// Whether a text is the id of such a thing.
pub(super) fn is(text: &str, kind: &str) -> bool {
    let number = text
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_prefix(kind))
        .and_then(|rest| rest.strip_prefix('/'));
    number.is_some_and(|number| number.parse::<u64>().is_ok())
}

/// The id of a thing that is known by its number.
pub(super) fn of(kind: &str, number: u64) -> String {
    format!("{PREFIX}{kind}/{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_of_its_kind() {
        assert!(is(&of("Product", 7), "Product"));
        for text in [
            "",
            "7",
            "gid://shopify/ProductVariant/7",
            "gid://shopify/Product/",
            "gid://shopify/Product/x",
            "gid://other/Product/7",
        ] {
            assert!(!is(text, "Product"), "{text}");
        }
    }
}
