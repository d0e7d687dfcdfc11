//! Which product a variant belongs to, and how many variants a product has, in constant time and
//! without a table: products come in blocks of sixteen whose variants add up to the same number.

use std::ops::Range;

use crate::dice::Dice;

/// Variants of the products of a block, before the block's own rotation.
const PATTERN: [u32; 16] = [1, 4, 3, 6, 1, 8, 2, 5, 12, 3, 1, 9, 4, 6, 2, 10];
const PRODUCTS_A_BLOCK: u32 = PATTERN.len() as u32;
const VARIANTS_A_BLOCK: u32 = 77;

/// How a number of variants is spread over products.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    seed: u64,
    variants: u32,
    /// Variants of the products that come before the blocks: the oversized ones.
    head: Vec<u32>,
    products: u32,
}

impl Layout {
    pub(crate) fn new(seed: u64, variants: u32, oversized: bool) -> Self {
        let head = match variants {
            _ if !oversized => Vec::new(),
            0..200 => Vec::new(),
            200..1_000 => vec![120],
            _ => vec![120, 260],
        };
        let mut layout = Self {
            seed,
            variants,
            head,
            products: 0,
        };
        layout.products = match variants.checked_sub(1) {
            Some(last) => layout.product_of(last) + 1,
            None => 0,
        };
        layout
    }

    pub(crate) fn products(&self) -> u32 {
        self.products
    }

    pub(crate) fn variants(&self) -> u32 {
        self.variants
    }

    /// The variants of a product that [`Self::products`] counts.
    pub(crate) fn variants_of(&self, product: u32) -> Range<u32> {
        let head = self.head.len() as u32;
        if product < head {
            let start = self.head[..product as usize].iter().sum();
            return start..start + self.head[product as usize];
        }
        let block = (product - head) / PRODUCTS_A_BLOCK;
        let place = (product - head) % PRODUCTS_A_BLOCK;
        let counts = self.block(block);
        let start = self.head_variants()
            + block * VARIANTS_A_BLOCK
            + counts[..place as usize].iter().sum::<u32>();
        start.min(self.variants)..(start + counts[place as usize]).min(self.variants)
    }

    /// The product of a variant that [`Self::variants`] counts.
    pub(crate) fn product_of(&self, variant: u32) -> u32 {
        let mut end = 0;
        for (product, count) in self.head.iter().enumerate() {
            end += count;
            if variant < end {
                return product as u32;
            }
        }
        let block = (variant - end) / VARIANTS_A_BLOCK;
        let mut left = (variant - end) % VARIANTS_A_BLOCK;
        let mut place = 0;
        for count in self.block(block) {
            if left < count {
                break;
            }
            left -= count;
            place += 1;
        }
        self.head.len() as u32 + block * PRODUCTS_A_BLOCK + place
    }

    fn head_variants(&self) -> u32 {
        self.head.iter().sum()
    }

    fn block(&self, block: u32) -> [u32; 16] {
        let mut counts = PATTERN;
        counts.rotate_left(Dice::of(self.seed, u64::from(block)).below(16) as usize);
        counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_pattern_adds_up() {
        assert_eq!(PATTERN.iter().sum::<u32>(), VARIANTS_A_BLOCK);
    }

    proptest! {
        #[test]
        fn every_variant_belongs_to_exactly_the_product_that_counts_it(
            seed: u64, variants in 1u32..5_000, oversized: bool,
        ) {
            let layout = Layout::new(seed, variants, oversized);
            let mut next = 0;
            for product in 0..layout.products() {
                let range = layout.variants_of(product);
                prop_assert_eq!(range.start, next);
                prop_assert!(!range.is_empty());
                for variant in range.clone() {
                    prop_assert_eq!(layout.product_of(variant), product);
                }
                next = range.end;
            }
            prop_assert_eq!(next, variants);
        }
    }
}
