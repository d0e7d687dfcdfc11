//! The catalogue.

use calibr_model::{
    Page, PageRequest, ProductId, ProjectSlug,
    views::{ListingView, ProductQuery, ProductRow, StoreSales},
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// One page of the project's products.
///
/// # Errors
/// `not-found` where the project is not the caller's; `invalid` for a cursor of
/// another list.
#[server(prefix = "/api/fn", endpoint = "list_products", protocol = JsonPost)]
pub async fn list_products(
    project: ProjectSlug,
    query: ProductQuery,
    page: PageRequest,
) -> Result<Page<ProductRow>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::products::list(&services, &actor, query, page).await?)
}

/// Every listing of one product.
///
/// # Errors
/// `not-found` where there is no such product in the project.
#[server(prefix = "/api/fn", endpoint = "list_listings", protocol = JsonPost)]
pub async fn list_listings(
    project: ProjectSlug,
    product: ProductId,
) -> Result<Vec<ListingView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let mut listings = Vec::new();
    let mut page = PageRequest {
        limit: Some(PageRequest::MAX_LIMIT),
        cursor: None,
    };
    loop {
        let found = calibr_services::products::listings(
            &services,
            &actor,
            Some(product),
            None,
            page.clone(),
        )
        .await?;
        listings.extend(found.items);
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            return Ok(listings);
        }
    }
}

/// What a product's listings sold of late, store by store.
///
/// # Errors
/// `not-found` where there is no such product in the project.
#[server(prefix = "/api/fn", endpoint = "product_sales", protocol = JsonPost)]
pub async fn product_sales(
    project: ProjectSlug,
    product: ProductId,
) -> Result<Vec<StoreSales>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::sales::of_product(&services, &actor, product).await?)
}
