//! A shop's goods: the generated catalogue with what was changed since laid over it.
//!
//! Cloning is cheap while little was changed, so that a long export can work on the state of the
//! moment it was started.

mod order;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

pub(crate) use self::order::{Order, Place, Rank};
use crate::generator::{Generator, Product, Specification, Status, Variant};

/// Products and variants, and their changes.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    generator: Arc<Generator>,
    /// Products that are no longer, or never were, as generated; `None` for deleted ones.
    changed: BTreeMap<u32, Option<Arc<Product>>>,
    /// Products of variants that were not generated, by variant.
    added: BTreeMap<u32, u32>,
    next_product: u32,
    next_variant: u32,
    live_products: u32,
    live_variants: u32,
    by_update: OnceLock<BTreeSet<(i64, u32)>>,
}

/// A product to be added; everything else takes sensible values.
#[derive(Clone, Debug)]
pub(crate) struct NewProduct {
    pub(crate) title: String,
    /// SKU and price, in minor units, of each variant.
    pub(crate) variants: Vec<(Option<String>, i64)>,
}

impl Catalogue {
    pub(crate) fn new(specification: Specification) -> Self {
        let generator = Generator::new(specification);
        Self {
            changed: BTreeMap::new(),
            added: BTreeMap::new(),
            next_product: generator.products(),
            next_variant: generator.variants(),
            live_products: generator.products(),
            live_variants: generator.variants(),
            by_update: OnceLock::new(),
            generator: Arc::new(generator),
        }
    }

    /// Number of products.
    pub(crate) fn products_count(&self) -> u32 {
        self.live_products
    }

    /// Number of variants.
    pub(crate) fn variants_count(&self) -> u32 {
        self.live_variants
    }

    /// The product of that key, unless it was deleted or never was.
    pub(crate) fn product(&self, key: u32) -> Option<Arc<Product>> {
        match self.changed.get(&key) {
            Some(changed) => changed.clone(),
            None if key < self.generator.products() => Some(Arc::new(self.generator.product(key))),
            None => None,
        }
    }

    /// The variant of that key with its product: the product, and the variant's place in it.
    pub(crate) fn variant(&self, key: u32) -> Option<(Arc<Product>, usize)> {
        let product = if key < self.generator.variants() {
            self.generator.product_of(key)
        } else {
            *self.added.get(&key)?
        };
        let product = self.product(product)?;
        let place = product
            .variants
            .iter()
            .position(|variant| variant.key == key)?;
        Some((product, place))
    }

