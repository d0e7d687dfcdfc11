//! A channel's catalogue: all variants, or what was changed since a moment.
//!
//! Vendure moves a variant's `updatedAt` with every edit of it, its price
//! included, and a product's with every edit of that; the one does not move the
//! other's. So changes are read in two parts: variants, then products. What
//! moves neither (stock sold by an order, an option renamed, a variant brought
//! into the channel) comes with the next full import.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::Ordering,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

use super::{
    operations::{ChangedProducts, Products, Row, RowPage, Variants},
    paging::{Place, Step},
    record::{self, Reading},
    store::VendureStore,
};
use crate::{
    catalogue::{CatalogueBatch, CataloguePlan, CatalogueSource, Checkpoint, Scope},
    error::{ConnectorError, Fault},
    transport::retry::Patience,
};

/// Rows a page: about half a second of work for Vendure.
pub(super) const PAGE: u32 = 100;
/// The fewest rows a page may have: the last one read, and a new one.
const SMALLEST_PAGE: u32 = 2;

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

impl From<&Position> for Checkpoint {
    fn from(position: &Position) -> Self {
        Self::of(position)
    }
}

impl CatalogueSource for VendureStore {
    fn pull<'a>(
        &'a self,
        plan: CataloguePlan,
    ) -> BoxStream<'a, Result<CatalogueBatch, ConnectorError>> {
        stream::try_unfold(Pull::Beginning(plan), move |pull| async move {
            let mut under_way = match pull {
                Pull::Beginning(plan) => UnderWay::begin(self, &plan).await?,
                Pull::UnderWay(under_way) => *under_way,
            };
            let batch = under_way.next().await?;
            Ok(batch.map(|batch| (batch, Pull::UnderWay(Box::new(under_way)))))
        })
        .boxed()
    }
}

/// A stream of the catalogue.
enum Pull<'a> {
    Beginning(CataloguePlan),
    UnderWay(Box<UnderWay<'a>>),
}

struct UnderWay<'a> {
    store: &'a VendureStore,
    reading: Reading,
    /// Vendure's filter gives what was changed after it.
    changed_after: Option<DateTime<Utc>>,
    position: Position,
    /// Whether the list of this part was read anew once already.
    anew: bool,
    finished: bool,
}

impl<'a> UnderWay<'a> {
    async fn begin(store: &'a VendureStore, plan: &CataloguePlan) -> Result<Self, ConnectorError> {
        let position = match &plan.resume {
            Some(checkpoint) => checkpoint.read()?,
            None => Position {
                part: Part::Variants,
                place: Place::default(),
            },
        };
        Ok(Self {
            store,
            reading: store.reading(Patience::RUN).await?,
            changed_after: match plan.scope {
                Scope::Full => None,
                // "After" leaves the moment itself out; Vendure keeps milliseconds.
                Scope::Since(moment) => Some(moment - TimeDelta::milliseconds(1)),
            },
            position,
            anew: false,
            finished: false,
        })
    }

    /// The next batch that has something in it, or tells the number expected.
    async fn next(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        while !self.finished {
            let part = self.position.part;
            let at_start = self.position.place.is_start();
            let page = self.next_rows().await?;
            if page.at_end {
                self.go_on_to_next_part();
            }
            let mut batch = match part {
                Part::Variants => self.variants(page.rows).await?,
                Part::Products => self.products(page.rows),
            };
            if part == Part::Variants {
                batch.expected = Some(page.total);
            }
            let says_something = !batch.variants.is_empty()
                || !batch.products.is_empty()
                || !batch.faults.is_empty()
                || (part == Part::Variants && at_start);
            if says_something {
                batch.checkpoint = Some(Checkpoint::from(&self.position));
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Leaves the position of a finished stream at its end: taken up again, it
    /// gives nothing more.
    fn go_on_to_next_part(&mut self) {
        if self.position.part == Part::Variants && self.changed_after.is_some() {
            self.position = Position {
                part: Part::Products,
                place: Place::default(),
            };
            self.anew = false;
        } else {
            self.finished = true;
        }
    }

    /// The rows that come next in the list, and whether it ends with them.
    async fn next_rows(&mut self) -> Result<NextRows, ConnectorError> {
        let mut overlap = 1;
        loop {
            let skip = self.position.place.skip(overlap);
            let (page, take) = self.page(skip).await?;
            let total = page.total_items;
            match self.position.place.advance(skip, page) {
                Step::Forward { rows, at_end, anew } => {
                    if anew && std::mem::replace(&mut self.anew, true) {
                        return Err(self.nonsense("it gives its list in another order each time"));
                    }
                    return Ok(NextRows {
                        rows,
                        at_end,
                        total,
                    });
                }
                Step::FurtherUp => overlap += u64::from(take),
                Step::Nonsense => {
                    return Err(self.nonsense(&format!("of {total} rows it gives {skip}")));
                }
            }
        }
    }

    /// A page of the part's list, and how many rows were asked for: fewer each
    /// time the server refuses, whose `adminListQueryLimit` may be lower.
    async fn page(&self, skip: u64) -> Result<(RowPage, u32), ConnectorError> {
        let mut take = self.store.page.load(Ordering::Relaxed);
        loop {
            match self.page_of(skip, take).await {
                Err(error) if error.fault == Fault::Refused && take / 2 >= SMALLEST_PAGE => {
                    take /= 2;
                }
                Err(error) => return Err(error),
                Ok(page) => {
                    self.store.page.fetch_min(take, Ordering::Relaxed);
                    return Ok((page, take));
                }
            }
        }
    }

    async fn page_of(&self, skip: u64, take: u32) -> Result<RowPage, ConnectorError> {
        let api = &self.store.api;
        match (self.position.part, self.changed_after) {
            (Part::Products, Some(changed_after)) => {
                let operation = ChangedProducts {
                    changed_after,
                    skip,
                    take,
                };
                Ok(api.call(&operation, Patience::RUN).await?.products)
            }
            (_, changed_after) => {
                let operation = Variants {
                    changed_after,
                    skip,
                    take,
                };
                Ok(api.call(&operation, Patience::RUN).await?.product_variants)
            }
        }
    }

    /// Variants with their products.
    async fn variants(&self, rows: Vec<Row>) -> Result<CatalogueBatch, ConnectorError> {
        let mut seen = HashSet::new();
        let ids: Vec<String> = rows
            .iter()
            .filter_map(record::product_id)
            .filter(|id| seen.insert((*id).to_owned()))
            .map(str::to_owned)
            .collect();
        let mut batch = if ids.is_empty() {
            CatalogueBatch::default()
        } else {
            let operation = Products { ids: &ids };
            let page = self
                .store
                .api
                .call(&operation, Patience::RUN)
                .await?
                .products;
            self.products(page.items)
        };
        let titles: HashMap<_, _> = batch
            .products
            .iter()
            .map(|product| (product.external_id.as_str(), product.title.as_str()))
            .collect();
        for row in rows {
            let read = record::variant(row, &self.reading).and_then(|variant| {
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
    fn products(&self, rows: Vec<Row>) -> CatalogueBatch {
        let api = self.store.api.address().url();
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

    fn nonsense(&self, why: &str) -> ConnectorError {
        ConnectorError::new(
            Fault::Malformed,
            format!(
                "{} cannot be read to its end: {why}. Try again; if it stays, look at the log of \
                 the Vendure server.",
                self.store.api.address().place()
            ),
        )
    }
}

struct NextRows {
    rows: Vec<Row>,
    at_end: bool,
    total: u64,
}
