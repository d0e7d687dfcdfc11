//! What is known of a run before it is asked for.

use calibr_model::IntegrationId;
use sqlx::FromRow;

use crate::{db::TenantTx, error::StoreError};

/// How large an integration's catalogue is here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct CatalogueSize {
    /// Variants that are not gone.
    pub listings: i64,
    /// Products that are not gone.
    pub products: i64,
    /// Products whose variants have ids of their own.
    pub with_variants: i64,
}

/// What the last run that read changes found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct LastChanges {
    /// Items of the catalogue.
    pub items: i64,
    /// Orders.
    pub orders: i64,
}

impl TenantTx {
    /// How large an integration's catalogue is here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn catalogue_size(
        &mut self,
        integration: IntegrationId,
    ) -> Result<CatalogueSize, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT (SELECT count(*) FROM listings l
                     WHERE l.project_id = $1 AND l.integration_id = $2 AND l.state <> 'gone')
                        AS listings,
                    count(*) AS products,
                    count(*) FILTER (WHERE NOT EXISTS (
                        SELECT FROM listings l
                        WHERE l.project_id = $1 AND l.integration_id = $2
                          AND l.external_id = k.external_id)) AS with_variants
             FROM product_links k
             WHERE k.project_id = $1 AND k.integration_id = $2 AND k.state <> 'gone'",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_one(self.conn())
        .await?)
    }

    /// What the last run that read changes found; nothing where there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_changes(
        &mut self,
        integration: IntegrationId,
    ) -> Result<LastChanges, StoreError> {
        let project = self.project().0;
        let last: Option<LastChanges> = sqlx::query_as(
            "SELECT items_created + items_updated + items_unchanged AS items,
                    orders_read AS orders
             FROM sync_runs
             WHERE project_id = $1 AND integration_id = $2 AND type = 'incremental'
               AND status IN ('success', 'partial')
             ORDER BY id DESC LIMIT 1",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?;
        Ok(last.unwrap_or_default())
    }

    /// How many prices wait to be sent to an integration's store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting_prices(&mut self, integration: IntegrationId) -> Result<i64, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM price_push_items
             WHERE project_id = $1 AND integration_id = $2 AND status IN ('queued', 'sent')",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_one(self.conn())
        .await?)
    }
}
