//! A made-up catalogue, as the engine hands it to the store.

use calibr_model::{Currency, Money, status::ListingState};
use calibr_store::catalogue::{BatchInput, ProductInput, RecordHash, VariantInput};
use chrono::{DateTime, Utc};

/// Variants of each product.
const VARIANTS_A_PRODUCT: u32 = 6;

const WORDS: [&str; 16] = [
    "Alpine", "Bamboo", "Canvas", "Dune", "Ember", "Fjord", "Granite", "Harbour", "Indigo",
    "Juniper", "Linen", "Merino", "Nordic", "Oak", "Pebble", "Quartz",
];

fn hash(number: u32, kind: u8) -> RecordHash {
    let mut bytes = [kind; 16];
    bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_le_bytes());
    bytes[4..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn word(number: u32) -> &'static str {
    WORDS[(number.wrapping_mul(2_654_435_761) >> 28) as usize]
}

fn product(number: u32) -> ProductInput {
    let title = format!(
        "{} {} Jacket {number}",
        word(number),
        word(number.wrapping_add(7))
    );
    ProductInput {
        external_id: format!(
            "gid://shopify/Product/{}",
            7_000_000_000_u64 + u64::from(number)
        ),
        handle: Some(title.to_lowercase().replace(' ', "-")),
        vendor: Some(format!("{} & Sons", word(number / 40))),
        product_type: Some("Outerwear".to_owned()),
        image_url: Some(format!(
            "https://cdn.shop.example/files/picture-{number}.jpg?v=1"
        )),
        state: ListingState::Active,
        hash: hash(number, 1),
        title,
    }
}

fn variant(number: u32, currency: Currency, now: DateTime<Utc>) -> VariantInput {
    let product = number / VARIANTS_A_PRODUCT;
    VariantInput {
        external_id: format!(
            "gid://shopify/ProductVariant/{}",
            40_000_000_000_u64 + u64::from(number)
        ),
        product_external_id: format!(
            "gid://shopify/Product/{}",
            7_000_000_000_u64 + u64::from(product)
        ),
        title: format!(
            "{} / {}",
            ["S", "M", "L"][(number % 3) as usize],
            word(number)
        ),
        sku: Some(format!("CLB-{number:07}")),
        barcode: Some(format!("40{number:011}")),
        price: Some(Money::new(1_000 + i64::from(number % 9_000), currency)),
        compare_at: None,
        stock: Some(i64::from(number % 120)),
        state: None,
        updated_at: Some(now),
        hash: hash(number, 2),
    }
}

/// The whole catalogue in batches of `size` variants.
pub(crate) fn batches(
    variants: u32,
    size: u32,
    currency: Currency,
    now: DateTime<Utc>,
) -> Vec<BatchInput> {
    (0..variants)
        .step_by(size as usize)
        .map(|first| {
            let numbers = first..(first + size).min(variants);
            BatchInput {
                products: numbers
                    .clone()
                    .filter(|number| number % VARIANTS_A_PRODUCT == 0)
                    .map(|number| product(number / VARIANTS_A_PRODUCT))
                    .collect(),
                checkpoint: Some(serde_json::json!({ "after": numbers.end })),
                variants: numbers
                    .map(|number| variant(number, currency, now))
                    .collect(),
                failures: Vec::new(),
                expected: Some(i64::from(variants)),
            }
        })
        .collect()
}
