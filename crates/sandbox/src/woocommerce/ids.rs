//! Ids as WordPress gives them: products and variations share one table, so that no number is
//! both a product and a variation.

/// The id of a product.
pub(crate) fn product_id(key: u32) -> u64 {
    101 + 2 * u64::from(key)
}

/// The id of a variation.
pub(crate) fn variation_id(key: u32) -> u64 {
    100 + 2 * u64::from(key) + 2
}

/// The product of an id, where it can be one.
pub(crate) fn product_key(id: u64) -> Option<u32> {
    let half = id.checked_sub(101)?;
    (half % 2 == 0)
        .then(|| u32::try_from(half / 2).ok())
        .flatten()
}

/// The variant of a variation's id, where it can be one.
pub(crate) fn variation_key(id: u64) -> Option<u32> {
    let half = id.checked_sub(102)?;
    (half % 2 == 0)
        .then(|| u32::try_from(half / 2).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_product_or_a_variation_and_never_both() {
        for key in [0, 1, 7, 1_000_000] {
            assert_eq!(product_key(product_id(key)), Some(key));
            assert_eq!(variation_key(variation_id(key)), Some(key));
            assert_eq!(variation_key(product_id(key)), None);
            assert_eq!(product_key(variation_id(key)), None);
        }
    }
}
