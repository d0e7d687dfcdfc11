//! What changed since a moment, page by page.

use std::collections::VecDeque;

use calibr_model::Currency;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    api::Api,
    catalogue::Position,
    failure::lost_cursor,
    operations::{ChangedProducts, ProductVariants, RecordPage},
    record,
};
use crate::{
    catalogue::CatalogueBatch,
    circle::Circle,
    error::{ConnectorError, Fault},
    transport::retry::Patience,
};

/// A batch ends after the product that brings it to so many variants.
const BATCH_VARIANTS: usize = 2_000;

/// How far the changes were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChangesPosition {
    /// Changes at or after this moment are read, in UTC.
    since: DateTime<Utc>,
    /// Where the last page ended that was read whole.
    after: Option<String>,
}

/// An incremental import under way.
pub(super) struct Changes<'a> {
    api: &'a Api,
    currency: Currency,
    position: ChangesPosition,
    /// Products of the page that were not given yet.
    rest: VecDeque<Value>,
    /// Where the page ends; `None` before the first.
    page_end: Option<PageEnd>,
    circle: Circle,
}

struct PageEnd {
    cursor: Option<String>,
    is_last: bool,
}

impl<'a> Changes<'a> {
    /// The changes since a moment.
    pub(super) fn since(api: &'a Api, currency: Currency, since: DateTime<Utc>) -> Self {
        Self::resume(api, currency, ChangesPosition { since, after: None })
    }

    /// The changes after those that an earlier stream gave.
    pub(super) fn resume(api: &'a Api, currency: Currency, position: ChangesPosition) -> Self {
        Self {
            api,
            currency,
            position,
            rest: VecDeque::new(),
            page_end: None,
            circle: Circle::at("Shopify"),
        }
    }

    /// The next batch; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        if self.rest.is_empty() {
            if self.page_end.as_ref().is_some_and(|end| end.is_last) {
                return Ok(None);
            }
            self.turn_page().await?;
        }
        let mut batch = CatalogueBatch::default();
        while let Some(product) = self.rest.pop_front() {
            take_product(self.api, self.currency, &product, &mut batch).await?;
            if batch.variants.len() >= BATCH_VARIANTS {
                break;
            }
        }
        if self.rest.is_empty()
            && let Some(cursor) = self.page_end.as_ref().and_then(|end| end.cursor.clone())
        {
            self.position.after = Some(cursor);
        }
        batch.checkpoint = Some(Position::Changes(self.position.clone()).into());
        Ok(Some(batch))
    }

    async fn turn_page(&mut self) -> Result<(), ConnectorError> {
        let operation = ChangedProducts {
            since: self.position.since,
            after: self.position.after.as_deref(),
        };
        let reply = self.api.call(&operation, Patience::RUN).await;
        let resumed = self.position.after.is_some();
        let page = reply
            .map_err(|error| lost_cursor(error, resumed))?
            .data
            .products;
        let is_last = !page.page_info.has_next_page;
        if !is_last {
            self.circle.go_on(page.page_info.end_cursor.as_deref())?;
        }
        self.rest = page.nodes.into();
        self.page_end = Some(PageEnd {
            cursor: page.page_info.end_cursor,
            is_last,
        });
        Ok(())
    }
}

/// Reads a product with all its variants into the batch; `value` holds the first
/// of them.
pub(super) async fn take_product(
    api: &Api,
    currency: Currency,
    value: &Value,
    batch: &mut CatalogueBatch,
) -> Result<(), ConnectorError> {
    let product = match record::product(value) {
        Ok(product) => product,
        Err(fault) => {
            batch.faults.push(fault);
            return Ok(());
        }
    };
    let id = product.external_id.clone();
    batch.products.push(product);
    let page = RecordPage::deserialize(&value["variants"]).map_err(|_| {
        ConnectorError::new(
            Fault::Malformed,
            format!("{} sent a product without a list of variants.", api.shop),
        )
    })?;
    let mut next = take_variants(currency, page, &id, batch);
    let mut circle = Circle::at("Shopify");
    while let Some(after) = next {
        circle.go_on(Some(&after))?;
        let operation = ProductVariants {
            product: &id,
            after: Some(&after),
        };
        let reply = api.call(&operation, Patience::RUN).await?;
        next = match reply.data.product {
            Some(product) => take_variants(currency, product.variants, &id, batch),
            None => None,
        };
    }
    Ok(())
}

/// Reads a page of variants; gives where the next begins, if there is one.
fn take_variants(
    currency: Currency,
    page: RecordPage,
    product: &str,
    batch: &mut CatalogueBatch,
) -> Option<String> {
    for value in &page.nodes {
        match record::variant(value, product, currency) {
            Ok(variant) => batch.variants.push(variant),
            Err(fault) => batch.faults.push(fault),
        }
    }
    page.page_info
        .end_cursor
        .filter(|_| page.page_info.has_next_page)
}