    /// Keys of the products from `first` on, ascending.
    pub(crate) fn keys_from(&self, first: u32) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.keys(Bound::Included(first), Bound::Unbounded)
    }

    fn keys(
        &self,
        after: Bound<u32>,
        before: Bound<u32>,
    ) -> impl DoubleEndedIterator<Item = u32> + '_ {
        let start = match after {
            Bound::Included(key) => key,
            Bound::Excluded(key) => key.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match before {
            Bound::Included(key) => key.saturating_add(1),
            Bound::Excluded(key) => key,
            Bound::Unbounded => self.next_product,
        };
        (start..end.min(self.next_product).max(start))
            .filter(|key| !matches!(self.changed.get(key), Some(None)))
    }

    /// Products in the order of their last change; built when first needed, then kept up.
    fn by_update(&self) -> &BTreeSet<(i64, u32)> {
        self.by_update.get_or_init(|| {
            self.keys_from(0)
                .filter_map(|key| Some((self.changed_at(key)?, key)))
                .collect()
        })
    }

    /// When a product changed last, in seconds since 1970, without making it; `None` for one that
    /// is not there.
    pub(crate) fn changed_at(&self, key: u32) -> Option<i64> {
        match self.changed.get(&key) {
            Some(changed) => changed.as_ref().map(|product| product.updated_at),
            None => (key < self.generator.products()).then(|| self.generator.updated_at(key)),
        }
    }

    /// Changes a product by `change` and notes the time; `None` if there is no such product.
    pub(crate) fn change_product<R>(
        &mut self,
        key: u32,
        now: i64,
        change: impl FnOnce(&mut Product) -> R,
    ) -> Option<R> {
        let mut product = self.product(key)?;
        let changed = Arc::make_mut(&mut product);
        let variants_before = changed.variants.len() as u32;
        let before = changed.updated_at;
        let result = change(changed);
        changed.updated_at = now;
        let variants_after = changed.variants.len() as u32;
        self.live_variants = self.live_variants - variants_before + variants_after;
        if let Some(index) = self.by_update.get_mut() {
            index.remove(&(before, key));
            index.insert((now, key));
        }
        self.changed.insert(key, Some(product));
        Some(result)
    }

    /// Changes a variant and notes the time on it and its product.
    pub(crate) fn change_variant<R>(
        &mut self,
        key: u32,
        now: i64,
        change: impl FnOnce(&mut Variant) -> R,
    ) -> Option<R> {
        let (product, place) = self.variant(key)?;
        self.change_product(product.key, now, |product| {
            let variant = &mut product.variants[place];
            variant.updated_at = now;
            change(variant)
        })
    }

    /// Adds a product and answers with its key.
    pub(crate) fn add_product(&mut self, new: NewProduct, now: i64) -> u32 {
        let key = self.next_product;
        self.next_product += 1;
        let plain = new.variants.len() == 1;
        let mut variants = Vec::new();
        for (place, (sku, price)) in new.variants.into_iter().enumerate() {
            let variant = self.next_variant;
            self.next_variant += 1;
            self.added.insert(variant, key);
            variants.push(Variant {
                key: variant,
                values: if plain {
                    Vec::new()
                } else {
                    vec![format!("No. {}", place + 1)]
                },
                sku,
                barcode: None,
                price,
                compare_at_price: None,
                unit_cost: None,
                stock: 0,
                tracked: true,
                taxable: true,
                created_at: now,
                updated_at: now,
            });
        }
        self.live_products += 1;
        self.live_variants += variants.len() as u32;
        if let Some(index) = self.by_update.get_mut() {
            index.insert((now, key));
        }
        let options = match plain {
            true => Vec::new(),
            false => vec![crate::generator::ProductOption {
                name: "Number".to_owned(),
                values: variants
                    .iter()
                    .flat_map(|variant| variant.values.clone())
                    .collect(),
            }],
        };
        let product = Product {
            key,
            handle: format!("added-{}", key + 1),
            title: new.title,
            vendor: "Added".to_owned(),
            product_type: String::new(),
            status: Status::Active,
            tags: Vec::new(),
            options,
            pictured: false,
            created_at: now,
            updated_at: now,
            published_at: Some(now),
            variants,
        };
        self.changed.insert(key, Some(Arc::new(product)));
        key
    }

    /// Deletes a product with its variants; false if there is none.
    pub(crate) fn delete_product(&mut self, key: u32) -> bool {
        let Some(product) = self.product(key) else {
            return false;
        };
        self.live_products -= 1;
        self.live_variants -= product.variants.len() as u32;
        if let Some(index) = self.by_update.get_mut() {
            index.remove(&(product.updated_at, key));
        }
        self.changed.insert(key, None);
        true
    }

    /// Deletes a variant, and its product with the last one; false if there is none.
    pub(crate) fn delete_variant(&mut self, key: u32, now: i64) -> bool {
        let Some((product, place)) = self.variant(key) else {
            return false;
        };
        if product.variants.len() == 1 {
            return self.delete_product(product.key);
        }
        self.change_product(product.key, now, |product| product.variants.remove(place))
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn catalogue(variants: u32) -> Catalogue {
        Catalogue::new(Specification {
            seed: 1,
            variants,
            oddities: false,
            made_at: DateTime::from_timestamp(NOW, 0).unwrap(),
        })
    }

    fn variants(catalogue: &Catalogue) -> usize {
        catalogue
            .keys_from(0)
            .filter_map(|key| catalogue.product(key))
            .map(|product| product.variants.len())
            .sum()
    }

    #[test]
    fn changes_are_seen_and_move_the_product_to_the_end_of_the_order_of_changes() {
        let mut catalogue = catalogue(100);
        let products = catalogue.products_count() as usize;
        assert_eq!(catalogue.by_update().len(), products);

        catalogue
            .change_variant(50, NOW, |variant| variant.price = 4_200)
            .unwrap();

        let (product, place) = catalogue.variant(50).unwrap();
        assert_eq!(product.variants[place].price, 4_200);
        assert_eq!(product.variants[place].updated_at, NOW);
        assert_eq!(catalogue.by_update().last(), Some(&(NOW, product.key)));
        assert_eq!(catalogue.by_update().len(), products);
    }

    #[test]
    fn counts_follow_additions_and_deletions() {
        let mut catalogue = catalogue(100);
        let products = catalogue.products_count();

        let added = catalogue.add_product(
            NewProduct {
                title: "New".to_owned(),
                variants: vec![(None, 100), (None, 200)],
            },
            NOW,
        );
        assert!(catalogue.delete_variant(0, NOW));
        assert!(catalogue.delete_product(5));
        assert!(!catalogue.delete_product(5));

        assert_eq!(
            catalogue.products_count() as usize,
            catalogue.keys_from(0).count()
        );
        assert_eq!(catalogue.variants_count() as usize, variants(&catalogue));
        assert!(catalogue.products_count() <= products);
        assert_eq!(catalogue.variant(100).unwrap().0.key, added);
        assert!(catalogue.variant(0).is_none());
    }

    #[test]
    fn a_clone_keeps_the_state_of_its_moment() {
        let mut catalogue = catalogue(100);
        let before = catalogue.clone();
        catalogue
            .change_variant(0, NOW, |variant| variant.stock = -3)
            .unwrap();

        assert_ne!(
            before.variant(0).unwrap().0,
            catalogue.variant(0).unwrap().0
        );
    }
}
