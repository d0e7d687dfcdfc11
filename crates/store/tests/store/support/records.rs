//! Records as connectors give them.

use std::hash::{DefaultHasher, Hash, Hasher};

use calibr_model::{
    Money,
    status::{FailureClass, FailureKind, ListingState},
};
use calibr_store::{
    catalogue::{BatchInput, FailureInput, ProductInput, RecordHash, VariantInput},
    orders::{OrderInput, OrderLineInput},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(crate) fn eur(amount_minor: i64) -> Option<Money> {
    Some(Money::new(amount_minor, "EUR".parse().unwrap()))
}

pub(crate) fn product(id: &str, title: &str) -> ProductInput {
    ProductInput {
        external_id: id.to_owned(),
        title: title.to_owned(),
        handle: None,
        vendor: None,
        product_type: None,
        image_url: None,
        state: ListingState::Active,
        hash: RecordHash::default(),
    }
}

/// A variant for ten euros.
pub(crate) fn variant(id: &str, product: &str) -> VariantInput {
    VariantInput {
        external_id: id.to_owned(),
        product_external_id: product.to_owned(),
        title: String::new(),
        sku: None,
        barcode: None,
        price: eur(1_000),
        compare_at: None,
        stock: None,
        state: None,
        updated_at: None,
        hash: RecordHash::default(),
    }
}

pub(crate) fn with_sku(sku: &str, variant: VariantInput) -> VariantInput {
    VariantInput {
        sku: Some(sku.to_owned()),
        ..variant
    }
}

pub(crate) fn failure(external_id: Option<&str>, code: &str) -> FailureInput {
    FailureInput {
        kind: FailureKind::Listing,
        external_id: external_id.map(str::to_owned),
        product_external_id: None,
        label: None,
        code: code.to_owned(),
        message: "It has no price; give it one.".to_owned(),
        class: FailureClass::NeedsAction,
        request: None,
        answer: None,
        version: None,
    }
}

/// A batch of records, each with the hash of its content.
pub(crate) fn batch(products: Vec<ProductInput>, variants: Vec<VariantInput>) -> BatchInput {
    let products = products
        .into_iter()
        .map(|record| ProductInput {
            hash: hash_of(&ProductInput {
                hash: RecordHash::default(),
                ..record.clone()
            }),
            ..record
        })
        .collect();
    let variants = variants
        .into_iter()
        .map(|record| VariantInput {
            hash: hash_of(&VariantInput {
                hash: RecordHash::default(),
                updated_at: None,
                ..record.clone()
            }),
            ..record
        })
        .collect();
    BatchInput {
        products,
        variants,
        ..BatchInput::default()
    }
}

pub(crate) fn line(id: &str, listing: &str, quantity: i64, amount_minor: i64) -> OrderLineInput {
    OrderLineInput {
        external_id: id.to_owned(),
        listing_external_id: Some(listing.to_owned()),
        sku: None,
        quantity,
        refunded_quantity: 0,
        amount: Money::new(amount_minor, "EUR".parse().unwrap()),
        refunded_minor: 0,
    }
}

/// An order that was never changed since it was placed.
pub(crate) fn order(id: &str, placed_at: &str, lines: Vec<OrderLineInput>) -> OrderInput {
    let placed_at: DateTime<Utc> = placed_at.parse().unwrap();
    OrderInput {
        external_id: id.to_owned(),
        placed_at,
        updated_at: Some(placed_at),
        cancelled: false,
        hash: hash_of(&(id, placed_at, &lines)),
        lines,
    }
}

fn hash_of(record: &impl std::fmt::Debug) -> RecordHash {
    let mut hasher = DefaultHasher::new();
    format!("{record:?}").hash(&mut hasher);
    u128::from(hasher.finish()).to_be_bytes()
}

/// A text that stands for an id a platform would give.
pub(crate) fn digest(text: &str) -> Vec<u8> {
    Uuid::from_u128(u128::from_be_bytes(hash_of(&text)))
        .as_bytes()
        .to_vec()
}
