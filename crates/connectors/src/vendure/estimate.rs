//! How many calls a run makes of a server.

use std::time::Duration;

use super::catalogue::PAGE;
use crate::estimate::{CallsEstimate, CatalogueWork, OrderWork, Size, Workload, overlapping_pages};

/// Asking a server who it is, and what the account may do.
const IDENTITY: u64 = 4;
/// Asking how its records are to be read.
const READING: u64 = 1;
/// Rows a page where only the moments of refunds are asked for.
const GLANCE: u64 = super::orders::GLANCE as u64;

pub(super) fn estimate(work: &Workload) -> CallsEstimate {
    let page = u64::from(PAGE);
    let mut calls = IDENTITY;
    // Each page of variants is followed by their products.
    let variants = |listings| 2 * overlapping_pages(listings, page);
    calls += match work.catalogue {
        CatalogueWork::Nothing => 0,
        CatalogueWork::Full(Size { listings, .. }) => READING + variants(listings),
        CatalogueWork::Changed(Size {
            listings, products, ..
        }) => READING + variants(listings) + overlapping_pages(products, page),
        CatalogueWork::Items(Size {
            listings,
            products,
            with_variants,
        }) => {
            let rows = |rows: u64| rows.div_ceil(page);
            let batches = rows(listings + products).max(1);
            let of_products = if with_variants > 0 { batches } else { 0 };
            batches * READING + rows(listings) + 2 * rows(products) + of_products
        }
    };
    calls += match work.orders {
        OrderWork::Nothing => 0,
        OrderWork::Changed(orders) => {
            READING + overlapping_pages(orders, page) + overlapping_pages(orders, GLANCE)
        }
        OrderWork::Items(orders) => READING + orders.div_ceil(page),
    };
    if work.prices > 0 {
        let batches = work.prices.div_ceil(50);
        calls += batches * (3 * (READING + 1) + 1);
    }
    CallsEstimate {
        calls,
        at_least: Duration::ZERO,
        how: "Vendure publishes no rate: how long it takes is up to the server. A call gives a \
              hundred rows."
            .to_owned(),
    }
}
