//! What of a batch is there already.

use std::collections::HashMap;

use calibr_model::{IntegrationId, SyncRunId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{db::TenantTx, error::StoreError, rows::search_key};

/// A product that the integration is known to have.
#[derive(Debug, Clone, FromRow)]
pub(super) struct KnownProduct {
    external_id: String,
    pub(super) product_id: Uuid,
    pub(super) record_hash: Vec<u8>,
    pub(super) state: String,
    /// Whether the product came from this integration first.
    pub(super) owned: bool,
}

/// A listing that the integration is known to have.
#[derive(Debug, Clone, FromRow)]
pub(super) struct KnownListing {
    external_id: String,
    pub(super) id: Uuid,
    pub(super) product_id: Uuid,
    pub(super) variant_id: Uuid,
    pub(super) record_hash: Vec<u8>,
    pub(super) state: String,
    /// Whether this very run brought it.
    pub(super) of_this_run: bool,
}

/// A variant that another integration brought.
#[derive(Debug, Clone, Copy)]
pub(super) struct SkuMatch {
    pub(super) variant_id: Uuid,
    pub(super) product_id: Uuid,
}

// An import fills tables that were empty when the planner last looked at them.
// `OFFSET 0` keeps it from reading the whole integration for each batch: every
// wanted row is looked up by its key.
impl TenantTx {
    pub(super) async fn known_products(
        &mut self,
        integration: IntegrationId,
        external_ids: &[&str],
    ) -> Result<HashMap<String, KnownProduct>, StoreError> {
        let project = self.project().0;
        let rows: Vec<KnownProduct> = sqlx::query_as(
            "SELECT k.external_id, k.product_id, k.record_hash, k.state,
                    p.origin_integration_id = $2 AS owned
             FROM UNNEST($3::text[]) AS wanted (external_id)
             CROSS JOIN LATERAL (
                 SELECT * FROM product_links k
                 WHERE k.project_id = $1 AND k.integration_id = $2
                   AND k.external_id = wanted.external_id
                 OFFSET 0) k
             CROSS JOIN LATERAL (
                 SELECT * FROM products p
                 WHERE p.project_id = $1 AND p.id = k.product_id
                 OFFSET 0) p",
        )
        .bind(project)
        .bind(integration.0)
        .bind(external_ids)
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.external_id.clone(), row))
            .collect())
    }

    pub(super) async fn known_listings(
        &mut self,
        integration: IntegrationId,
        run: SyncRunId,
        external_ids: &[&str],
    ) -> Result<HashMap<String, KnownListing>, StoreError> {
        let project = self.project().0;
        let rows: Vec<KnownListing> = sqlx::query_as(
            "SELECT l.external_id, l.id, l.product_id, l.variant_id, l.record_hash, l.state,
                    l.first_run_id = $4 AS of_this_run
             FROM UNNEST($3::text[]) AS wanted (external_id)
             CROSS JOIN LATERAL (
                 SELECT * FROM listings l
                 WHERE l.project_id = $1 AND l.integration_id = $2
                   AND l.external_id = wanted.external_id
                 OFFSET 0) l",
        )
        .bind(project)
        .bind(integration.0)
        .bind(external_ids)
        .bind(run.0)
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.external_id.clone(), row))
            .collect())
    }

    /// Variants of other integrations by SKU: only where the project has that
    /// SKU once, and this integration does not list it yet. A SKU that is not
    /// unique says nothing about which is which.
    pub(super) async fn variants_by_sku(
        &mut self,
        integration: IntegrationId,
        skus: &[&str],
    ) -> Result<HashMap<String, SkuMatch>, StoreError> {
        let project = self.project().0;
        let rows: Vec<(String, Uuid, Uuid)> = sqlx::query_as(
            "SELECT v.sku, (array_agg(v.id))[1], (array_agg(v.product_id))[1]
             FROM UNNEST($3::text[], $4::text[]) AS wanted (sku, sku_key)
             CROSS JOIN LATERAL (
                 SELECT * FROM variants v
                 WHERE v.project_id = $1 AND v.sku_key = wanted.sku_key AND v.sku = wanted.sku
                 OFFSET 0) v
             GROUP BY v.sku
             HAVING count(*) = 1 AND NOT EXISTS (
                 SELECT FROM listings l
                 WHERE l.project_id = $1 AND l.integration_id = $2
                   AND l.variant_id = (array_agg(v.id))[1])",
        )
        .bind(project)
        .bind(integration.0)
        .bind(skus)
        .bind(skus.iter().map(|sku| search_key(sku)).collect::<Vec<_>>())
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|(sku, variant_id, product_id)| {
                (
                    sku,
                    SkuMatch {
                        variant_id,
                        product_id,
                    },
                )
            })
            .collect())
    }

    /// Whether any other integration has brought variants.
    pub(super) async fn has_other_variants(
        &mut self,
        integration: IntegrationId,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM integrations i
                            WHERE i.project_id = $1 AND i.id <> $2
                              AND EXISTS (SELECT FROM listings l
                                          WHERE l.project_id = i.project_id
                                            AND l.integration_id = i.id))",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_one(self.conn())
        .await?)
    }
}
