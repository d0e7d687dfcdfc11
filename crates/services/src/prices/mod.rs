//! Prices that a person wants the stores to have: looked at first, tried where a
//! platform can do that, then sent.

mod amount;
mod apply;
mod bounds;
mod check;
mod fill;
mod judge;
mod preview;
mod records;
mod resend;
mod table;
mod upload;

use calibr_model::{
    IntegrationId, ListingId, Page, PageRequest, PricePushId, Problem, ProblemKind, ProductId,
    views::{ListingLedgerView, PriceChangeView, PriceItemView, PriceLedgerView, PricePushView},
};
use calibr_store::{
    TenantTx,
    prices::{NamedBy, PricedListing},
};

pub(crate) use self::preview::preview_again;
pub(crate) use self::resend::judge_ours;
pub use self::{
    apply::{RefusedInTrial, apply, discard, set},
    bounds::{bounds, guardrails, set_guardrails},
    check::{check, stop_check},
    preview::{preview, preview_table, revert},
    upload::{LONGEST_TABLE, TableUpload},
};
pub use calibr_store::prices::ItemFilter;

use crate::{Actor, Services};

/// Previews that one process fills at once: each holds a connection to the
/// database meanwhile, of which there are some more.
pub(crate) const FILLED_AT_ONCE: usize = 3;

/// A page of the project's pushes, newest first.
///
/// # Errors
/// `invalid` where the cursor is of another list.
pub async fn list(
    services: &Services,
    actor: &Actor,
    page: PageRequest,
) -> Result<Page<PricePushView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.price_pushes(&page).await?)
}

/// One push.
///
/// # Errors
/// `not-found`.
pub async fn get(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<PricePushView, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.price_push(push).await?.ok_or_else(missing)
}

/// A page of a push's prices, in their order.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn items(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
    filter: &ItemFilter,
    page: PageRequest,
) -> Result<Page<PriceItemView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.price_push(push).await?.ok_or_else(missing)?;
    Ok(tx.price_push_items(push, filter, &page).await?)
}

/// A page of price changes, newest first: of one listing, or of all.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn changes(
    services: &Services,
    actor: &Actor,
    listing: Option<ListingId>,
    page: PageRequest,
) -> Result<Page<PriceChangeView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    if let Some(listing) = listing {
        known(&mut tx, listing).await?;
    }
    Ok(tx.price_changes(listing, &page).await?)
}

/// Where a listing's price stands on its way to the store; `None` where none
/// was ever wanted here.
///
/// # Errors
/// `not-found`.
pub async fn ledger(
    services: &Services,
    actor: &Actor,
    listing: ListingId,
) -> Result<Option<PriceLedgerView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    known(&mut tx, listing).await?;
    Ok(tx.price_ledger(listing).await?)
}

/// Where the prices of a product's listings stand on their way; only of those
/// that a price was ever wanted for here.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn ledgers(
    services: &Services,
    actor: &Actor,
    product: ProductId,
) -> Result<Vec<ListingLedgerView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.price_ledgers(product).await?)
}

/// How many prices a push sends, or has sent, to which store; most first.
///
/// # Errors
/// `not-found`.
pub async fn stores(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<Vec<(IntegrationId, i64)>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.price_push(push).await?.ok_or_else(missing)?;
    Ok(tx.price_push_stores(push).await?)
}

/// The listing, where the project has it.
pub(crate) async fn known(tx: &mut TenantTx, listing: ListingId) -> Result<PricedListing, Problem> {
    let id = listing.to_string();
    let found = tx.listings_named(NamedBy::Id, &[&id], None).await?;
    found
        .into_iter()
        .map(|(_, listing)| listing)
        .next()
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::NotFound,
                "There is no such listing in this project.",
            )
        })
}

fn missing() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such price push in this project.",
    )
}
