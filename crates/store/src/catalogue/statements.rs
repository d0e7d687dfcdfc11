//! The statements of a batch: set-based, one for each kind of row.

mod book;
mod columns;
mod insert;
mod update;

use calibr_model::{Money, ProjectId};
use chrono::{DateTime, Utc};

use super::{BatchContext, ProductInput, VariantInput};
use crate::rows::search_key;

/// What every statement of one batch shares.
pub(super) struct Scope<'a> {
    pub(super) project: ProjectId,
    pub(super) context: &'a BatchContext<'a>,
    pub(super) now: DateTime<Utc>,
}

fn vendor_key(record: &ProductInput) -> String {
    record.vendor.as_deref().map(search_key).unwrap_or_default()
}

fn sku_key(record: &VariantInput) -> Option<String> {
    record.sku.as_deref().map(search_key)
}

pub(super) fn minor(money: Option<Money>) -> Option<i64> {
    money.map(|money| money.amount_minor)
}

pub(super) fn currency(record: &VariantInput) -> Option<String> {
    record
        .price
        .or(record.compare_at)
        .map(|money| money.currency.code().to_owned())
}
