//! Catalogues of any size made from a seed: product *n* is computed when somebody asks for it,
//! so a shop of a million variants costs no memory until it is changed.
//!
//! Nothing here knows a platform; ids, handles in URLs and formats are the platforms' business.

mod layout;
mod oddities;
mod vocabulary;

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::layout::Layout;
use self::vocabulary::{ADJECTIVES, COLOURS, LINES, Line, MATERIALS, TAGS, VENDORS};
use crate::dice::Dice;

const DAY: i64 = 86_400;

/// What a catalogue is made from. The same specification always gives the same catalogue.
#[derive(Clone, Debug)]
pub(crate) struct Specification {
    /// Seed of everything random.
    pub(crate) seed: u64,
    /// Number of variants over all products.
    pub(crate) variants: u32,
    /// Duplicate and empty SKUs, prices of zero, 300-character, emoji and right-to-left titles,
    /// archived and draft products, and, from 200 variants on, products with more than a hundred.
    pub(crate) oddities: bool,
    /// When the catalogue is looked at first: changes are spread over the year before it.
    pub(crate) made_at: DateTime<Utc>,
}

/// Whether a product is for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// For sale.
    Active,
    /// No longer for sale, kept for the record.
    Archived,
    /// Not yet for sale.
    Draft,
}

/// One option of a product, such as size or colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProductOption {
    /// What is chosen.
    pub(crate) name: String,
    /// What it can be, in order.
    pub(crate) values: Vec<String>,
}

/// A product with its variants. Times are seconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// Number of the product in its catalogue, from 0, never reused.
    pub(crate) key: u32,
    /// Title in the shop's language.
    pub(crate) title: String,
    /// The part of the shop's address that is this product's own.
    pub(crate) handle: String,
    /// Brand.
    pub(crate) vendor: String,
    /// Kind of goods.
    pub(crate) product_type: String,
    /// Whether it is for sale.
    pub(crate) status: Status,
    /// Free labels.
    pub(crate) tags: Vec<String>,
    /// Options its variants differ in; empty for a product with one plain variant.
    pub(crate) options: Vec<ProductOption>,
    /// Whether it has a picture.
    pub(crate) pictured: bool,
    /// When it was made.
    pub(crate) created_at: i64,
    /// When it or one of its variants changed last.
    pub(crate) updated_at: i64,
    /// When it went on sale.
    pub(crate) published_at: Option<i64>,
    /// In the order of the shop.
    pub(crate) variants: Vec<Variant>,
}

/// What has a price. Amounts are in minor units of the shop's currency, times seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    /// Number of the variant in its catalogue, from 0, never reused.
    pub(crate) key: u32,
    /// Values of the product's options, in their order.
    pub(crate) values: Vec<String>,
    /// Stock-keeping unit; neither unique nor always there.
    pub(crate) sku: Option<String>,
    /// EAN-13.
    pub(crate) barcode: Option<String>,
    /// Selling price.
    pub(crate) price: i64,
    /// Price before a reduction.
    pub(crate) compare_at_price: Option<i64>,
    /// What it costs the merchant.
    pub(crate) unit_cost: Option<i64>,
    /// Units in stock; negative when oversold.
    pub(crate) stock: i64,
    /// Whether stock is counted.
    pub(crate) tracked: bool,
    /// Whether tax is charged.
    pub(crate) taxable: bool,
    /// When it was made.
    pub(crate) created_at: i64,
    /// When it changed last.
    pub(crate) updated_at: i64,
}

/// Computes the products of a [`Specification`].
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    specification: Specification,
    layout: Layout,
}

impl Generator {
    pub(crate) fn new(specification: Specification) -> Self {
        let layout = Layout::new(
            specification.seed,
            specification.variants,
            specification.oddities,
        );
        Self {
            specification,
            layout,
        }
    }

    pub(crate) fn products(&self) -> u32 {
        self.layout.products()
    }

