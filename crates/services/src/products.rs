//! The catalogue as the project has it.

use calibr_model::{
    IntegrationId, ListingId, Page, PageRequest, Problem, ProblemKind, ProductId,
    views::{CompetitorOfferView, ListingView, ProductQuery, ProductRow},
};

use calibr_store::TenantTx;

use crate::{Actor, Services, prices::known};

/// A page of products.
///
/// # Errors
/// `invalid` where the cursor is of another list.
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: ProductQuery,
    page: PageRequest,
) -> Result<Page<ProductRow>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.products(&query, &page).await?)
}

/// A page of listings: of one product, of one integration, or all.
///
/// # Errors
/// `not-found` where the project has no such product; `invalid` where the
/// cursor is of another list.
pub async fn listings(
    services: &Services,
    actor: &Actor,
    product: Option<ProductId>,
    integration: Option<IntegrationId>,
    page: PageRequest,
) -> Result<Page<ListingView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    if let Some(product) = product {
        must_be_there(&mut tx, product).await?;
    }
    Ok(tx.listings(product, integration, &page).await?)
}

/// What others ask for a listing's product, the cheapest first; empty where the
/// platform does not tell.
///
/// # Errors
/// `not-found` where the project has no such listing.
pub async fn competitors(
    services: &Services,
    actor: &Actor,
    listing: ListingId,
) -> Result<Vec<CompetitorOfferView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    known(&mut tx, listing).await?;
    Ok(tx.competitor_offers(listing).await?)
}

/// # Errors
/// `not-found` where the project has no such product.
pub(crate) async fn must_be_there(tx: &mut TenantTx, product: ProductId) -> Result<(), Problem> {
    match tx.product_title(product).await? {
        Some(_) => Ok(()),
        None => Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such product in this project.",
        )),
    }
}
