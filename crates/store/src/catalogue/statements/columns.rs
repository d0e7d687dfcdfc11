//! What a row is made of, as parameters: the same for a new row and for a
//! changed one.

use sqlx::{Postgres, postgres::PgArguments, query::Query};
use uuid::Uuid;

use super::{currency, minor, sku_key, vendor_key};
use crate::{
    catalogue::{ProductInput, VariantInput, plan::ListingRow},
    rows::{column, search_key},
};

/// A statement with some of its parameters.
pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Binds `id, title, title_key, vendor, vendor_key, product_type, handle,
/// image_url, state`.
pub(super) fn bind_products<'q>(
    statement: Statement<'q>,
    rows: &'q [(Uuid, &'q ProductInput)],
) -> Statement<'q> {
    statement
        .bind(column(rows, |(id, _)| *id))
        .bind(column(rows, |(_, p)| p.title.as_str()))
        .bind(column(rows, |(_, p)| search_key(&p.title)))
        .bind(column(rows, |(_, p)| p.vendor.as_deref()))
        .bind(column(rows, |(_, p)| vendor_key(p)))
        .bind(column(rows, |(_, p)| p.product_type.as_deref()))
        .bind(column(rows, |(_, p)| p.handle.as_deref()))
        .bind(column(rows, |(_, p)| p.image_url.as_deref()))
        .bind(column(rows, |(_, p)| p.state.as_str()))
}

/// Binds `title, sku, sku_key, barcode` of variants.
pub(super) fn bind_variants<'q, R>(
    statement: Statement<'q>,
    rows: &'q [R],
    record: impl Fn(&'q R) -> &'q VariantInput,
) -> Statement<'q> {
    statement
        .bind(column(rows, |row| record(row).title.as_str()))
        .bind(column(rows, |row| record(row).sku.as_deref()))
        .bind(column(rows, |row| sku_key(record(row))))
        .bind(column(rows, |row| record(row).barcode.as_deref()))
}

/// Binds `title, sku, price, compare_at, currency, stock, state, record_hash,
/// external_updated_at`.
pub(super) fn bind_listings<'q>(
    statement: Statement<'q>,
    rows: &'q [ListingRow<'q>],
) -> Statement<'q> {
    statement
        .bind(column(rows, |row| row.record.title.as_str()))
        .bind(column(rows, |row| row.record.sku.as_deref()))
        .bind(column(rows, |row| minor(row.record.price)))
        .bind(column(rows, |row| minor(row.record.compare_at)))
        .bind(column(rows, |row| currency(row.record)))
        .bind(column(rows, |row| row.record.stock))
        .bind(column(rows, |row| row.state))
        .bind(column(rows, |row| row.record.hash.as_slice()))
        .bind(column(rows, |row| row.record.updated_at))
}
