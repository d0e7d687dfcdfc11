//! Orders, and nothing of whom.

use std::{collections::BTreeMap, sync::Arc};

use calibr_connectors::{
    Checkpoint, ConnectorError, Fault, Store,
    orders::{OrderPlan, OrderRecord},
};
use calibr_sandbox::amazon::{NewOrder, NewOrderLine, OrderStep, SellerSettings};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;

use crate::harness::{SELLER, Scene, minor, sellable, sources, usual};

type Orders = BTreeMap<String, OrderRecord>;

async fn read(
    store: &Arc<dyn Store>,
    since: DateTime<Utc>,
    resume: Option<Checkpoint>,
) -> (Orders, Vec<Option<Checkpoint>>, Option<ConnectorError>) {
    let (mut orders, mut checkpoints, mut error) = (Orders::new(), Vec::new(), None);
    let source = store.orders().unwrap();
    let mut stream = source.pull(OrderPlan { since, resume });
    while let Some(batch) = stream.next().await {
        match batch {
            Ok(batch) => {
                assert_eq!(batch.faults, []);
                checkpoints.push(batch.checkpoint);
                let found = batch.orders.into_iter();
                orders.extend(found.map(|order| (order.external_id.clone(), order)));
            }
            Err(failed) => error = Some(failed),
        }
    }
    (orders, checkpoints, error)
}

fn line(sku: &str, quantity: i64, discount: Option<&str>) -> NewOrderLine {
    NewOrderLine {
        sku: sku.to_owned(),
        quantity,
        discount: discount.map(str::to_owned),
    }
}

#[tokio::test]
async fn ninety_days_of_orders_are_read_page_by_page() {
    let scene = Scene::of(SellerSettings {
        orders: 250,
        ..usual()
    })
    .await;
    let store = scene.store();
    let since = sources().now() - TimeDelta::days(91);
    let (orders, checkpoints, error) = read(&store, since, None).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(orders.len(), 250);
    assert_eq!(checkpoints.len(), 3);
    let truth = scene.truth();
    for order in orders.values() {
        for line in &order.lines {
            let listing = &truth[line.listing_external_id.as_deref().unwrap()];
            assert_eq!(line.amount.amount_minor, minor(listing) * line.quantity);
            let off = if order.cancelled { line.quantity } else { 0 };
            assert_eq!(line.refunded_quantity, off);
        }
    }
    assert!(orders.values().any(|order| order.cancelled));
    let (rest, ..) = read(&store, since, checkpoints[0].clone()).await;
    assert_eq!(rest.len(), 150);
    let counters = scene.amazon().counters(SELLER).unwrap();
    assert!(!counters.personal_data_asked);
    assert_eq!(counters.deprecated, 0);
    scene.never_too_fast();
}

#[tokio::test]
async fn an_order_is_followed_from_payment_to_cancellation() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let listings = sellable(&scene, 2);
    let since = sources().now() - TimeDelta::minutes(5);
    let order = NewOrder {
        lines: vec![
            line(&listings[0].sku, 2, Some("1.50")),
            line(&listings[1].sku, 1, None),
        ],
        pending: true,
    };
    let id = scene.amazon().place_order(SELLER, order).unwrap();
    let step = |step| scene.amazon().step_order(SELLER, &id, &step).unwrap();
    assert!(read(&store, since, None).await.0.is_empty(), "not paid yet");

    step(OrderStep::Pay);
    let (orders, ..) = read(&store, since, None).await;
    let lines = &orders[&id].lines;
    assert_eq!(lines[0].amount.amount_minor, minor(&listings[0]) * 2 - 150);
    assert_eq!(lines[1].sku.as_deref(), Some(listings[1].sku.as_str()));

    step(OrderStep::Cancel { line: Some(1) });
    step(OrderStep::Ship);
    let (orders, ..) = read(&store, since, None).await;
    let lines = &orders[&id].lines;
    assert!(!orders[&id].cancelled);
    assert_eq!(
        (lines[0].refunded_quantity, lines[1].refunded_quantity),
        (0, 1)
    );
    assert_eq!(lines[1].refunded, lines[1].amount);

    step(OrderStep::Cancel { line: None });
    assert!(read(&store, since, None).await.0[&id].cancelled);
}

#[tokio::test]
async fn a_page_that_ran_out_means_to_begin_anew() {
    let scene = Scene::of(SellerSettings {
        orders: 150,
        ..usual()
    })
    .await;
    let store = scene.store();
    let since = sources().now() - TimeDelta::days(91);
    let (_, checkpoints, _) = read(&store, since, None).await;
    scene.amazon().expire_pages(SELLER).unwrap();
    let (.., error) = read(&store, since, checkpoints[0].clone()).await;
    assert_eq!(error.unwrap().fault, Fault::CheckpointLost);
}
