//! Changed rows.

use sqlx::PgConnection;

use super::{
    Scope,
    columns::{bind_listings, bind_products, bind_variants},
};
use crate::{catalogue::plan::WritePlan, error::StoreError, rows::column};

impl Scope<'_> {
    pub(in crate::catalogue) async fn update_links(
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

    pub(in crate::catalogue) async fn update_products(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.changed_products.is_empty() {
            return Ok(());
        }
        let rows = &plan.changed_products;
        let statement = sqlx::query(
            "UPDATE products p
             SET title = r.title, title_key = r.title_key, vendor = r.vendor,
                 vendor_key = r.vendor_key, product_type = r.product_type, handle = r.handle,
                 image_url = r.image_url, state = r.state, updated_at = $2
             FROM UNNEST($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::text[], $10::text[], $11::text[])
                  AS r (id, title, title_key, vendor, vendor_key, product_type, handle, image_url,
                        state)
             WHERE p.project_id = $1 AND p.id = r.id",
        )
        .bind(self.project.0)
        .bind(self.now);
        bind_products(statement, rows).execute(conn).await?;
        Ok(())
    }

    pub(in crate::catalogue) async fn update_listings(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.changed_listings.is_empty() {
            return Ok(());
        }
        let rows = &plan.changed_listings;
        let statement = sqlx::query(
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
        .bind(column(rows, |row| row.record.product_external_id.as_str()));
        bind_listings(statement, rows).execute(&mut *conn).await?;
        // The variant follows the integration it came from.
        let statement = sqlx::query(
            "UPDATE variants v SET title = r.title, sku = r.sku, sku_key = r.sku_key,
                 barcode = r.barcode, updated_at = $3
             FROM UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
                  AS r (id, title, sku, sku_key, barcode)
             WHERE v.project_id = $1 AND v.id = r.id AND v.origin_integration_id = $2
               AND (v.title, v.sku, v.barcode) IS DISTINCT FROM (r.title, r.sku, r.barcode)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(self.now)
        .bind(column(rows, |row| row.variant_id));
        bind_variants(statement, rows, |row| row.record)
            .execute(conn)
            .await?;
        Ok(())
    }

    /// A product that was gone is back with the first listing of it that is
    /// written, also one of an integration that its titles do not come from.
    pub(in crate::catalogue) async fn bring_products_back(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = plan.written_states().into_iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "UPDATE products p SET state = r.state, updated_at = $2
             FROM UNNEST($3::uuid[], $4::text[]) AS r (id, state)
             WHERE p.project_id = $1 AND p.id = r.id AND p.state = 'gone'",
        )
        .bind(self.project.0)
        .bind(self.now)
        .bind(column(&rows, |(id, _)| *id))
        .bind(column(&rows, |(_, state)| *state))
        .execute(conn)
        .await?;
        Ok(())
    }
}
