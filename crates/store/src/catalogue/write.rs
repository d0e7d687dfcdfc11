//! The statements of a batch.

use std::collections::HashSet;

use calibr_model::{Money, ProjectId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    BatchContext, BatchCounts, BatchInput, FailureInput, ProductInput, VariantInput,
    plan::{Known, WritePlan, last_of_each, unique_skus},
};
use crate::{db::TenantTx, error::StoreError};

/// Longest title that takes part in order and search, in characters; keeps the
/// index entry within PostgreSQL's bound whatever a store sends.
const TITLE_KEY_CHARS: usize = 200;

fn title_key(title: &str) -> String {
    title.to_lowercase().chars().take(TITLE_KEY_CHARS).collect()
}

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
        scope.update_listings(conn, &plan).await?;
        let first_met = scope.mark_met(conn, &plan).await?;
        let counted = |id: &Uuid| first_met.contains(id);
        let failures: Vec<&FailureInput> =
            batch.failures.iter().chain(plan.orphans.iter()).collect();
        let counts = BatchCounts {
            created: as_i64(plan.new_listings.len()),
            updated: as_i64(plan.changed_listings.iter().filter(|row| counted(&row.id)).count()),
            unchanged: as_i64(plan.unchanged.iter().filter(|id| counted(id)).count()),
            failed: as_i64(failures.len()),
        };
        let first_failure = scope.count(conn, batch, counts).await?;
        scope.insert_failures(conn, &failures, first_failure).await?;
        self.notify_progress(context.run, now).await?;
        Ok(counts)
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
            .chain(variants.iter().map(|variant| variant.product_external_id.as_str()))
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

    /// After a clean full run: marks the listings that it did not meet as gone,
    /// and products with nothing left on sale with them. Gives how many
    /// listings went.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn mark_gone(&mut self, context: &BatchContext<'_>) -> Result<i64, StoreError> {
        let project = self.project().0;
        let now = context.sources.now();
        let gone: i64 = sqlx::query_scalar(
            "WITH gone AS (
                 UPDATE listings l SET state = 'gone', updated_at = $4
                 WHERE l.project_id = $1 AND l.integration_id = $2 AND l.state <> 'gone'
                   AND l.first_run_id <> $3
                   AND NOT EXISTS (SELECT FROM sync_run_seen s
                                   WHERE s.project_id = $1 AND s.run_id = $3
                                     AND s.listing_id = l.id)
                 RETURNING l.external_product_id)
             SELECT count(*) FROM gone",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.run.0)
        .bind(now)
        .fetch_one(self.conn())
        .await?;
        if gone > 0 {
            sqlx::query(
                "UPDATE product_links k SET state = 'gone'
                 WHERE k.project_id = $1 AND k.integration_id = $2 AND k.state <> 'gone'
                   AND NOT EXISTS (SELECT FROM listings l
                                   WHERE l.project_id = k.project_id
                                     AND l.integration_id = k.integration_id
                                     AND l.product_id = k.product_id AND l.state <> 'gone')",
            )
            .bind(project)
            .bind(context.integration.0)
            .execute(self.conn())
            .await?;
            sqlx::query(
                "UPDATE products p SET state = 'gone', updated_at = $2
                 WHERE p.project_id = $1 AND p.state <> 'gone'
                   AND EXISTS (SELECT FROM product_links k
                               WHERE k.project_id = p.project_id AND k.product_id = p.id)
                   AND NOT EXISTS (SELECT FROM product_links k
                                   WHERE k.project_id = p.project_id AND k.product_id = p.id
                                     AND k.state <> 'gone')",
            )
            .bind(project)
            .bind(now)
            .execute(self.conn())
            .await?;
        }
        let done = sqlx::query(
            "UPDATE sync_runs SET items_removed = $4
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(context.worker.0)
        .bind(gone)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        Ok(gone)
    }
}

/// What every statement of one batch shares.
struct Scope<'a> {
    project: ProjectId,
    context: &'a BatchContext<'a>,
    now: DateTime<Utc>,
}

