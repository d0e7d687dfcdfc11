//! Variants as integrations offer them.

use axum::{Json, extract::State};
use calibr_model::{IntegrationId, Page, ProductId, views::ListingView};
use calibr_services::products;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
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