    pub(crate) fn variants(&self) -> u32 {
        self.layout.variants()
    }

    /// The product that generated variant `key` belongs to.
    pub(crate) fn product_of(&self, key: u32) -> u32 {
        self.layout.product_of(key)
    }

    /// When generated product `key` changed last, without making the product.
    pub(crate) fn updated_at(&self, key: u32) -> i64 {
        let mut dice = Dice::of(self.specification.seed ^ 0x7133, u64::from(key));
        self.specification.made_at.timestamp() - 3_600 - dice.below(364 * DAY as u64) as i64
    }

    /// Generated product `key`.
    pub(crate) fn product(&self, key: u32) -> Product {
        let seed = self.specification.seed;
        let mut dice = Dice::of(seed, u64::from(key));
        let line = dice.pick(LINES);
        let variants = self.layout.variants_of(key);
        let title = format!(
            "{} {} {}",
            dice.pick(ADJECTIVES),
            dice.pick(MATERIALS),
            dice.pick(line.nouns)
        );
        let updated_at = self.updated_at(key);
        let created_at = updated_at - DAY - dice.below(700 * DAY as u64) as i64;
        let options = options(line, variants.len());
        let mut product = Product {
            key,
            handle: format!("{}-{}", title.to_lowercase().replace(' ', "-"), key + 1),
            title,
            vendor: (*dice.pick(VENDORS)).to_owned(),
            product_type: line.product_type.to_owned(),
            status: Status::Active,
            tags: (0..dice.below(4))
                .map(|_| (*dice.pick(TAGS)).to_owned())
                .collect(),
            options,
            pictured: dice.percent(80),
            created_at,
            updated_at,
            published_at: Some(created_at + 3_600),
            variants: Vec::new(),
        };
        product.tags.sort();
        product.tags.dedup();
        product.variants = make_variants(line, &product, variants, &mut dice);
        if self.specification.oddities {
            oddities::apply(seed, &mut product);
        }
        product
    }
}

/// How many values each option has so that their combinations are at least `variants`.
fn options(line: &Line, variants: usize) -> Vec<ProductOption> {
    let (sizes, colours) = match variants {
        0 | 1 => return Vec::new(),
        2..=5 => (variants, 1),
        6 => (3, 2),
        7 | 8 => (4, 2),
        9 => (3, 3),
        10 => (5, 2),
        11 | 12 => (4, 3),
        many => (10, many.div_ceil(10).min(13)),
    };
    let names = |words: &[&str], count: usize| {
        words
            .iter()
            .take(count)
            .map(|&word| word.to_owned())
            .collect()
    };
    let mut options = vec![ProductOption {
        name: line.option.to_owned(),
        values: names(line.sizes, sizes),
    }];
    if colours > 1 {
        options.push(ProductOption {
            name: "Colour".to_owned(),
            values: names(COLOURS, colours),
        });
    }
    let materials = variants.div_ceil(sizes * colours);
    if materials > 1 {
        options.push(ProductOption {
            name: "Material".to_owned(),
            values: names(MATERIALS, materials),
        });
    }
    options
}

fn make_variants(
    line: &Line,
    product: &Product,
    keys: Range<u32>,
    dice: &mut Dice,
) -> Vec<Variant> {
    let (low, high) = line.price;
    let base = low + dice.below(high - low);
    keys.enumerate()
        .map(|(place, key)| {
            let values = combination(&product.options, place);
            let price = price(base + base * (place as u64 % 5) / 20, dice);
            let reduced = dice.percent(20);
            let age = if place == 0 {
                0
            } else {
                dice.below(DAY as u64) as i64
            };
            Variant {
                key,
                sku: Some(sku(line, product.key, &values)),
                values,
                barcode: Some(ean13(key)),
                price,
                compare_at_price: reduced.then(|| price + price / 4 / 100 * 100),
                unit_cost: dice.percent(90).then_some(price * 45 / 100),
                stock: if dice.percent(8) {
                    0
                } else {
                    dice.below(250) as i64
                },
                tracked: true,
                taxable: true,
                created_at: product.created_at,
                updated_at: product.updated_at - age,
            }
        })
        .collect()
}

