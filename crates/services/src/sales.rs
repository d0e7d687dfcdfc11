//! What was sold.

use calibr_model::{
    FieldError, ListingId, Problem, ProductId,
    views::{DaySales, StoreSales},
};
use chrono::{NaiveDate, TimeDelta};

use crate::{Actor, Services, prices::known, products::must_be_there};

/// The longest range of days, both ends included.
const MOST_DAYS: i64 = 3_660;

/// What a listing sold on each day from `from` to `to`, both included, by the
/// project's days. Days without a sale are left out. Without `to` up to today,
/// without `from` the 30 days before.
///
/// # Errors
/// `not-found`; `invalid` where the days are in the wrong order or too many.
pub async fn of_listing(
    services: &Services,
    actor: &Actor,
    listing: ListingId,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Vec<DaySales>, Problem> {
    // A day ahead of UTC is the furthest that a time zone is.
    let to = to.unwrap_or_else(|| services.sources.now().date_naive() + TimeDelta::days(1));
    let from = from.unwrap_or_else(|| to - TimeDelta::days(30));
    let days = (to - from).num_days() + 1;
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::invalid(vec![FieldError {
            field: "from".to_owned(),
            message: "Give a first day that is not after the last, and at most ten years."
                .to_owned(),
        }]));
    }
    let mut tx = services.db.tenant(actor.project.id).await?;
    known(&mut tx, listing).await?;
    Ok(tx.listing_sales(listing, from, to).await?)
}

/// What a product's listings sold in the last 7 and 30 days, store by store, by
/// the project's days.
///
/// # Errors
/// `not-found` where the project has no such product.
pub async fn of_product(
    services: &Services,
    actor: &Actor,
    product: ProductId,
) -> Result<Vec<StoreSales>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    must_be_there(&mut tx, product).await?;
    Ok(tx.product_sales(product, services.sources.now()).await?)
}
