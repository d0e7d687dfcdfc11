//! What a store says it has deleted.

use calibr_model::IntegrationId;
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{db::TenantTx, error::StoreError};

/// A listing that went.
#[derive(FromRow)]
pub(super) struct Gone {
    external_product_id: String,
    product_id: uuid::Uuid,
}

impl TenantTx {
    /// Marks products as gone that the store told of as deleted, with their
    /// listings; an id that is no product's but a variant's takes that listing.
    /// What is not known here is passed over. Gives how many listings went, and
    /// sets the integration's count.
    ///
    /// Nothing may be locked before this in the transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_deleted(
        &mut self,
        integration: IntegrationId,
        external_ids: &[String],
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        self.lock_catalogue().await?;
        let project = self.project().0;
        let gone: Vec<Gone> = sqlx::query_as(
            "UPDATE listings l SET state = 'gone', updated_at = $4
             WHERE l.project_id = $1 AND l.integration_id = $2 AND l.state <> 'gone'
               AND (l.external_product_id = ANY ($3)
                    OR l.external_id = ANY ($3)
                       AND NOT EXISTS (SELECT FROM product_links k
                                       WHERE k.project_id = $1 AND k.integration_id = $2
                                         AND k.external_id = l.external_id))
             RETURNING l.external_product_id, l.product_id",
        )
        .bind(project)
        .bind(integration.0)
        .bind(external_ids)
        .bind(now)
        .fetch_all(self.conn())
        .await?;
        let told: Vec<&str> = external_ids.iter().map(String::as_str).collect();
        let touched = self.retire_products(integration, &gone, &told, now).await?;
        self.gone_no_longer_fail(integration, external_ids).await?;
        if !touched {
            return Ok(0);
        }
        sqlx::query(
            "UPDATE integrations
             SET item_count = (SELECT count(*) FROM listings l
                               WHERE l.project_id = $1 AND l.integration_id = $2
                                 AND l.state <> 'gone'),
                 updated_at = $3
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(integration.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(crate::rows::as_i64(gone.len()))
    }

    /// Marks products as gone with the last of their listings, and those among
    /// `told` of which no listing is left. Gives whether any could be.
    pub(super) async fn retire_products(
        &mut self,
        integration: IntegrationId,
        gone: &[Gone],
        told: &[&str],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        if !gone.is_empty() {
            self.end_conflicts_of_gone(integration, now).await?;
        }
        let mut links: Vec<&str> = gone
            .iter()
            .map(|one| one.external_product_id.as_str())
            .chain(told.iter().copied())
            .collect();
        links.sort_unstable();
        links.dedup();
        let products: Vec<uuid::Uuid> = sqlx::query_scalar(
            "UPDATE product_links k SET state = 'gone'
             WHERE k.project_id = $1 AND k.integration_id = $2 AND k.external_id = ANY ($3)
               AND k.state <> 'gone'
               AND NOT EXISTS (SELECT FROM listings l
                               WHERE l.project_id = $1 AND l.integration_id = $2
                                 AND l.external_product_id = k.external_id
                                 AND l.state <> 'gone')
             RETURNING k.product_id",
        )
        .bind(project)
        .bind(integration.0)
        .bind(&links)
        .fetch_all(self.conn())
        .await?;
        let products: Vec<uuid::Uuid> = products
            .into_iter()
            .chain(gone.iter().map(|one| one.product_id))
            .collect();
        if products.is_empty() {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE products p SET state = 'gone', updated_at = $3
             WHERE p.project_id = $1 AND p.id = ANY ($2) AND p.state <> 'gone'
               AND NOT EXISTS (SELECT FROM listings l
                               WHERE l.project_id = $1 AND l.product_id = p.id
                                 AND l.state <> 'gone')
               AND NOT EXISTS (SELECT FROM product_links k
                               WHERE k.project_id = $1 AND k.product_id = p.id
                                 AND k.state <> 'gone')",
        )
        .bind(project)
        .bind(&products)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(true)
    }
}
