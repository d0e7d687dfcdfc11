//! Prices that are wanted, on their way, and those that moved.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
};
use calibr_model::{
    Guardrails, IntegrationId, ListingId, Page, PricePushId,
    views::{
        NewPrice, NewPricePush, PriceChangeView, PriceItemStatus, PriceItemView, PriceLedgerView,
        PricePushView, TrialResult,
    },
};
use calibr_services::{
    Actor,
    prices::{self, ItemFilter, RefusedInTrial, TableUpload},
};
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use crate::http::{
    caller::Member,
    extract::{self, PageQuery},
    problem::Refusal,
    state::AppState,
    too_long,
};

/// So much of a table that is refused is read all the same, in bytes, so that whoever sends it learns why.
const PASSED_OVER: usize = 128 * 1024 * 1024;

/// Which push.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PushPath {
    /// The project's address.
    #[serde(rename = "slug")]
    #[param(rename = "slug")]
    _slug: String,
    /// The push.
    id: PricePushId,
}

/// Which listing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ListingPath {
    /// The project's address.
    #[serde(rename = "slug")]
    #[param(rename = "slug")]
    _slug: String,
    /// The listing.
    pub(super) id: ListingId,
}

/// What a table of prices is for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// Only listings of this integration; of all where not given.
    integration: Option<IntegrationId>,
    /// Why, for the record of price changes.
    #[serde(default)]
    reason: String,
}

/// Which prices of a push.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ItemsQuery {
    /// Only these states, with commas between them: `refused,failed`.
    status: Option<String>,
    /// Only those of which the platform said this in the trial: `accepted` or
    /// `refused`.
    #[param(inline)]
    trial: Option<TrialResult>,
}

/// What is applied.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ApplyPush {
    /// The `hash` of the preview that was looked at.
    hash: String,
    /// Whether prices that a platform refused in the trial are sent all the
    /// same; they are left out where it is not given.
    #[serde(default)]
    send_refused: bool,
}

/// Where a listing's price stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListingPrice {
    /// Desired, sent, accepted, observed; `null` where none was ever wanted
    /// here.
    ledger: Option<PriceLedgerView>,
}

/// A push that was made or goes on by itself, and where it is.
type Made = (StatusCode, [(HeaderName, String); 1], Json<PricePushView>);

fn made(status: StatusCode, actor: &Actor, push: PricePushView) -> Made {
    let location = format!(
        "/api/projects/{}/price-pushes/{}",
        actor.project.slug, push.id
    );
    (status, [(header::LOCATION, location)], Json(push))
}

/// Price pushes
///
/// Previews and what became of those that were applied, newest first.
#[utoipa::path(
    get,
    operation_id = "list_price_pushes",
    path = "/api/projects/{slug}/price-pushes",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address."), PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of pushes.", body = Page<PricePushView>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<PricePushView>>> {
    Ok(Json(
        prices::list(&state.services, &actor, page.into()).await?,
    ))
}

/// Preview prices
///
/// Nothing is sent. The answer says how many prices would change, are the same
/// or break a rule; its `hash` is what applying takes. A large preview comes
/// back as `preparing` and is ready when its status is `preview`.
#[utoipa::path(
    post,
    operation_id = "preview_prices",
    path = "/api/projects/{slug}/price-pushes",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address.")),
    request_body = NewPricePush,
    security(("session" = [])),
    responses((status = 201, description = "The preview; Location says where it is.", body = PricePushView))
)]
pub(crate) async fn preview(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Json(wanted): extract::Json<NewPricePush>,
) -> Answer<Made> {
    let push = prices::preview(&state.services, &actor, wanted).await?;
    Ok(made(StatusCode::CREATED, &actor, push))
}