/// The option values of the variant at `place`, the first option changing fastest.
fn combination(options: &[ProductOption], place: usize) -> Vec<String> {
    let mut rest = place;
    options
        .iter()
        .map(|option| {
            let value = option.values[rest % option.values.len()].clone();
            rest /= option.values.len();
            value
        })
        .collect()
}

/// Ends as shop prices do.
fn price(about: u64, dice: &mut Dice) -> i64 {
    (about / 100 * 100 + dice.pick(&[0, 50, 90, 95, 99])) as i64
}

fn sku(line: &Line, product: u32, values: &[String]) -> String {
    let mut sku = format!("{}-{:05}", line.code, product + 1);
    for value in values {
        sku.push('-');
        sku.extend(
            value
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(5)
                .map(|c| c.to_ascii_uppercase()),
        );
    }
    sku
}

/// A valid EAN-13 from the range for use inside a shop (prefix 2).
fn ean13(key: u32) -> String {
    let digits = format!("200{key:09}");
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn generator(variants: u32, oddities: bool) -> Generator {
        Generator::new(Specification {
            seed: 42,
            variants,
            oddities,
            made_at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        })
    }

    #[test]
    fn a_product_is_the_same_whenever_it_is_computed() {
        let catalogue = generator(5_000, true);
        assert_eq!(catalogue.product(900), generator(5_000, true).product(900));
        assert_eq!(catalogue.product(17).updated_at, catalogue.updated_at(17));
    }

    #[test]
    fn a_tidy_catalogue_has_unique_skus_handles_and_combinations() {
        let catalogue = generator(3_000, false);
        let (mut skus, mut handles) = (HashSet::new(), HashSet::new());
        for key in 0..catalogue.products() {
            let product = catalogue.product(key);
            assert!(handles.insert(product.handle.clone()));
            let combinations: HashSet<_> =
                product.variants.iter().map(|v| v.values.clone()).collect();
            assert_eq!(combinations.len(), product.variants.len());
            for variant in product.variants {
                assert!(variant.price > 0);
                assert!(skus.insert(variant.sku));
            }
        }
        assert_eq!(skus.len(), 3_000);
    }

    #[test]
    fn an_odd_catalogue_of_a_hundred_variants_already_shows_every_oddity() {
        let catalogue = generator(100, true);
        let products: Vec<_> = (0..catalogue.products())
            .map(|key| catalogue.product(key))
            .collect();
        let variants: Vec<_> = products.iter().flat_map(|p| &p.variants).collect();

        let duplicates = variants
            .iter()
            .filter(|v| v.sku.as_deref() == Some("DUPLICATE-001"))
            .count();
        assert!(duplicates > 1, "{duplicates}");
        assert!(variants.iter().any(|v| v.sku.is_none()));
        assert!(variants.iter().any(|v| v.sku.as_deref() == Some("")));
        assert!(variants.iter().any(|v| v.price == 0));
        assert!(products.iter().any(|p| p.title.chars().count() == 300));
        assert!(products.iter().any(|p| p.title.contains('🧶')));
        assert!(products.iter().any(|p| p.title.contains('ق')));
        assert!(products.iter().any(|p| p.status == Status::Archived));
        assert!(products.iter().any(|p| p.status == Status::Draft));
    }

    #[test]
    fn large_odd_catalogues_have_products_with_more_than_a_hundred_variants() {
        let catalogue = generator(1_000, true);
        let sizes: Vec<_> = (0..2)
            .map(|key| catalogue.product(key).variants.len())
            .collect();
        assert_eq!(sizes, [120, 260]);
    }

    #[test]
    fn barcodes_have_a_valid_check_digit() {
        assert_eq!(ean13(0), "2000000000008");
    }
}
