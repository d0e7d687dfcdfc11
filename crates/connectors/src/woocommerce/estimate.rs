//! How many calls a run makes of a store.

use std::time::Duration;

use super::operations::PER_PAGE;
use crate::estimate::{
    CallsEstimate, CatalogueWork, OrderWork, Size, Workload, overlapping_pages, pages,
};

/// Asking a store who it is.
const IDENTITY: u64 = 4;
/// Asking how its records are to be read.
const READING: u64 = 1;

pub(super) fn estimate(work: &Workload) -> CallsEstimate {
    let mut calls = IDENTITY;
    if work.webhooks {
        calls += 1;
    }
    calls += match work.catalogue {
        CatalogueWork::Nothing => 0,
        CatalogueWork::Full(Size {
            products,
            with_variants,
            ..
        })
        | CatalogueWork::Changed(Size {
            products,
            with_variants,
            ..
        }) => READING + overlapping_pages(products, PER_PAGE) + with_variants,
        CatalogueWork::Items(Size {
            products,
            with_variants,
            ..
        }) => {
            let batches = pages(products + with_variants, PER_PAGE);
            batches * READING + batches + products + with_variants
        }
    };
    calls += match work.orders {
        OrderWork::Nothing => 0,
        OrderWork::Changed(orders) => READING + overlapping_pages(orders, PER_PAGE),
        OrderWork::Items(orders) => 2 * orders.div_ceil(PER_PAGE),
    };
    if work.prices > 0 {
        // Looked at, looked at again before they are sent, and after.
        calls += 3 * (READING + work.prices) + work.prices;
    }
    CallsEstimate {
        calls,
        at_least: Duration::ZERO,
        how: "WooCommerce publishes no rate: how long it takes is up to the store's host. A call \
              gives a hundred products, and the variations of each variable product are a call of \
              their own; so are the refunds of an order."
            .to_owned(),
    }
}