/// Preview a table of prices
///
/// The body is the table itself, at most 64 MB and 2,000,000 lines: SKU and price
/// on each line, as spreadsheets save CSV, in whatever encoding and with whatever
/// separator. What cannot be read is refused line by line; of very many such
/// lines the first are listed and all are counted.
#[utoipa::path(
    post,
    operation_id = "import_prices",
    path = "/api/projects/{slug}/price-pushes/import",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address."), ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    security(("session" = [])),
    responses((status = 201, description = "The preview; Location says where it is.", body = PricePushView))
)]
pub(crate) async fn import(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Query(query): extract::Query<ImportQuery>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Made> {
    let table = received(&actor, &headers, body).await?;
    let push = prices::preview_table(
        &state.services,
        &actor,
        &query.reason,
        query.integration,
        table,
    )
    .await?;
    Ok(made(StatusCode::CREATED, &actor, push))
}

/// Takes in a table.
async fn received(actor: &Actor, headers: &HeaderMap, body: Body) -> Answer<TableUpload> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let mut table = match TableUpload::begin(actor, length) {
        Ok(table) => table,
        Err(problem) => {
            too_long::pass_over(body, PASSED_OVER).await;
            return Err(problem.into());
        }
    };
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| {
            Refusal::malformed("The upload broke off. Nothing of it was kept; upload it again.")
        })?;
        if let Err(problem) = table.add(&part).await {
            too_long::pass_over(Body::from_stream(parts), PASSED_OVER).await;
            return Err(problem.into());
        }
    }
    Ok(table)
}

/// One price push
#[utoipa::path(
    get,
    operation_id = "get_price_push",
    path = "/api/projects/{slug}/price-pushes/{id}",
    tag = "prices",
    params(PushPath),
    security(("session" = [])),
    responses((status = 200, description = "How it stands.", body = PricePushView))
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<PushPath>,
) -> Answer<Json<PricePushView>> {
    Ok(Json(prices::get(&state.services, &actor, path.id).await?))
}

/// The prices of a push
///
/// The diff of a preview, and what became of each price once it was applied.
#[utoipa::path(
    get,
    operation_id = "list_price_push_items",
    path = "/api/projects/{slug}/price-pushes/{id}/items",
    tag = "prices",
    params(PushPath, ItemsQuery, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of prices.", body = Page<PriceItemView>))
)]
pub(crate) async fn items(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<PushPath>,
    extract::Query(query): extract::Query<ItemsQuery>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<PriceItemView>>> {
    let filter = ItemFilter {
        status: extract::words::<PriceItemStatus>("status", query.status.as_deref())?,
        trial: query.trial,
    };
    Ok(Json(
        prices::items(&state.services, &actor, path.id, &filter, page.into()).await?,
    ))
}

/// Check a preview
///
/// Asks the platforms of its stores what they would make of the prices, where
/// they can say so before a price is set (the capability `dry_run`). Nothing is
/// changed. It goes on by itself: `checks` of the push say how far it has come,
/// and `trial` of each price what the platform said. It ends when the push is
/// applied or thrown away. Asked for again, it begins anew.
#[utoipa::path(
    post,
    operation_id = "check_price_push",
    path = "/api/projects/{slug}/price-pushes/{id}/check",
    tag = "prices",
    params(PushPath),
    security(("session" = [])),
    responses((status = 202, description = "The platforms are being asked.", body = PricePushView))
)]
pub(crate) async fn check(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<PushPath>,
) -> Answer<Made> {
    let push = prices::check(&state.services, &actor, path.id).await?;
    Ok(made(StatusCode::ACCEPTED, &actor, push))
}

/// Stop checking a preview
///
/// What the platforms said so far stays.
#[utoipa::path(
    delete,
    operation_id = "stop_price_push_check",
    path = "/api/projects/{slug}/price-pushes/{id}/check",
    tag = "prices",
    params(PushPath),
    security(("session" = [])),
    responses((status = 200, description = "How it stands.", body = PricePushView))
)]
pub(crate) async fn stop_check(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<PushPath>,
) -> Answer<Json<PricePushView>> {
    Ok(Json(
        prices::stop_check(&state.services, &actor, path.id).await?,
    ))
}

/// Apply a preview
///
/// Only what was looked at: `conflict` where the hash is another's, or where any
/// price has moved since. The stores' runs that send the prices begin at once.
/// Prices that a platform refused in the trial are left out, unless
/// `send_refused` says otherwise.
#[utoipa::path(
    post,
    operation_id = "apply_price_push",
    path = "/api/projects/{slug}/price-pushes/{id}/apply",
    tag = "prices",
    params(PushPath),
    request_body = ApplyPush,
    security(("session" = [])),
    responses((status = 202, description = "The prices are on their way.", body = PricePushView))
)]
pub(crate) async fn apply(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<PushPath>,
    extract::Json(ApplyPush { hash, send_refused }): extract::Json<ApplyPush>,
) -> Answer<Made> {
    let refused = RefusedInTrial::sent_if(send_refused);
    let push = prices::apply(&state.services, &actor, path.id, &hash, refused).await?;
    Ok(made(StatusCode::ACCEPTED, &actor, push))
}

