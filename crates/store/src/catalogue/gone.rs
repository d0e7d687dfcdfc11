//! What a store no longer has.

use super::{BatchContext, deleted::Gone};
use crate::{db::TenantTx, error::StoreError, rows::as_i64};

/// So many listings go in one transaction: whoever stops the run meanwhile waits
/// for no more than that.
const AT_ONCE: usize = 5_000;

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// How many listings.
    pub listings: i64,
    /// Whether there may be more of them.
    pub more: bool,
}

impl TenantTx {
    /// After a clean full run: marks listings that it did not meet as gone, some
    /// thousands of them, and products with nothing left on sale with them. A
    /// product of which no listing was ever known may be on sale all the same: it
    /// stays as it is.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn mark_gone(&mut self, context: &BatchContext<'_>) -> Result<Removed, StoreError> {
        self.lock_catalogue().await?;
        self.hold_lease(context).await?;
        self.allow_nested_loops(false).await?;
        let project = self.project().0;
        let now = context.sources.now();
        let unmet: Vec<uuid::Uuid> = sqlx::query_scalar(
            "SELECT l.id FROM listings l
             WHERE l.project_id = $1 AND l.integration_id = $2 AND l.state <> 'gone'
               AND l.first_run_id <> $3
               AND NOT EXISTS (SELECT FROM sync_run_seen s
                               WHERE s.project_id = $1 AND s.run_id = $3
                                 AND s.listing_id = l.id)
             LIMIT $4",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.run.0)
        .bind(as_i64(AT_ONCE))
        .fetch_all(self.conn())
        .await?;
        self.allow_nested_loops(true).await?;
        self.whole_catalogue_came_through(context).await?;
        let gone: Vec<Gone> = sqlx::query_as(
            "UPDATE listings l SET state = 'gone', updated_at = $3
             WHERE l.project_id = $1 AND l.id = ANY ($2)
             RETURNING l.external_product_id, l.product_id",
        )
        .bind(project)
        .bind(&unmet)
        .bind(now)
        .fetch_all(self.conn())
        .await?;
        let listings = as_i64(gone.len());
        if listings > 0 {
            self.retire_products(context.integration, &gone, &[], now)
                .await?;
            self.count_removed(listings, context).await?;
        }
        Ok(Removed {
            listings,
            more: gone.len() == AT_ONCE,
        })
    }

    /// Marks items as gone that the store was asked for and no longer has: the
    /// `listings` themselves, and those of the `products`, by the platform's ids.
    /// Gives how many listings went. Must come after a batch in its transaction,
    /// which holds the catalogue.
    pub(crate) async fn mark_items_gone(
        &mut self,
        listings: &[&str],
        products: &[&str],
        context: &BatchContext<'_>,
    ) -> Result<i64, StoreError> {
        if listings.is_empty() && products.is_empty() {
            return Ok(0);
        }
        let project = self.project().0;
        let now = context.sources.now();
        let gone: Vec<Gone> = sqlx::query_as(
            "UPDATE listings l SET state = 'gone', updated_at = $5
             WHERE l.project_id = $1 AND l.integration_id = $2 AND l.state <> 'gone'
               AND (l.external_id = ANY ($3) OR l.external_product_id = ANY ($4))
             RETURNING l.external_product_id, l.product_id",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(listings)
        .bind(products)
        .bind(now)
        .fetch_all(self.conn())
        .await?;
        self.retire_products(context.integration, &gone, products, now)
            .await?;
        let gone = as_i64(gone.len());
        self.count_removed(gone, context).await?;
        Ok(gone)
    }

    /// Added: a worker lost right after this has counted them already.
    async fn count_removed(
        &mut self,
        gone: i64,
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE sync_runs SET items_removed = items_removed + $3
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(gone)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
