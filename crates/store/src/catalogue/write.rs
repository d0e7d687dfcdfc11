//! Writing a batch.

use std::collections::HashSet;

use calibr_model::status::FailureKind;
use uuid::Uuid;

use super::{
    BatchContext, BatchCounts, BatchInput, ProductInput, VariantInput,
    plan::{Known, WritePlan, last_of_each, unique_skus},
    statements::Scope,
};
use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column},
};

impl TenantTx {
    /// Writes a batch: new rows, changed rows, failures, what was met, counters
    /// and checkpoint. Unchanged records cause no write. Everything holds or
    /// nothing does, when the transaction is committed.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn write_batch(
        &mut self,
        batch: &BatchInput,
        context: &BatchContext<'_>,
    ) -> Result<BatchCounts, StoreError> {
        self.lock_catalogue().await?;
        self.lock_prices().await?;
        self.hold_lease(context).await?;
        let now = context.sources.now();
        let products = last_of_each(&batch.products, |product| &product.external_id);
        let variants = last_of_each(&batch.variants, |variant| &variant.external_id);
        let known = self.look_up(context, &products, &variants).await?;
        let plan = WritePlan::make(&products, &variants, &known, context.sources);
        let project = self.project();
        let scope = Scope {
            project,
            context,
            now,
        };
        let conn = self.conn();
        scope.insert_products(conn, &plan).await?;
        scope.insert_links(conn, &plan).await?;
        scope.insert_variants(conn, &plan).await?;
        scope.insert_listings(conn, &plan).await?;
        scope.update_links(conn, &plan).await?;
        scope.update_products(conn, &plan).await?;
        let seen = plan.seen_prices(now);
        self.note_price_changes(&seen, context).await?;
        let conn = self.conn();
        scope.update_listings(conn, &plan).await?;
        scope.bring_products_back(conn, &plan).await?;
        let first_met = scope.mark_met(conn, &plan).await?;
        self.note_observed_prices(&seen, context).await?;
        let counted = |id: &Uuid| first_met.contains(id);
        let orphans: HashSet<&str> = plan
            .orphans
            .iter()
            .filter_map(|orphan| orphan.external_id.as_deref())
            .collect();
        let came = column(&products, |product| product.external_id.as_str());
        self.no_longer_failing(context.integration, FailureKind::Product, &came)
            .await?;
        let mut came = column(&variants, |variant| variant.external_id.as_str());
        came.retain(|id| !orphans.contains(id));
        self.no_longer_failing(context.integration, FailureKind::Listing, &came)
            .await?;
        let failures = batch.failures.iter().chain(&plan.orphans);
        let failures = self.new_failures(context, failures).await?;
        let counts = BatchCounts {
            created: as_i64(plan.new_listings.len()),
            updated: as_i64(
                plan.changed_listings
                    .iter()
                    .filter(|row| counted(&row.id))
                    .count(),
            ),
            unchanged: as_i64(plan.unchanged.iter().filter(|id| counted(id)).count()),
            failed: as_i64(failures.len()),
        };
        let first_failure = scope.count(self.conn(), batch, counts).await?;
        self.insert_failures(context, &failures, first_failure)
            .await?;
        self.notify_progress(context.run, now).await?;
        Ok(counts)
    }

    /// Lets one transaction at a time write a project's catalogue: two stores
    /// that bring the same SKU at the same moment make one variant of it, and
    /// neither waits for rows that the other holds. Taken before any row is, and
    /// held until the transaction ends.
    pub(super) async fn lock_catalogue(&mut self) -> Result<(), StoreError> {
        let project = self.project();
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('catalogue ' || $1, 0))")
            .bind(project.to_string())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Makes sure that the worker has the run, and that no other takes it up
    /// until this transaction ends.
    pub(crate) async fn hold_lease(
        &mut self,
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let held: Option<i32> = sqlx::query_scalar(
            "SELECT 1 FROM sync_runs
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'
             FOR NO KEY UPDATE",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(context.worker.0)
        .fetch_optional(self.conn())
        .await?;
        held.map(|_| ()).ok_or(StoreError::LeaseLost)
    }

    async fn look_up(
        &mut self,
        context: &BatchContext<'_>,
        products: &[&ProductInput],
        variants: &[&VariantInput],
    ) -> Result<Known, StoreError> {
        let mut product_ids: Vec<&str> = products
            .iter()
            .map(|product| product.external_id.as_str())
            .chain(
                variants
                    .iter()
                    .map(|variant| variant.product_external_id.as_str()),
            )
            .collect();
        product_ids.sort_unstable();
        product_ids.dedup();
        let listing_ids: Vec<&str> = variants
            .iter()
            .map(|variant| variant.external_id.as_str())
            .collect();
        let integration = context.integration;
        let known_products = self.known_products(integration, &product_ids).await?;
        let listings = self
            .known_listings(integration, context.run, &listing_ids)
            .await?;
        let fresh: Vec<&VariantInput> = variants
            .iter()
            .copied()
            .filter(|variant| !listings.contains_key(&variant.external_id))
            .collect();
        let skus = unique_skus(&fresh);
        let skus = if skus.is_empty() || !self.has_other_variants(integration).await? {
            Default::default()
        } else {
            self.variants_by_sku(integration, &skus).await?
        };
        Ok(Known {
            products: known_products,
            listings,
            skus,
        })
    }
}
