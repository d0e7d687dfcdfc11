//! What changed since a moment, page by page.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    api::Api,
    catalogue::Position,
    operations::{ListingsPage, SearchListings},
    record::{self, At},
};
use crate::{
    catalogue::CatalogueBatch,
    circle::Circle,
    error::{ConnectorError, Fault},
    transport::retry::Patience,
};

/// A batch is so many pages of twenty listings.
const BATCH_PAGES: usize = 10;
/// Amazon pages through no more listings than this of one search; those after
/// them are found by a search that begins where it ended.
const SEARCH_ENDS_AFTER: usize = 1_000;

/// How far the changes were read. Pages cannot be asked for again later, times
/// can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChangesPosition {
    /// Changes at or after this moment are read, in UTC.
    since: DateTime<Utc>,
}

/// An incremental import under way.
pub(super) struct Changes<'a> {
    api: &'a Api,
    at: At,
    /// Where the present search began.
    begun: DateTime<Utc>,
    /// The last change that was read.
    latest: DateTime<Utc>,
    page: Option<String>,
    circle: Circle,
    /// Listings of the present search.
    found: usize,
    done: bool,
}

impl<'a> Changes<'a> {
    /// The changes since a moment.
    pub(super) fn since(api: &'a Api, at: At, since: DateTime<Utc>) -> Self {
        Self {
            api,
            at,
            begun: since,
            latest: since,
            page: None,
            circle: Circle::at("Amazon"),
            found: 0,
            done: false,
        }
    }

    /// The changes after those that an earlier stream gave.
    pub(super) fn resume(api: &'a Api, at: At, position: &ChangesPosition) -> Self {
        Self::since(api, at, position.since)
    }

    /// The next batch; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        if self.done {
            return Ok(None);
        }
        let mut batch = CatalogueBatch::default();
        let mut products = HashSet::new();
        for _ in 0..BATCH_PAGES {
            let page = self.turn().await?;
            self.take(&page, &mut batch, &mut products);
            self.go_on(&page)?;
            if self.done {
                break;
            }
        }
        batch.checkpoint = Some(Position::Changes(ChangesPosition { since: self.latest }).into());
        Ok(Some(batch))
    }

    async fn turn(&mut self) -> Result<ListingsPage, ConnectorError> {
        let operation = SearchListings {
            since: self.begun,
            page: self.page.as_deref(),
        };
        let answer = self.api.call(&operation, Patience::RUN).await;
        match answer {
            // The page is no longer known: the search is begun anew where it was.
            Err(error) if error.fault == Fault::Refused && self.page.is_some() => {
                self.begin_anew();
                let operation = SearchListings {
                    since: self.begun,
                    page: None,
                };
                self.api.call(&operation, Patience::RUN).await
            }
            other => other,
        }
    }

    fn begin_anew(&mut self) {
        self.begun = self.latest;
        self.page = None;
        self.circle = Circle::at("Amazon");
        self.found = 0;
    }

    fn take(
        &mut self,
        page: &ListingsPage,
        batch: &mut CatalogueBatch,
        products: &mut HashSet<String>,
    ) {
        self.found += page.items.len();
        for value in &page.items {
            if let Some(at) = record::changed_at(value, self.at.marketplace) {
                self.latest = self.latest.max(at);
            }
            match record::item(value, self.at) {
                Ok(listing) => {
                    if products.insert(listing.product.external_id.clone()) {
                        batch.products.push(listing.product);
                    }
                    batch.variants.push(listing.variant);
                }
                Err(fault) => batch.faults.push(fault),
            }
        }
    }

    fn go_on(&mut self, page: &ListingsPage) -> Result<(), ConnectorError> {
        match page.next() {
            Some(next) if !page.items.is_empty() => {
                self.circle.go_on(Some(next))?;
                self.page = Some(next.to_owned());
                Ok(())
            }
            _ if self.found >= SEARCH_ENDS_AFTER && self.latest > self.begun => {
                self.begin_anew();
                Ok(())
            }
            _ if self.found >= SEARCH_ENDS_AFTER => Err(ConnectorError::new(
                Fault::Malformed,
                "More listings changed in one second than Amazon gives out by their time. Run a \
                 full import in place of this one.",
            )),
            _ => {
                self.done = true;
                Ok(())
            }
        }
    }
}
