//! Variants as integrations offer them.

use axum::{Json, extract::State};
use calibr_model::{
    IntegrationId, Page, ProductId,
    views::{CompetitorOfferView, DaySales, ListingView},
};
use calibr_services::{products, sales as sold};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, prices::ListingPath};
use crate::http::{
    caller::Member,
    extract::{self, PageQuery},
    state::AppState,
};

/// Which listings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListingsQuery {
    /// Only this product's.
    product: Option<ProductId>,
    /// Only this integration's.
    integration: Option<IntegrationId>,
}

/// Listings
///
/// One variant as one integration offers it: price, stock and state there.
#[utoipa::path(
    get,
    operation_id = "list_listings",
    path = "/api/projects/{slug}/listings",
    tag = "catalogue",
    params(("slug" = String, Path, description = "The project's address."), ListingsQuery, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of listings.", body = Page<ListingView>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Query(query): extract::Query<ListingsQuery>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<ListingView>>> {
    let ListingsQuery {
        product,
        integration,
    } = query;
    Ok(Json(
        products::listings(&state.services, &actor, product, integration, page.into()).await?,
    ))
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DaysQuery {
    /// The first day, such as `2026-11-01`; 30 days before the last where not
    /// given.
    from: Option<NaiveDate>,
    /// The last day; today where not given.
    to: Option<NaiveDate>,
}

/// What a listing sold
///
/// Units and revenue on each of the merchant's days, by the project's time zone
/// and by currency; days without a sale are left out.
#[utoipa::path(
    get,
    operation_id = "list_sales",
    path = "/api/projects/{slug}/listings/{id}/sales",
    tag = "catalogue",
    params(ListingPath, DaysQuery),
    security(("session" = [])),
    responses((status = 200, description = "The days, first to last.", body = Vec<DaySales>))
)]
pub(crate) async fn sales(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<ListingPath>,
    extract::Query(days): extract::Query<DaysQuery>,
) -> Answer<Json<Vec<DaySales>>> {
    Ok(Json(
        sold::of_listing(&state.services, &actor, path.id, days.from, days.to).await?,
    ))
}

/// What others ask
///
/// Other sellers' offers for a listing's product as last seen, the cheapest
/// first, shipping counted; empty where the platform does not tell.
#[utoipa::path(
    get,
    operation_id = "list_competitor_offers",
    path = "/api/projects/{slug}/listings/{id}/competitors",
    tag = "catalogue",
    params(ListingPath),
    security(("session" = [])),
    responses((status = 200, description = "The offers.", body = Vec<CompetitorOfferView>))
)]
pub(crate) async fn competitors(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<ListingPath>,
) -> Answer<Json<Vec<CompetitorOfferView>>> {
    Ok(Json(
        products::competitors(&state.services, &actor, path.id).await?,
    ))
}