/// Take a push back
///
/// A preview of the prices from before, for those that have not moved since; it
/// is applied as any other.
#[utoipa::path(
    post,
    operation_id = "revert_price_push",
    path = "/api/projects/{slug}/price-pushes/{id}/revert",
    tag = "prices",
    params(PushPath),
    security(("session" = [])),
    responses((status = 201, description = "The preview; Location says where it is.", body = PricePushView))
)]
pub(crate) async fn revert(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<PushPath>,
) -> Answer<Made> {
    let push = prices::revert(&state.services, &actor, path.id).await?;
    Ok(made(StatusCode::CREATED, &actor, push))
}

/// Throw a push away
///
/// A preview, or what of an applied push was not sent yet.
#[utoipa::path(
    delete,
    operation_id = "discard_price_push",
    path = "/api/projects/{slug}/price-pushes/{id}",
    tag = "prices",
    params(PushPath),
    security(("session" = [])),
    responses((status = 200, description = "How it stands.", body = PricePushView))
)]
pub(crate) async fn discard(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<PushPath>,
) -> Answer<Json<PricePushView>> {
    Ok(Json(
        prices::discard(&state.services, &actor, path.id).await?,
    ))
}

/// Set a price
///
/// A push of this one price, applied at once. With `expected`, refused where the
/// price is another by now.
#[utoipa::path(
    put,
    operation_id = "set_price",
    path = "/api/projects/{slug}/listings/{id}/price",
    tag = "prices",
    params(ListingPath),
    request_body = NewPrice,
    security(("session" = [])),
    responses((status = 202, description = "The price is on its way.", body = PricePushView))
)]
pub(crate) async fn set(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<ListingPath>,
    extract::Json(wanted): extract::Json<NewPrice>,
) -> Answer<Made> {
    let push = prices::set(&state.services, &actor, path.id, wanted).await?;
    Ok(made(StatusCode::ACCEPTED, &actor, push))
}

/// Where a price stands
///
/// From what was wanted to what the store was seen to have.
#[utoipa::path(
    get,
    operation_id = "get_price",
    path = "/api/projects/{slug}/listings/{id}/price",
    tag = "prices",
    params(ListingPath),
    security(("session" = [])),
    responses((status = 200, description = "The steps with their times.", body = ListingPrice))
)]
pub(crate) async fn ledger(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<ListingPath>,
) -> Answer<Json<ListingPrice>> {
    let ledger = prices::ledger(&state.services, &actor, path.id).await?;
    Ok(Json(ListingPrice { ledger }))
}

/// Price changes of a listing
///
/// Every price that moved, from either side, newest first.
#[utoipa::path(
    get,
    operation_id = "list_price_changes",
    path = "/api/projects/{slug}/listings/{id}/price-changes",
    tag = "prices",
    params(ListingPath, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of price changes.", body = Page<PriceChangeView>))
)]
pub(crate) async fn changes(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<ListingPath>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<PriceChangeView>>> {
    Ok(Json(
        prices::changes(&state.services, &actor, Some(path.id), page.into()).await?,
    ))
}

/// Bounds for prices
///
/// Floor, ceiling and largest change, by currency.
#[utoipa::path(
    get,
    operation_id = "get_price_guardrails",
    path = "/api/projects/{slug}/price-guardrails",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address.")),
    security(("session" = [])),
    responses((status = 200, description = "All that are set.", body = Vec<Guardrails>))
)]
pub(crate) async fn guardrails(
    State(state): State<AppState>,
    Member(actor): Member,
) -> Answer<Json<Vec<Guardrails>>> {
    Ok(Json(prices::guardrails(&state.services, &actor).await?))
}

/// Set the bounds of a currency
///
/// Takes the place of what was set for it; with none given, it has none.
#[utoipa::path(
    put,
    operation_id = "set_price_guardrails",
    path = "/api/projects/{slug}/price-guardrails",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address.")),
    request_body = Guardrails,
    security(("session" = [])),
    responses((status = 200, description = "All that are set.", body = Vec<Guardrails>))
)]
pub(crate) async fn set_guardrails(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Json(bounds): extract::Json<Guardrails>,
) -> Answer<Json<Vec<Guardrails>>> {
    Ok(Json(
        prices::set_guardrails(&state.services, &actor, bounds).await?,
    ))
}
