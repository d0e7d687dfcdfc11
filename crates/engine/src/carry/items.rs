//! Reading single items again: what a retry does in place of reading everything.

use std::collections::HashSet;

use calibr_connectors::{
    ConnectorError, Fault, FoundItems, FoundOrders, ItemRef, ItemSource, Store,
};
use calibr_model::status::{FailureClass, FailureKind, RunEvent};
use calibr_store::{
    StoreError,
    catalogue::{BatchInput, FailureInput},
    orders::OrderBatchInput,
    runs::{ClaimedRun, RetryItem, RetryOutcome},
};

use super::{notes, outcome::Figures, phases::context};
use crate::{Engine, error::EngineError, records};

/// Whether the run has orders to read again.
pub(super) async fn has_orders(engine: &Engine, run: &ClaimedRun) -> Result<bool, StoreError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    Ok(!tx.next_retry_items(run.id, true, 1).await?.is_empty())
}

/// Says what is about to be read again.
pub(super) async fn announce(engine: &Engine, run: &ClaimedRun) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    if let Some(view) = tx.retry_view(run.id).await? {
        let now = engine.settings.sources.now();
        tx.log_run(run.id, RunEvent::Note, &notes::retry(&view), now)
            .await?;
    }
    tx.commit().await
}

/// Reads the products and variants of a retry, some at a time. What has had its
/// turn is noted with it, so that the next worker goes on from there.
pub(super) async fn read_catalogue(
    engine: &Engine,
    run: &ClaimedRun,
    store: &dyn Store,
    figures: &mut Figures,
) -> Result<(), EngineError> {
    let source = items_of(store)?;
    let mut turns = Turns::of(source);
    while let Some(items) = turns.next(engine, run, false).await? {
        let refs: Vec<ItemRef> = items.iter().map(reference).collect();
        let found = tokio::select! {
            biased;
            () = engine.stopping.cancelled() => return Err(EngineError::Stopping),
            found = source.read(&refs) => found,
        };
        let (batch, outcomes) = match found {
            Ok(found) => judged(items, found),
            Err(fault) => match turns.refused(&items, fault)? {
                Some(fault) => (
                    BatchInput {
                        failures: vec![refused(&items[0], &fault)],
                        ..BatchInput::default()
                    },
                    outcomes_of(items, RetryOutcome::Failed),
                ),
                None => continue,
            },
        };
        write_catalogue(engine, run, batch, &outcomes, figures).await?;
    }
    Ok(())
}

async fn write_catalogue(
    engine: &Engine,
    run: &ClaimedRun,
    mut batch: BatchInput,
    outcomes: &[(RetryItem, RetryOutcome)],
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let context = context(engine, run);
    let mut tx = engine.settings.db.tenant(run.project).await?;
    // Its own note: where the run stands is in the items themselves.
    batch.checkpoint = outcomes
        .last()
        .map(|(item, _)| serde_json::json!({ "after": item.ordinal }));
    let left = tx.retry_items_left(run.id).await? - as_i64(outcomes.len());
    // What a product brings is known when it came.
    let brought = as_i64(batch.variants.len() + batch.failures.len());
    batch.expected = Some(figures.synced + figures.failed + brought + left.max(0));
    let counts = tx.write_batch(&batch, &context).await?;
    let removed = tx.settle_retry_items(outcomes, &context).await?;
    note_gone(&mut tx, engine, run, outcomes).await?;
    figures.synced += counts.created + counts.updated + counts.unchanged;
    figures.failed += counts.failed;
    figures.gone += gone_in(outcomes);
    let expected = figures.synced + figures.failed + left.max(0);
    tx.set_expected(run.id, expected).await?;
    figures.expected = Some(expected);
    tx.commit().await?;
    if removed > 0 {
        tracing::info!(run = %run.id, listings = removed, "listings are gone from the store");
    }
    Ok(())
}

