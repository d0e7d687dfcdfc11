//! The catalogue as Calibr holds it.

use axum::{Json, extract::State};
use calibr_model::{
    IntegrationId, Page,
    status::ListingState,
    views::{ProductQuery, ProductRow, ProductSort},
};
use calibr_services::products;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use crate::http::{
    caller::Member,
    extract::{self, PageQuery},
    state::AppState,
};

/// Which products.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductsQuery {
    /// Words to find in title, vendor or SKU.
    #[serde(default)]
    #[param(required = false)]
    search: String,
    /// Only products listed on this integration.
    integration: Option<IntegrationId>,
    /// Only products in this state.
    state: Option<ListingState>,
    /// The order; by title where not given.
    sort: Option<ProductSort>,
}

/// Products
#[utoipa::path(
    get,
    operation_id = "list_products",
    path = "/api/projects/{slug}/products",
    tag = "catalogue",
    params(("slug" = String, Path, description = "The project's address."), ProductsQuery, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of products.", body = Page<ProductRow>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Query(query): extract::Query<ProductsQuery>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<ProductRow>>> {
    let ProductsQuery {
        search,
        integration,
        state: listing_state,
        sort,
    } = query;
    let query = ProductQuery {
        search,
        integration,
        state: listing_state,
        sort,
    };
    Ok(Json(
        products::list(&state.services, &actor, query, page.into()).await?,
    ))
}
