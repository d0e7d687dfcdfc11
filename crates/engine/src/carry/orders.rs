//! The phase that reads what the store sold.

use std::sync::Arc;

use calibr_connectors::{Checkpoint, ConnectorError, Fault, OrderPlan, Store};
use calibr_model::status::FailureKind;
use calibr_store::{
    StoreError, catalogue::FailureInput, orders::OrderBatchInput, runs::ClaimedRun,
};
use chrono::TimeDelta;
use futures::TryStreamExt;

use super::{
    outcome::Figures,
    phases::context,
    read_ahead::{ReadAhead, pass_on},
};
use crate::{Engine, error::EngineError, records};

/// How far back the first run reads.
const HISTORY: TimeDelta = TimeDelta::days(90);

/// Clocks differ, and a store's search index lags behind its writes: what
/// changed this long before the watermark is read again.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);

/// Reads the orders that were placed or changed since the last time. A store
/// that refuses them has given its catalogue all the same: the run is partial
/// then. One that was connected without the permission does what it was
/// connected for, and says with the integration what it cannot do.
pub(super) async fn pull(
    engine: &Engine,
    run: &ClaimedRun,
    store: Arc<dyn Store>,
    figures: &mut Figures,
) -> Result<(), EngineError> {
    let context = context(engine, run);
    let db = &engine.settings.db;
    let mut tx = db.tenant(run.project).await?;
    let linked = tx.link_orders(&context).await?;
    let watermark = tx.orders_watermark(run.integration).await?;
    tx.commit().await?;
    if linked > 0 {
        tracing::info!(run = %run.id, lines = linked, "order lines found their listings");
    }
    let plan = OrderPlan {
        since: watermark.map_or(run.started_at - HISTORY, |watermark| watermark - OVERLAP),
        resume: run.checkpoint.clone().map(Checkpoint),
    };
    let mut batches = ReadAhead::begin(engine, |batches| async move {
        if let Some(orders) = store.orders() {
            pass_on(orders.pull(plan).map_ok(records::orders), batches).await;
        }
    });
    loop {
        match batches.next().await {
            Ok(Some(batch)) => write(engine, run, &batch, figures).await?,
            Ok(None) => break,
            Err(EngineError::Connector(fault)) if fault.fault == Fault::MissingScope => {
                let mut tx = db.tenant(run.project).await?;
                let why = format!("Its orders cannot be read. {}", fault.message);
                tx.orders_were_refused(&why, &context).await?;
                return Ok(tx.commit().await?);
            }
            Err(EngineError::Connector(fault)) if fault.fault == Fault::Refused => {
                let refused = OrderBatchInput {
                    failures: vec![refusal(&fault)],
                    ..OrderBatchInput::default()
                };
                write(engine, run, &refused, figures).await?;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    let mut tx = db.tenant(run.project).await?;
    tx.orders_came_through(run.watermark, &context).await?;
    Ok(tx.commit().await?)
}

async fn write(
    engine: &Engine,
    run: &ClaimedRun,
    batch: &OrderBatchInput,
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    let counts = tx.write_orders(batch, &context(engine, run)).await?;
    tx.commit().await?;
    figures.orders_read += counts.written + counts.unchanged;
    figures.orders_failed += counts.failed;
    Ok(())
}

fn refusal(fault: &ConnectorError) -> FailureInput {
    FailureInput {
        kind: FailureKind::Order,
        external_id: None,
        product_external_id: None,
        request: None,
        version: None,
        label: Some("All orders".to_owned()),
        code: fault.fault.code().to_owned(),
        message: format!("The orders could not be read. {}", fault.message),
        class: fault.fault.class(),
        answer: fault.answer.clone(),
    }
}
