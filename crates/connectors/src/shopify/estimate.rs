//! What a run costs a shop's budget.

use super::operations::{
    CatalogueStart, ChangedOrders, ChangedProducts, ExportStatus, Identity, ListingPrices,
    Operation, OrdersById, ProductsById, StartExport, UpdatePrices, VariantsById, Webhooks,
};
use crate::estimate::{CallsEstimate, CatalogueWork, OrderWork, Size, Workload, at_rate, pages};

/// The budget of the plan with the smallest: points in all, and how many come
/// back a second ([rate limits](https://shopify.dev/docs/api/usage/limits)).
const BUCKET: f64 = 2_000.0;
const RESTORED: f64 = 100.0;

/// Looks at an export until it is done: more where the shop is large.
const LOOKS: u64 = 2;

#[derive(Default)]
struct Sum {
    calls: u64,
    points: u64,
}

impl Sum {
    fn add<O: Operation>(&mut self, calls: u64) {
        self.calls += calls;
        self.points += calls * u64::from(O::COST);
    }
}

pub(super) fn estimate(work: &Workload) -> CallsEstimate {
    let mut sum = Sum::default();
    sum.add::<Identity>(1);
    if work.webhooks {
        sum.add::<Webhooks<'_>>(1);
    }
    match work.catalogue {
        CatalogueWork::Nothing => {}
        CatalogueWork::Full(_) => {
            sum.add::<CatalogueStart>(1);
            sum.add::<StartExport>(1);
            sum.add::<ExportStatus<'_>>(LOOKS);
            // The file comes from elsewhere.
            sum.calls += 1;
        }
        CatalogueWork::Changed(Size { products, .. }) => {
            sum.add::<CatalogueStart>(1);
            sum.add::<ChangedProducts<'_>>(pages(products, 10));
        }
        CatalogueWork::Items(Size {
            listings, products, ..
        }) => {
            sum.add::<VariantsById<'_>>(listings.div_ceil(VariantsById::AT_ONCE as u64));
            sum.add::<ProductsById<'_>>(products.div_ceil(ProductsById::AT_ONCE as u64));
        }
    }
    match work.orders {
        OrderWork::Nothing => {}
        OrderWork::Changed(orders) => sum.add::<ChangedOrders<'_>>(pages(orders, 15)),
        OrderWork::Items(orders) => {
            sum.add::<OrdersById<'_>>(orders.div_ceil(OrdersById::AT_ONCE as u64));
        }
    }
    if work.prices > 0 {
        // Looked at, sent product by product, and looked at again.
        sum.add::<ListingPrices<'_>>(2 * work.prices.div_ceil(250));
        sum.add::<UpdatePrices<'_>>(work.prices);
    }
    CallsEstimate {
        calls: sum.calls,
        at_least: at_rate(sum.points as f64, BUCKET, RESTORED),
        how: format!(
            "About {} points of Shopify's budget, of which the smallest plan gives {RESTORED} a \
             second and {BUCKET} at once. A full import is one export, however large the shop.",
            sum.points
        ),
    }
}
