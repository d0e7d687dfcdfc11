//! What a run costs of Amazon's rates.

use super::{
    operations::LISTINGS_AT_ONCE,
    rates::{
        CREATE_FEED, CREATE_FEED_DOCUMENT, CREATE_REPORT, GET_FEED, GET_FEED_DOCUMENT, GET_ORDER,
        GET_REPORT, GET_REPORT_DOCUMENT, Limit, PARTICIPATIONS, PATCH_LISTING, SEARCH_LISTINGS,
        SEARCH_ORDERS,
    },
};
use crate::estimate::{CallsEstimate, CatalogueWork, OrderWork, Size, Workload, at_rate, pages};

/// Looks at a report or a feed until it is done: more where it is long.
const LOOKS: u64 = 2;
/// Orders of a page.
const ORDERS: u64 = 100;
/// So many prices are set one by one; more go by a feed.
const ONE_BY_ONE: u64 = 25;

/// Calls by what limits them, beside those that nothing does.
fn calls(work: &Workload) -> (Vec<(Limit, u64)>, u64) {
    let page = LISTINGS_AT_ONCE as u64;
    let mut calls = vec![(PARTICIPATIONS, 1)];
    // Files are not limited.
    let mut files = 0;
    match work.catalogue {
        CatalogueWork::Nothing => {}
        CatalogueWork::Full(_) => {
            calls.extend([
                (SEARCH_LISTINGS, 1),
                (CREATE_REPORT, 1),
                (GET_REPORT, LOOKS),
                (GET_REPORT_DOCUMENT, 1),
            ]);
            files += 1;
        }
        CatalogueWork::Changed(Size { listings, .. }) => {
            calls.push((SEARCH_LISTINGS, pages(listings, page)));
        }
        CatalogueWork::Items(Size {
            listings, products, ..
        }) => calls.push((SEARCH_LISTINGS, (listings + products).div_ceil(page))),
    }
    match work.orders {
        OrderWork::Nothing => {}
        OrderWork::Changed(orders) => calls.push((SEARCH_ORDERS, pages(orders, ORDERS))),
        OrderWork::Items(orders) => calls.push((GET_ORDER, orders)),
    }
    if work.prices > 0 {
        calls.push((SEARCH_LISTINGS, 2 * work.prices.div_ceil(page)));
        if work.prices <= ONE_BY_ONE {
            calls.push((PATCH_LISTING, work.prices));
        } else {
            calls.extend([
                (CREATE_FEED_DOCUMENT, 1),
                (CREATE_FEED, 1),
                (GET_FEED, LOOKS),
                (GET_FEED_DOCUMENT, 1),
            ]);
            files += 2;
        }
    }
    (calls, files)
}

pub(super) fn estimate(work: &Workload) -> CallsEstimate {
    let (limited, files) = calls(work);
    let mut of_each: Vec<(Limit, u64)> = Vec::new();
    for (limit, calls) in limited {
        match of_each.iter_mut().find(|(known, _)| *known == limit) {
            Some((_, sum)) => *sum += calls,
            None => of_each.push((limit, calls)),
        }
    }
    let slowest = of_each.iter().map(|(limit, calls)| {
        let (per_second, burst) = limit.published();
        (at_rate(*calls as f64, burst, per_second), limit)
    });
    // While one is waited for, the others fill again.
    let slowest = slowest.max_by_key(|(at_least, _)| *at_least);
    let (at_least, how) = match slowest {
        Some((at_least, limit)) if !at_least.is_zero() => {
            let (per_second, burst) = limit.published();
            let how = format!(
                "Amazon allows {} {burst} times at once and {per_second} times a second after \
                 that.",
                limit.operation
            );
            (at_least, how)
        }
        _ => (
            std::time::Duration::ZERO,
            "Amazon lets this many calls through at once, where nothing else has used its rate."
                .to_owned(),
        ),
    };
    CallsEstimate {
        calls: of_each.iter().map(|(_, calls)| calls).sum::<u64>() + files,
        at_least,
        how,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_allowed_least_often_says_how_long_it_takes() {
        let orders = |orders| {
            estimate(&Workload {
                orders: OrderWork::Items(orders),
                ..Workload::default()
            })
        };
        assert_eq!(orders(30).at_least, Duration::ZERO);
        let many = orders(130);
        assert_eq!((many.calls, many.at_least), (131, Duration::from_secs(200)));
        insta::assert_snapshot!(many.how, @"Amazon allows getOrder 30 times at once and 0.5 times a second after that.");
    }
}
