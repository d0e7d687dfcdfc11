//! New rows.

use sqlx::PgConnection;

use super::{
    Scope,
    columns::{bind_listings, bind_products, bind_variants},
};
use crate::{catalogue::plan::WritePlan, error::StoreError, rows::column};

impl Scope<'_> {
    pub(in crate::catalogue) async fn insert_products(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.new_products.is_empty() {
            return Ok(());
        }
        let rows = &plan.new_products;
        let statement = sqlx::query(
            "INSERT INTO products (project_id, id, origin_integration_id, title, title_key, vendor,
                                   vendor_key, product_type, handle, image_url, state,
                                   created_at, updated_at)
             SELECT $1, r.id, $2, r.title, r.title_key, r.vendor, r.vendor_key, r.product_type,
                    r.handle, r.image_url, r.state, $3, $3
             FROM UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[], $12::text[])
                  AS r (id, title, title_key, vendor, vendor_key, product_type, handle, image_url,
                        state)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(self.now);
        bind_products(statement, rows).execute(conn).await?;
        Ok(())
    }

    pub(in crate::catalogue) async fn insert_links(
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

    pub(in crate::catalogue) async fn insert_variants(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.new_variants.is_empty() {
            return Ok(());
        }
        let rows = &plan.new_variants;
        let statement = sqlx::query(
            "INSERT INTO variants (project_id, id, product_id, origin_integration_id, title, sku,
                                   sku_key, barcode, created_at, updated_at)
             SELECT $1, r.id, r.product_id, $2, r.title, r.sku, r.sku_key, r.barcode, $3, $3
             FROM UNNEST($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[])
                  AS r (id, product_id, title, sku, sku_key, barcode)",
        )
        .bind(self.project.0)
        .bind(self.context.integration.0)
        .bind(self.now)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.product_id));
        bind_variants(statement, rows, |row| row.record)
            .execute(conn)
            .await?;
        Ok(())
    }

    pub(in crate::catalogue) async fn insert_listings(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<(), StoreError> {
        if plan.new_listings.is_empty() {
            return Ok(());
        }
        let rows = &plan.new_listings;
        let statement = sqlx::query(
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
        .bind(column(rows, |row| row.variant_id));
        bind_listings(statement, rows).execute(conn).await?;
        Ok(())
    }
}
