//! A store's catalogue: all of it, or what was changed since a moment.
//!
//! Products come in pages, several at once; the variations of each variable
//! product are a list of their own. A change of a variation moves its product,
//! whose variations are then all read again. What is held at a time is the
//! pages read ahead and the variations of a part of one page.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, Utc};
use futures::{
    StreamExt, TryFutureExt, TryStreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

use super::{
    api::AT_ONCE,
    operations::{Products, Row, Variations},
    paging::{NewRows, Pages, Place},
    record::{self, Kind, Reading},
    store::WooCommerceStore,
};
use crate::{
    catalogue::{CatalogueBatch, CataloguePlan, CatalogueSource, Checkpoint, Scope},
    error::ConnectorError,
    transport::retry::Patience,
};

/// About how many variants a batch has at most; a product is never cut.
const BATCH_VARIANTS: u64 = 1_000;

/// What a checkpoint holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    #[serde(flatten)]
    place: Place,
    /// How many variants came until here.
    given: u64,
}

impl From<Position> for Checkpoint {
    fn from(position: Position) -> Self {
        Self::of(&position)
    }
}

impl CatalogueSource for WooCommerceStore {
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
    store: &'a WooCommerceStore,
    reading: Reading,
    changed_since: Option<DateTime<Utc>>,
    pages: Pages,
    /// Products of the page read last whose turn has not come.
    waiting: VecDeque<Row>,
    /// How many rows come after that page.
    left: Option<u64>,
    given: u64,
    told: bool,
}

impl<'a> UnderWay<'a> {
    async fn begin(
        store: &'a WooCommerceStore,
        plan: CataloguePlan,
    ) -> Result<Self, ConnectorError> {
        let position = match &plan.resume {
            Some(checkpoint) => checkpoint.read()?,
            None => Position::default(),
        };
        Ok(Self {
            store,
            reading: store.reading(Patience::RUN).await?,
            changed_since: match plan.scope {
                Scope::Full => None,
                Scope::Since(moment) => Some(moment),
            },
            pages: Pages::from(position.place),
            waiting: VecDeque::new(),
            left: None,
            given: position.given,
            told: false,
        })
    }

    /// The next batch that has something in it; the first one also where it has
    /// not, to tell how much is expected.
    async fn next(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        loop {
            let mut batch = CatalogueBatch::default();
            if self.waiting.is_empty() {
                let api = &self.store.api;
                let changed_since = self.changed_since;
                let page = self
                    .pages
                    .next(async |offset| {
                        let operation = Products {
                            changed_since,
                            offset,
                        };
                        api.call(&operation, Patience::RUN).await
                    })
                    .await?;
                let Some(page) = page else {
                    return Ok(self.last_word());
                };
                self.left = page.left;
                self.waiting = page.rows.into();
                batch.faults = page.unread.iter().map(record::unread).collect();
            }
            let products = self.next_products();
            let last_id = products.last().map(|row| row.id);
            self.read(products, &mut batch).await?;
            let came = batch.variants.len() + batch.faults.len();
            self.given += u64::try_from(came).unwrap_or_default();
            batch.expected = self.expected();
            batch.checkpoint = Some(self.position(last_id).into());
            if came > 0 || !batch.products.is_empty() {
                self.told = true;
                return Ok(Some(batch));
            }
        }
    }

    /// An empty catalogue says that nothing is expected.
    fn last_word(&mut self) -> Option<CatalogueBatch> {
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        Some(CatalogueBatch {
            expected: Some(self.given),
            checkpoint: Some(self.position(None).into()),
            ..CatalogueBatch::default()
        })
    }

    /// The store does not say how many variants it has, but how many products;
    /// each that is still to come has one at least.
    fn expected(&self) -> Option<u64> {
        let waiting: u64 = self
            .waiting
            .iter()
            .map(|row| match record::kind(row) {
                Kind::Single => 1,
                Kind::Variable(count) => count,
                Kind::Grouped => 0,
            })
            .sum();
        Some(self.given + waiting + self.left?)
    }

