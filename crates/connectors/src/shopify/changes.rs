//! What changed since a moment, page by page.

use std::collections::VecDeque;

use calibr_model::Currency;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    api::Api,
    catalogue::Position,
    operations::{ChangedProducts, ProductVariants, RecordPage},
    record,
};
use crate::{
    catalogue::CatalogueBatch,
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
            circle: Circle::default(),
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
            self.take(&product, &mut batch).await?;
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
        let page = reply
            .map_err(|error| self.lost_cursor(error))?
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

    /// Shopify refuses a cursor that it no longer knows as it does any wrong
    /// argument; only the words tell.
    fn lost_cursor(&self, error: ConnectorError) -> ConnectorError {
        let about_cursor = error.fault == Fault::Refused && error.message.contains("cursor");
        if about_cursor && self.position.after.is_some() {
            return ConnectorError {
                fault: Fault::CheckpointLost,
                message: "Shopify no longer knows where this import stopped; it has to begin anew."
                    .to_owned(),
                ..error
            };
        }
        error
    }

    /// Reads a product with all its variants into the batch.
    async fn take(
        &mut self,
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
                format!(
                    "{} sent a product without a list of variants.",
                    self.api.shop
                ),
            )
        })?;
        let mut next = self.take_variants(page, &id, batch);
        let mut circle = Circle::default();
        while let Some(after) = next {
            circle.go_on(Some(&after))?;
            let operation = ProductVariants {
                product: &id,
                after: Some(&after),
            };
            let reply = self.api.call(&operation, Patience::RUN).await?;
            next = match reply.data.product {
                Some(product) => self.take_variants(product.variants, &id, batch),
                None => None,
            };
        }
        Ok(())
    }

    /// Reads a page of variants; gives where the next begins, if there is one.
    fn take_variants(
        &self,
        page: RecordPage,
        product: &str,
        batch: &mut CatalogueBatch,
    ) -> Option<String> {
        for value in &page.nodes {
            match record::variant(value, product, self.currency) {
                Ok(variant) => batch.variants.push(variant),
                Err(fault) => batch.faults.push(fault),
            }
        }
        page.page_info
            .end_cursor
            .filter(|_| page.page_info.has_next_page)
    }
}

/// Notices when cursors come round again, by remembering one at a time, at
/// growing distances.
#[derive(Debug, Default)]
struct Circle {
    remembered: Option<String>,
    steps: u64,
    next_to_remember: u64,
}

impl Circle {
    fn go_on(&mut self, cursor: Option<&str>) -> Result<(), ConnectorError> {
        let Some(cursor) = cursor else {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "Shopify says there are more pages, but not where the next one begins.",
            ));
        };
        if self.remembered.as_deref() == Some(cursor) {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "Shopify gives the same pages over and over. Try again later.",
            ));
        }
        if self.steps >= self.next_to_remember {
            self.remembered = Some(cursor.to_owned());
            self.next_to_remember = (self.steps + 1) * 2;
        }
        self.steps += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_without_a_next_place_are_refused() {
        let refused = Circle::default().go_on(None).unwrap_err();
        assert_eq!(refused.fault, Fault::Malformed);
    }

    proptest! {
        #[test]
        fn a_circle_is_noticed_wherever_it_begins(before in 0_usize..50, length in 1_usize..50) {
            let mut circle = Circle::default();
            let cursors = (0..before + length).map(|n| n.to_string()).collect::<Vec<_>>();
            let endless = cursors.iter().chain(cursors[before..].iter().cycle());
            let steps = endless.take(1_000).take_while(|cursor| circle.go_on(Some(cursor)).is_ok()).count();
            prop_assert!(steps >= before + length, "a cursor was refused the first time");
            prop_assert!(steps < 1_000, "the circle was not noticed");
        }

        #[test]
        fn a_straight_way_is_none(length in 0_u32..300) {
            let mut circle = Circle::default();
            for step in 0..length {
                prop_assert!(circle.go_on(Some(&step.to_string())).is_ok());
            }
        }
    }
}
