//! Prices that are wanted, on their way, and those that moved.

use calibr_model::{
    Guardrails, IntegrationId, ListingId, Page, PageRequest, PricePushId, ProductId, ProjectSlug,
    views::{
        ListingLedgerView, NewPrice, NewPricePush, PriceChangeView, PriceItemStatus, PriceItemView,
        PriceLedgerView, PricePushView, TrialResult,
    },
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// A page of the project's price pushes, newest first.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "list_price_pushes", protocol = JsonPost)]
pub async fn list_price_pushes(
    project: ProjectSlug,
    page: PageRequest,
) -> Result<Page<PricePushView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::list(&services, &actor, page).await?)
}

/// Prepares prices for looking at; nothing is sent.
///
/// # Errors
/// `invalid` where nothing of it can be read.
#[server(prefix = "/api/fn", endpoint = "preview_prices", protocol = JsonPost)]
pub async fn preview_prices(
    project: ProjectSlug,
    wanted: NewPricePush,
) -> Result<PricePushView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::preview(&services, &actor, wanted).await?)
}

/// One price push.
///
/// # Errors
/// `not-found` where there is none.
#[server(prefix = "/api/fn", endpoint = "get_price_push", protocol = JsonPost)]
pub async fn get_price_push(
    project: ProjectSlug,
    push: PricePushId,
) -> Result<PricePushView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::get(&services, &actor, push).await?)
}

/// A page of a push's prices; only those of some states, or of which the platform
/// said this in the trial, where given.
///
/// # Errors
/// `not-found` where there is no such push.
#[server(prefix = "/api/fn", endpoint = "list_price_push_items", protocol = JsonPost)]
pub async fn list_price_push_items(
    project: ProjectSlug,
    push: PricePushId,
    status: Vec<PriceItemStatus>,
    trial: Option<TrialResult>,
    page: PageRequest,
) -> Result<Page<PriceItemView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let filter = calibr_services::prices::ItemFilter { status, trial };
    Ok(calibr_services::prices::items(&services, &actor, push, &filter, page).await?)
}

/// Has a preview checked by the platforms that can say what they would make of
/// its prices; nothing is changed by it.
///
/// # Errors
/// `conflict` where it is no preview, or none of its platforms can do that.
#[server(prefix = "/api/fn", endpoint = "check_price_push", protocol = JsonPost)]
pub async fn check_price_push(
    project: ProjectSlug,
    push: PricePushId,
) -> Result<PricePushView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::check(&services, &actor, push).await?)
}

/// Stops the checks of a preview.
///
/// # Errors
/// `conflict` where none is under way.
#[server(prefix = "/api/fn", endpoint = "stop_price_check", protocol = JsonPost)]
pub async fn stop_price_check(
    project: ProjectSlug,
    push: PricePushId,
) -> Result<PricePushView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::stop_check(&services, &actor, push).await?)
}

/// Applies the preview that the hash names; what a platform refused in the trial
/// is left out, unless `send_refused`.
///
/// # Errors
/// `conflict` where it is another, was applied before, or prices moved since.
#[server(prefix = "/api/fn", endpoint = "apply_price_push", protocol = JsonPost)]
pub async fn apply_price_push(
    project: ProjectSlug,
    push: PricePushId,
    hash: String,
    send_refused: bool,
) -> Result<PricePushView, ApiError> {
    use calibr_services::prices::{RefusedInTrial, apply};
    let Caller { services, actor } = Caller::of(&project).await?;
    let refused = RefusedInTrial::sent_if(send_refused);
    Ok(apply(&services, &actor, push, &hash, refused).await?)
}

/// Throws a preview away, or what was not sent yet.
///
/// # Errors
/// `conflict` where nothing of it waits.
#[server(prefix = "/api/fn", endpoint = "discard_price_push", protocol = JsonPost)]
pub async fn discard_price_push(
    project: ProjectSlug,
    push: PricePushId,
) -> Result<PricePushView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::discard(&services, &actor, push).await?)
}

/// Prepares a push that takes another back.
///
/// # Errors
/// `conflict` where no store has taken a price of it.
#[server(prefix = "/api/fn", endpoint = "revert_price_push", protocol = JsonPost)]
pub async fn revert_price_push(
    project: ProjectSlug,
    push: PricePushId,
) -> Result<PricePushView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::revert(&services, &actor, push).await?)
}

/// Sets one price.
///
/// # Errors
/// `invalid` where it breaks a rule; `conflict` where it is not the expected
/// one any more.
#[server(prefix = "/api/fn", endpoint = "set_price", protocol = JsonPost)]
pub async fn set_price(
    project: ProjectSlug,
    listing: ListingId,
    wanted: NewPrice,
) -> Result<PricePushView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::set(&services, &actor, listing, wanted).await?)
}

/// Where the prices of a product's listings stand on their way to the stores.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "list_price_ledgers", protocol = JsonPost)]
pub async fn list_price_ledgers(
    project: ProjectSlug,
    product: ProductId,
) -> Result<Vec<ListingLedgerView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::ledgers(&services, &actor, product).await?)
}

/// How many prices a push sends, or has sent, to which store.
///
/// # Errors
/// `not-found` where there is none.
#[server(prefix = "/api/fn", endpoint = "list_price_push_stores", protocol = JsonPost)]
pub async fn list_price_push_stores(
    project: ProjectSlug,
    push: PricePushId,
) -> Result<Vec<(IntegrationId, i64)>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::stores(&services, &actor, push).await?)
}

/// Where a listing's price stands on its way to the store.
///
/// # Errors
/// `not-found` where there is no such listing.
#[server(prefix = "/api/fn", endpoint = "get_price_ledger", protocol = JsonPost)]
pub async fn get_price_ledger(
    project: ProjectSlug,
    listing: ListingId,
) -> Result<Option<PriceLedgerView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::ledger(&services, &actor, listing).await?)
}

/// A page of price changes, newest first: of one listing, or of all.
///
/// # Errors
/// `not-found` where there is no such listing.
#[server(prefix = "/api/fn", endpoint = "list_price_changes", protocol = JsonPost)]
pub async fn list_price_changes(
    project: ProjectSlug,
    listing: Option<ListingId>,
    page: PageRequest,
) -> Result<Page<PriceChangeView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::changes(&services, &actor, listing, page).await?)
}

/// The project's bounds for prices, in every currency that it sells in.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "get_guardrails", protocol = JsonPost)]
pub async fn get_guardrails(project: ProjectSlug) -> Result<Vec<Guardrails>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::prices::bounds(&services, &actor).await?)
}

/// Sets the bounds of one currency.
///
/// # Errors
/// `invalid` where no price could keep to them.
#[server(prefix = "/api/fn", endpoint = "set_guardrails", protocol = JsonPost)]
pub async fn set_guardrails(
    project: ProjectSlug,
    bounds: Guardrails,
) -> Result<Vec<Guardrails>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    calibr_services::prices::set_guardrails(&services, &actor, bounds).await?;
    Ok(calibr_services::prices::bounds(&services, &actor).await?)
}

/// Prepares the prices of a file for looking at; nothing is sent. Not a server
/// function: the file goes up as it is, at `path`.
///
/// # Errors
/// `invalid` where nothing of it can be read; `too-large`.
#[cfg(feature = "csr")]
pub(crate) async fn import_prices(
    path: String,
    file: web_sys::File,
) -> Result<PricePushView, ApiError> {
    let answer = super::browser::post_as(&path, "text/csv", Some(file.into())).await?;
    super::protocol::read(&answer)
}