    /// Where to go on after the product `last_id`.
    fn position(&self, last_id: Option<u64>) -> Position {
        let mut place = self.pages.place();
        if let Some(id) = last_id {
            place.after_id = id;
            let waiting = u64::try_from(self.waiting.len()).unwrap_or_default();
            place.passed = place.passed.saturating_sub(waiting);
        }
        Position {
            place,
            given: self.given,
        }
    }

    /// As many of the waiting products as make a batch.
    fn next_products(&mut self) -> Vec<Row> {
        let mut products = Vec::new();
        let mut variants = 0;
        while variants < BATCH_VARIANTS {
            let Some(row) = self.waiting.pop_front() else {
                break;
            };
            variants += match record::kind(&row) {
                Kind::Variable(count) => count.max(1),
                Kind::Single | Kind::Grouped => 1,
            };
            products.push(row);
        }
        products
    }

    async fn read(
        &self,
        products: Vec<Row>,
        batch: &mut CatalogueBatch,
    ) -> Result<(), ConnectorError> {
        let mut read = stream::iter(products)
            .map(async |row| {
                let variations = match record::kind(&row) {
                    Kind::Variable(_) => self.store.variations(row.id).await?,
                    Kind::Single | Kind::Grouped => Some(NewRows::default()),
                };
                Ok::<_, ConnectorError>((row, variations))
            })
            .buffered(AT_ONCE);
        while let Some((row, variations)) = read.try_next().await? {
            // It was deleted a moment ago.
            let Some(variations) = variations else {
                continue;
            };
            add(&row, &variations, &self.reading, batch);
        }
        Ok(())
    }
}

/// Adds a product with these variations to a batch; one that is its own only
/// variant is that too.
pub(super) fn add(row: &Row, variations: &NewRows, reading: &Reading, batch: &mut CatalogueBatch) {
    let kind = record::kind(row);
    if kind == Kind::Grouped {
        return;
    }
    match record::product(row) {
        Ok(product) => batch.products.push(product),
        Err(fault) => {
            batch.faults.push(fault);
            return;
        }
    }
    let mut add = |read| match read {
        Ok(variant) => batch.variants.push(variant),
        Err(fault) => batch.faults.push(fault),
    };
    if kind == Kind::Single {
        add(record::single(row, reading));
    }
    for variation in &variations.rows {
        add(record::variation(variation, row, reading));
    }
    let unread = variations.unread.iter().map(record::unread);
    batch.faults.extend(unread);
}

impl WooCommerceStore {
    /// The variations of a product; `None` where it is gone.
    pub(super) async fn variations(&self, product: u64) -> Result<Option<NewRows>, ConnectorError> {
        let api = &self.api;
        let mut pages = Pages::from(Place::default());
        let mut all = NewRows::default();
        let gone = AtomicBool::new(false);
        while let Some(page) = pages
            .next(async |offset| {
                let operation = Variations { product, offset };
                let page = api.call(&operation, Patience::RUN).await?;
                if page.is_none() {
                    gone.store(true, Ordering::Relaxed);
                }
                Ok(page.unwrap_or_default())
            })
            .await?
        {
            all.rows.extend(page.rows);
            all.unread.extend(page.unread);
        }
        Ok((!gone.into_inner()).then_some(all))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Fault;

    #[test]
    fn a_checkpoint_reads_back_and_another_kind_means_to_begin_anew() {
        let note = json!({ "after_id": 731, "passed": 300, "given": 1_200 });
        let position = Checkpoint(note.clone()).read::<Position>().unwrap();
        assert_eq!(Checkpoint::from(position).0, note);
        for note in [json!(null), json!({}), json!({ "after_id": "x" })] {
            let lost = Checkpoint(note).read::<Position>().unwrap_err();
            assert_eq!(lost.fault, Fault::CheckpointLost);
        }
    }
}
