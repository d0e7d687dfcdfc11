//! What real catalogues contain and tidy test data does not.

use super::{Product, Status};
use crate::dice::Dice;

/// The odd things a product can have, one a product.
const KINDS: [fn(&mut Product); 9] = [
    |product| product.variants[0].sku = Some("DUPLICATE-001".to_owned()),
    |product| {
        for variant in &mut product.variants {
            variant.sku = Some(String::new());
        }
        product.variants[0].sku = None;
    },
    |product| product.variants[0].price = 0,
    |product| {
        let sentence = format!(
            "{} in the long version that somebody once pasted whole, ",
            product.title
        );
        product.title = sentence.chars().cycle().take(300).collect();
    },
    |product| product.title = format!("🧶 {} 👩‍👩‍👧 “édition spéciale” ✨", product.title),
    |product| product.title = format!("قميص كتان كلاسيكي {}", product.key + 1),
    |product| product.status = Status::Archived,
    |product| {
        product.status = Status::Draft;
        product.published_at = None;
    },
    |product| {
        product.vendor.clear();
        product.product_type.clear();
        product.tags.clear();
        for variant in &mut product.variants {
            variant.barcode = None;
        }
    },
];

/// Every kind occurs twice among the first twenty products, and in one of sixteen after them.
pub(super) fn apply(seed: u64, product: &mut Product) {
    if product.variants.is_empty() {
        return;
    }
    let mut dice = Dice::of(seed ^ 0x0DD, u64::from(product.key));
    let kind = if product.key < 20 {
        (product.key as usize % 10).checked_sub(1)
    } else {
        (dice.below(16) == 0).then(|| dice.below(KINDS.len() as u64) as usize)
    };
    if let Some(kind) = kind {
        KINDS[kind](product);
    }
}