/// Reads the orders of a retry, some at a time.
pub(super) async fn read_orders(
    engine: &Engine,
    run: &ClaimedRun,
    store: &dyn Store,
    figures: &mut Figures,
) -> Result<(), EngineError> {
    let source = items_of(store)?;
    let mut turns = Turns::of(source);
    while let Some(items) = turns.next(engine, run, true).await? {
        let ids: Vec<String> = items.iter().map(|item| item.external_id.clone()).collect();
        let found = tokio::select! {
            biased;
            () = engine.stopping.cancelled() => return Err(EngineError::Stopping),
            found = source.read_orders(&ids) => found,
        };
        let (mut batch, outcomes) = match found {
            Ok(found) => judged_orders(items, found),
            Err(fault) => match turns.refused(&items, fault)? {
                Some(fault) => (
                    OrderBatchInput {
                        failures: vec![refused(&items[0], &fault)],
                        ..OrderBatchInput::default()
                    },
                    outcomes_of(items, RetryOutcome::Failed),
                ),
                None => continue,
            },
        };
        batch.checkpoint = outcomes
            .last()
            .map(|(item, _)| serde_json::json!({ "after": item.ordinal }));
        let context = context(engine, run);
        let mut tx = engine.settings.db.tenant(run.project).await?;
        let counts = tx.write_orders(&batch, &context).await?;
        tx.settle_retry_items(&outcomes, &context).await?;
        note_gone(&mut tx, engine, run, &outcomes).await?;
        tx.commit().await?;
        figures.orders_read += counts.written + counts.unchanged;
        figures.orders_failed += counts.failed;
        figures.gone += gone_in(&outcomes);
    }
    Ok(())
}

/// How many items are asked for at once: fewer where the platform refuses, down
/// to the one that it refuses.
struct Turns {
    most: usize,
    now: usize,
}

impl Turns {
    fn of(source: &dyn ItemSource) -> Self {
        let most = source.at_once().max(1);
        Self { most, now: most }
    }

    async fn next(
        &self,
        engine: &Engine,
        run: &ClaimedRun,
        orders: bool,
    ) -> Result<Option<Vec<RetryItem>>, StoreError> {
        let mut tx = engine.settings.db.tenant(run.project).await?;
        let items = tx
            .next_retry_items(run.id, orders, as_i64(self.now))
            .await?;
        Ok((!items.is_empty()).then_some(items))
    }

    /// What is to be done about a call that failed as a whole: `None` to ask for
    /// fewer, the fault where it is that of the one item.
    fn refused(
        &mut self,
        items: &[RetryItem],
        fault: ConnectorError,
    ) -> Result<Option<ConnectorError>, ConnectorError> {
        if fault.fault != Fault::Refused {
            return Err(fault);
        }
        if items.len() > 1 {
            self.now = items.len() / 2;
            return Ok(None);
        }
        self.now = self.most;
        Ok(Some(fault))
    }
}

fn items_of(store: &dyn Store) -> Result<&dyn ItemSource, EngineError> {
    store.items().ok_or_else(|| {
        ConnectorError::new(
            Fault::Refused,
            "This platform does not give single items; run a full sync in place of the retry.",
        )
        .into()
    })
}

fn reference(item: &RetryItem) -> ItemRef {
    ItemRef {
        is_product: item.kind == FailureKind::Product,
        external_id: item.external_id.clone(),
        product_external_id: item.product_external_id.clone(),
    }
}

/// What became of each item of the catalogue; one that the answer says nothing of
/// has failed.
fn judged(
    items: Vec<RetryItem>,
    found: FoundItems,
) -> (BatchInput, Vec<(RetryItem, RetryOutcome)>) {
    let gone: HashSet<(bool, String)> = found
        .gone
        .into_iter()
        .map(|item| (item.is_product, item.external_id))
        .collect();
    let mut batch = records::batch(found.batch);
    let came: HashSet<(FailureKind, &str)> = batch
        .products
        .iter()
        .map(|product| (FailureKind::Product, product.external_id.as_str()))
        .chain(
            batch
                .variants
                .iter()
                .map(|variant| (FailureKind::Listing, variant.external_id.as_str())),
        )
        .collect();
    let failed: HashSet<(FailureKind, &str)> = batch
        .failures
        .iter()
        .filter_map(|failure| Some((failure.kind, failure.external_id.as_deref()?)))
        .collect();
    let mut silent = Vec::new();
    let outcomes: Vec<(RetryItem, RetryOutcome)> = items
        .into_iter()
        .map(|item| {
            let key = (item.kind, item.external_id.as_str());
            let is_product = item.kind == FailureKind::Product;
            let outcome = if failed.contains(&key) {
                RetryOutcome::Failed
            } else if came.contains(&key) {
                RetryOutcome::Synced
            } else if gone.contains(&(is_product, item.external_id.clone())) {
                RetryOutcome::Gone
            } else {
                silent.push(unanswered(&item));
                RetryOutcome::Failed
            };
            (item, outcome)
        })
        .collect();
    batch.failures.extend(silent);
    (batch, outcomes)
}