impl Scope<'_> {
    async fn insert_products(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.new_products.is_empty() {
            return Ok(());
        }
        let rows = &plan.new_products;
        sqlx::query(
            "INSERT INTO products (project_id, id, origin_integration_id, title, title_key, vendor,
                                   product_type, handle, image_url, state, created_at, updated_at)
             SELECT $1, r.id, $2, r.title, r.title_key, r.vendor, r.product_type, r.handle,
                    r.image_url, r.state, $3, $3
             FROM UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[])
                  AS r (id, title, title_key, vendor, product_type, handle, image_url, state)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(self.now)
        .bind(column(rows, |(id, _)| *id))
        .bind(column(rows, |(_, p)| p.title.as_str()))
        .bind(column(rows, |(_, p)| title_key(&p.title)))
        .bind(column(rows, |(_, p)| p.vendor.as_deref()))
        .bind(column(rows, |(_, p)| p.product_type.as_deref()))
        .bind(column(rows, |(_, p)| p.handle.as_deref()))
        .bind(column(rows, |(_, p)| p.image_url.as_deref()))
        .bind(column(rows, |(_, p)| p.state.as_str()))
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn insert_links(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.new_links.is_empty() {
            return Ok(());
        }
        let rows = &plan.new_links;
        sqlx::query(
            "INSERT INTO product_links (project_id, integration_id, external_id, product_id, title,
                                        state, record_hash)
             SELECT $1, $2, r.external_id, r.product_id, r.title, r.state, r.record_hash
             FROM UNNEST($3::text[], $4::uuid[], $5::text[], $6::text[], $7::bytea[])
                  AS r (external_id, product_id, title, state, record_hash)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(column(rows, |(_, p)| p.external_id.as_str()))
        .bind(column(rows, |(id, _)| *id))
        .bind(column(rows, |(_, p)| p.title.as_str()))
        .bind(column(rows, |(_, p)| p.state.as_str()))
        .bind(column(rows, |(_, p)| p.hash.as_slice()))
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn insert_variants(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.new_variants.is_empty() {
            return Ok(());
        }
        let rows = &plan.new_variants;
        sqlx::query(
            "INSERT INTO variants (project_id, id, product_id, origin_integration_id, title, sku,
                                   barcode, created_at, updated_at)
             SELECT $1, r.id, r.product_id, $2, r.title, r.sku, r.barcode, $3, $3
             FROM UNNEST($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[])
                  AS r (id, product_id, title, sku, barcode)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(self.now)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.product_id))
        .bind(column(rows, |row| row.record.title.as_str()))
        .bind(column(rows, |row| row.record.sku.as_deref()))
        .bind(column(rows, |row| row.record.barcode.as_deref()))
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn insert_listings(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.new_listings.is_empty() {
            return Ok(());
        }
        let rows = &plan.new_listings;
        sqlx::query(
            "INSERT INTO listings (project_id, id, integration_id, external_id,
                                   external_product_id, product_id, variant_id, title, sku,
                                   price_minor, compare_at_minor, currency, stock, state,
                                   record_hash, external_updated_at, first_run_id, created_at,
                                   updated_at)
             SELECT $1, r.id, $2, r.external_id, r.external_product_id, r.product_id, r.variant_id,
                    r.title, r.sku, r.price, r.compare_at, r.currency, r.stock, r.state,
                    r.record_hash, r.external_updated_at, $3, $4, $4
             FROM UNNEST($5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::uuid[], $10::text[],
                         $11::text[], $12::bigint[], $13::bigint[], $14::text[], $15::bigint[],
                         $16::text[], $17::bytea[], $18::timestamptz[])
                  AS r (id, external_id, external_product_id, product_id, variant_id, title, sku,
                        price, compare_at, currency, stock, state, record_hash,
                        external_updated_at)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(self.context.run.0)
        .bind(self.now)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.record.external_id.as_str()))
        .bind(column(rows, |row| row.record.product_external_id.as_str()))
        .bind(column(rows, |row| row.product_id))
        .bind(column(rows, |row| row.variant_id))
        .bind(column(rows, |row| row.record.title.as_str()))
        .bind(column(rows, |row| row.record.sku.as_deref()))
        .bind(column(rows, |row| minor(row.record.price)))
        .bind(column(rows, |row| minor(row.record.compare_at)))
        .bind(column(rows, |row| currency(row.record)))
        .bind(column(rows, |row| row.record.stock))
        .bind(column(rows, |row| row.state))
        .bind(column(rows, |row| row.record.hash.as_slice()))
        .bind(column(rows, |row| row.record.updated_at))
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn update_links(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.changed_links.is_empty() {
            return Ok(());
        }
        let rows = &plan.changed_links;
        sqlx::query(
            "UPDATE product_links k
             SET title = r.title, state = r.state, record_hash = r.record_hash
             FROM UNNEST($3::text[], $4::text[], $5::text[], $6::bytea[])
                  AS r (external_id, title, state, record_hash)
             WHERE k.project_id = $1 AND k.integration_id = $2 AND k.external_id = r.external_id",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(column(rows, |p| p.external_id.as_str()))
        .bind(column(rows, |p| p.title.as_str()))
        .bind(column(rows, |p| p.state.as_str()))
        .bind(column(rows, |p| p.hash.as_slice()))
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn update_products(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.changed_products.is_empty() {
            return Ok(());
        }
        let rows = &plan.changed_products;
        sqlx::query(
            "UPDATE products p
             SET title = r.title, title_key = r.title_key, vendor = r.vendor,
                 product_type = r.product_type, handle = r.handle, image_url = r.image_url,
                 state = r.state, updated_at = $2
             FROM UNNEST($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::text[], $10::text[])
                  AS r (id, title, title_key, vendor, product_type, handle, image_url, state)
             WHERE p.project_id = $1 AND p.id = r.id",
        )
        .bind(self.project.0)
        .bind(self.now)
        .bind(column(rows, |(id, _)| *id))
        .bind(column(rows, |(_, p)| p.title.as_str()))
        .bind(column(rows, |(_, p)| title_key(&p.title)))
        .bind(column(rows, |(_, p)| p.vendor.as_deref()))
        .bind(column(rows, |(_, p)| p.product_type.as_deref()))
        .bind(column(rows, |(_, p)| p.handle.as_deref()))
        .bind(column(rows, |(_, p)| p.image_url.as_deref()))
        .bind(column(rows, |(_, p)| p.state.as_str()))
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn update_listings(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.changed_listings.is_empty() {
            return Ok(());
        }
        let rows = &plan.changed_listings;
        sqlx::query(
            "UPDATE listings l
             SET external_product_id = r.external_product_id, title = r.title, sku = r.sku,
                 price_minor = r.price, compare_at_minor = r.compare_at, currency = r.currency,
                 stock = r.stock, state = r.state, record_hash = r.record_hash,
                 external_updated_at = r.external_updated_at, updated_at = $2
             FROM UNNEST($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                         $8::bigint[], $9::text[], $10::bigint[], $11::text[], $12::bytea[],
                         $13::timestamptz[])
                  AS r (id, external_product_id, title, sku, price, compare_at, currency, stock,
                        state, record_hash, external_updated_at)
             WHERE l.project_id = $1 AND l.id = r.id",
        )
        .bind(self.project.0)
        .bind(self.now)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.record.product_external_id.as_str()))
        .bind(column(rows, |row| row.record.title.as_str()))
        .bind(column(rows, |row| row.record.sku.as_deref()))
        .bind(column(rows, |row| minor(row.record.price)))
        .bind(column(rows, |row| minor(row.record.compare_at)))
        .bind(column(rows, |row| currency(row.record)))
        .bind(column(rows, |row| row.record.stock))
        .bind(column(rows, |row| row.state))
        .bind(column(rows, |row| row.record.hash.as_slice()))
        .bind(column(rows, |row| row.record.updated_at))
        .execute(&mut *conn)
        .await?;
        // The variant follows the integration it came from.
        sqlx::query(
            "UPDATE variants v SET title = r.title, sku = r.sku, barcode = r.barcode, updated_at = $3
             FROM UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[])
                  AS r (id, title, sku, barcode)
             WHERE v.project_id = $1 AND v.id = r.id AND v.origin_integration_id = $2
               AND (v.title, v.sku, v.barcode) IS DISTINCT FROM (r.title, r.sku, r.barcode)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(self.now)
        .bind(column(rows, |row| row.variant_id))
        .bind(column(rows, |row| row.record.title.as_str()))
        .bind(column(rows, |row| row.record.sku.as_deref()))
        .bind(column(rows, |row| row.record.barcode.as_deref()))
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Marks the listings that were there before the run as met by it; gives
    /// those it meets for the first time, so that each counts once however
    /// often a store sends it or a worker is lost.
    async fn mark_met(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<HashSet<Uuid>, StoreError> {
        if plan.met.is_empty() {
            return Ok(HashSet::new());
        }
        let first: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO sync_run_seen (project_id, run_id, listing_id)
             SELECT $1, $2, r.id FROM UNNEST($3::uuid[]) AS r (id)
             ON CONFLICT DO NOTHING
             RETURNING listing_id",
        )
        .bind(self.project.0)
        .bind(self.context.run.0)
        .bind(&plan.met)
        .fetch_all(conn)
        .await?;
        Ok(first.into_iter().collect())
    }

    /// Adds the counts and keeps the checkpoint, under the lease. Gives the
    /// number that this batch's first failure gets.
    async fn count(
        &self,
        conn: &mut PgConnection,
        batch: &BatchInput,
        counts: BatchCounts,
    ) -> Result<i64, StoreError> {
        let failed_after: Option<i64> = sqlx::query_scalar(
            "UPDATE sync_runs
             SET items_created = items_created + $4, items_updated = items_updated + $5,
                 items_unchanged = items_unchanged + $6, items_failed = items_failed + $7,
                 items_expected = coalesce($8, items_expected),
                 checkpoint = coalesce($9, checkpoint), fruitless = 0
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'
             RETURNING items_failed",
        )
        .bind(self.project.0)
        .bind(self.context.run.0)
        .bind(self.context.worker.0)
        .bind(counts.created)
        .bind(counts.updated)
        .bind(counts.unchanged)
        .bind(counts.failed)
        .bind(batch.expected)
        .bind(&batch.checkpoint)
        .fetch_optional(conn)
        .await?;
        let failed_after = failed_after.ok_or(StoreError::LeaseLost)?;
        Ok(failed_after - counts.failed)
    }

    async fn insert_failures(
        &self,
        conn: &mut PgConnection,
        failures: &[&FailureInput],
        first: i64,
    ) -> Result<(), StoreError> {
        if failures.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = (first..first + as_i64(failures.len())).collect();
        sqlx::query(
            "INSERT INTO item_failures (project_id, run_id, id, external_id, label, code, message,
                                        class, answer, at)
             SELECT $1, $2, r.id, r.external_id, r.label, r.code, r.message, r.class, r.answer, $3
             FROM UNNEST($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[])
                  AS r (id, external_id, label, code, message, class, answer)",
        )
        .bind(self.project.0)
        .bind(self.context.run.0)
        .bind(self.now)
        .bind(ids)
        .bind(column(failures, |f| f.external_id.as_deref()))
        .bind(column(failures, |f| f.label.as_deref()))
        .bind(column(failures, |f| f.code.as_str()))
        .bind(column(failures, |f| f.message.as_str()))
        .bind(column(failures, |f| f.class.as_str()))
        .bind(column(failures, |f| f.answer.as_deref()))
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// One column of the rows, as a statement with UNNEST takes it.
fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

fn minor(money: Option<Money>) -> Option<i64> {
    money.map(|money| money.amount_minor)
}

fn currency(record: &VariantInput) -> Option<String> {
    record
        .price
        .or(record.compare_at)
        .map(|money| money.currency.code().to_owned())
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

