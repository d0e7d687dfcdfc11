//! A channel's catalogue: all variants, or what was changed since a moment.
//!
//! Vendure moves a variant's `updatedAt` with every edit of it, its price
//! included, and a product's with every edit of that; the one does not move the
//! other's. So changes are read in two parts: variants, then products. What
//! moves neither (stock sold by an order, an option renamed, a variant brought
//! into the channel) comes with the next full import.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use futures::{
    StreamExt, TryFutureExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

use super::{
    operations::{ChangedProducts, Products, Row, Variants},
    paging::{NextRows, Pages, Place},
    record::{self, Reading},
    store::VendureStore,
};
use crate::{
    catalogue::{CatalogueBatch, CataloguePlan, CatalogueSource, Checkpoint, Scope},
    error::ConnectorError,
    transport::retry::Patience,
};

/// Rows a page: about half a second of work for Vendure.
pub(super) const PAGE: u32 = 100;

/// What a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    part: Part,
    #[serde(flatten)]
    place: Place,
}

/// The lists that are gone through, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Variants,
    Products,
}

impl CatalogueSource for VendureStore {
    fn pull<'a>(
        &'a self,
        plan: CataloguePlan,
    ) -> BoxStream<'a, Result<CatalogueBatch, ConnectorError>> {
        UnderWay::begin(self, plan)
            .map_ok(|under_way| {
                stream::try_unfold(under_way, |mut under_way| async move {
                    let batch = under_way.next().await?;
                    Ok(batch.map(|batch| (batch, under_way)))
                })
            })
            .try_flatten_stream()
            .boxed()
    }
}

/// A stream of the catalogue.
struct UnderWay<'a> {
    store: &'a VendureStore,
    reading: Reading,
    changed_since: Option<DateTime<Utc>>,
    part: Part,
    pages: Pages,
    finished: bool,
}

impl<'a> UnderWay<'a> {
    async fn begin(store: &'a VendureStore, plan: CataloguePlan) -> Result<Self, ConnectorError> {
        let Position { part, place } = match &plan.resume {
            Some(checkpoint) => checkpoint.read()?,
            None => Position {
                part: Part::Variants,
                place: Place::default(),
            },
        };
        Ok(Self {
            store,
            reading: store.reading(Patience::RUN).await?,
            changed_since: match plan.scope {
                Scope::Full => None,
                Scope::Since(moment) => Some(moment),
            },
            part,
            pages: Pages::from(place),
            finished: false,
        })
    }

    /// The next batch that has something in it, or tells the number expected.
    async fn next(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        while !self.finished {
            let part = self.part;
            let at_start = self.pages.place().is_start();
            let page = self.next_rows().await?;
            if page.at_end {
                self.go_on_to_next_part();
            }
            let mut batch = match part {
                Part::Variants => self.store.variants(page.rows, &self.reading).await?,
                Part::Products => self.store.products_of(page.rows),
            };
            if part == Part::Variants {
                batch.expected = Some(page.total);
            }
            let says_something = !batch.variants.is_empty()
                || !batch.products.is_empty()
                || !batch.faults.is_empty()
                || (part == Part::Variants && at_start);
            if says_something {
                batch.checkpoint = Some(Checkpoint::of(&Position {
                    part: self.part,
                    place: self.pages.place().clone(),
                }));
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Leaves the position of a finished stream at its end: taken up again, it
    /// gives nothing more.
    fn go_on_to_next_part(&mut self) {
        if self.part == Part::Variants && self.changed_since.is_some() {
            self.part = Part::Products;
            self.pages = Pages::default();
        } else {
            self.finished = true;
        }
    }

    async fn next_rows(&mut self) -> Result<NextRows, ConnectorError> {
        let VendureStore { api, page, .. } = self.store;
        match (self.part, self.changed_since) {
            (Part::Products, Some(changed_since)) => {
                let list = ChangedProducts { changed_since };
                self.pages.next(api, page, &list).await
            }
            (_, changed_since) => {
                let list = match changed_since {
                    Some(moment) => Variants::ChangedSince(moment),
                    None => Variants::All,
                };
                self.pages.next(api, page, &list).await
            }
        }
    }
}

impl VendureStore {
    /// Variants with their products.
    pub(super) async fn variants(
        &self,
        rows: Vec<Row>,
        reading: &Reading,
    ) -> Result<CatalogueBatch, ConnectorError> {
        let mut seen = HashSet::new();
        let ids: Vec<String> = rows
            .iter()
            .filter_map(record::product_id)
            .filter(|id| seen.insert((*id).to_owned()))
            .map(str::to_owned)
            .collect();
        let VendureStore { api, page, .. } = self;
        let products = page.rows(api, &ids, |ids| Products { ids }).await?;
        let mut batch = self.products_of(products);
        let titles: HashMap<_, _> = batch
            .products
            .iter()
            .map(|product| (product.external_id.as_str(), product.title.as_str()))
            .collect();
        for row in rows {
            let read = record::variant(row, reading).and_then(|variant| {
                match titles.get(variant.product_external_id.as_str()) {
                    Some(product) => Ok(record::named_within(product, variant)),
                    None => Err(record::without_product(variant)),
                }
            });
            match read {
                Ok(variant) => batch.variants.push(variant),
                Err(fault) => batch.faults.push(fault),
            }
        }
        Ok(batch)
    }

    /// Products alone.
    pub(super) fn products_of(&self, rows: Vec<Row>) -> CatalogueBatch {
        let api = self.api.address().url();
        let read = rows
            .into_iter()
            .filter(record::has_variants)
            .map(|row| record::product(row, api));
        let mut batch = CatalogueBatch::default();
        for outcome in read {
            match outcome {
                Ok(product) => batch.products.push(product),
                Err(fault) => batch.faults.push(fault),
            }
        }
        batch
    }
}