/// The same of orders. One that the answer says nothing of is there and counts
/// for nothing yet: it comes when it does.
fn judged_orders(
    items: Vec<RetryItem>,
    found: FoundOrders,
) -> (OrderBatchInput, Vec<(RetryItem, RetryOutcome)>) {
    let gone: HashSet<String> = found.gone.into_iter().collect();
    let batch = records::orders(found.batch);
    let failed: HashSet<&str> = batch
        .failures
        .iter()
        .filter_map(|failure| failure.external_id.as_deref())
        .collect();
    let outcomes = items
        .into_iter()
        .map(|item| {
            let outcome = if failed.contains(item.external_id.as_str()) {
                RetryOutcome::Failed
            } else if gone.contains(&item.external_id) {
                RetryOutcome::Gone
            } else {
                RetryOutcome::Synced
            };
            (item, outcome)
        })
        .collect();
    (batch, outcomes)
}

fn outcomes_of(items: Vec<RetryItem>, outcome: RetryOutcome) -> Vec<(RetryItem, RetryOutcome)> {
    items.into_iter().map(|item| (item, outcome)).collect()
}

fn failure(item: &RetryItem, code: &str, message: String, class: FailureClass) -> FailureInput {
    FailureInput {
        kind: item.kind,
        external_id: Some(item.external_id.clone()),
        product_external_id: item.product_external_id.clone(),
        label: None,
        code: code.to_owned(),
        message,
        class,
        request: None,
        answer: None,
        version: None,
    }
}

fn refused(item: &RetryItem, fault: &ConnectorError) -> FailureInput {
    FailureInput {
        answer: fault.answer.clone(),
        ..failure(
            item,
            fault.fault.code(),
            fault.message.clone(),
            fault.fault.class(),
        )
    }
}

fn unanswered(item: &RetryItem) -> FailureInput {
    failure(
        item,
        "not_answered",
        "The store was asked for this and its answer does not hold it, or holds it without its \
         product. Retry it later, or run a full sync."
            .to_owned(),
        FailureClass::Retryable,
    )
}

async fn note_gone(
    tx: &mut calibr_store::TenantTx,
    engine: &Engine,
    run: &ClaimedRun,
    outcomes: &[(RetryItem, RetryOutcome)],
) -> Result<(), StoreError> {
    let gone = gone_in(outcomes);
    if gone > 0 {
        let now = engine.settings.sources.now();
        tx.log_run(run.id, RunEvent::Note, &notes::items_gone(gone), now)
            .await?;
    }
    Ok(())
}

fn gone_in(outcomes: &[(RetryItem, RetryOutcome)]) -> i64 {
    let gone = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == RetryOutcome::Gone);
    as_i64(gone.count())
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use calibr_connectors::{CatalogueBatch, ProductRecord};
    use calibr_model::status::ListingState;

    use super::*;

    fn item(ordinal: i64, kind: FailureKind, id: &str) -> RetryItem {
        RetryItem {
            ordinal,
            kind,
            external_id: id.to_owned(),
            product_external_id: None,
        }
    }

    #[test]
    fn every_item_has_an_outcome_and_silence_is_a_failure() {
        let product = ProductRecord {
            external_id: "1".to_owned(),
            title: "Tent".to_owned(),
            handle: None,
            vendor: None,
            product_type: None,
            image_url: None,
            state: ListingState::Active,
            updated_at: None,
        };
        let found = FoundItems {
            batch: CatalogueBatch {
                products: vec![product],
                ..CatalogueBatch::default()
            },
            gone: vec![reference(&item(0, FailureKind::Listing, "2"))],
        };
        // On some platforms a product and a variant have the same number.
        let items = vec![
            item(1, FailureKind::Product, "1"),
            item(2, FailureKind::Listing, "1"),
            item(3, FailureKind::Product, "2"),
            item(4, FailureKind::Listing, "2"),
        ];
        let (batch, outcomes) = judged(items, found);
        let outcomes: Vec<_> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        assert_eq!(
            outcomes,
            [
                RetryOutcome::Synced,
                RetryOutcome::Failed,
                RetryOutcome::Failed,
                RetryOutcome::Gone,
            ]
        );
        let codes: Vec<&str> = batch.failures.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, ["not_answered", "not_answered"]);
    }
}
