//! Orders: what was sold, and what was given back.

use std::collections::BTreeMap;

use calibr_connectors::orders::{OrderPlan, OrderRecord};
use calibr_sandbox::woocommerce::{StoreChange, StoreSettings};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use crate::harness::{Scene, usual};

async fn pull(scene: &Scene, since: DateTime<Utc>) -> BTreeMap<u64, OrderRecord> {
    let store = scene.store();
    let plan = OrderPlan {
        since,
        resume: None,
    };
    let batches: Vec<_> = store
        .orders()
        .unwrap()
        .pull(plan)
        .try_collect()
        .await
        .unwrap();
    let mut orders = BTreeMap::new();
    for batch in batches {
        assert_eq!(batch.faults, []);
        assert!(batch.checkpoint.is_some());
        for order in batch.orders {
            let again = orders.insert(order.external_id.parse().unwrap(), order);
            assert_eq!(again, None);
        }
    }
    orders
}

fn place(scene: &Scene, lines: Vec<(u64, i64)>) -> u64 {
    let order = StoreChange::PlaceOrder {
        lines,
        status: None,
    };
    scene.change(order).id
}

#[tokio::test]
async fn ninety_days_of_orders_arrive_once_and_from_any_checkpoint() {
    let scene = Scene::of(StoreSettings {
        orders: 650,
        ..usual()
    })
    .await;
    let all = pull(&scene, DateTime::UNIX_EPOCH).await;
    assert_eq!(all.len(), 650);
    assert!(all.values().any(|order| order.cancelled));
    let given_back =
        |order: &OrderRecord| order.lines.iter().any(|line| line.refunded_quantity > 0);
    assert!(all.values().any(given_back));

    let store = scene.store();
    let since = DateTime::UNIX_EPOCH;
    let plan = OrderPlan {
        since,
        resume: None,
    };
    let batches: Vec<_> = store
        .orders()
        .unwrap()
        .pull(plan)
        .try_collect()
        .await
        .unwrap();
    let resume = batches[2].checkpoint.clone();
    let plan = OrderPlan { since, resume };
    let rest: Vec<_> = store
        .orders()
        .unwrap()
        .pull(plan)
        .try_collect()
        .await
        .unwrap();
    let count = |batches: &[calibr_connectors::orders::OrderBatch]| -> usize {
        batches.iter().map(|batch| batch.orders.len()).sum()
    };
    assert_eq!(count(&batches[..3]) + count(&rest), 650);
}

#[tokio::test]
async fn amounts_are_those_of_the_price_and_refunds_come_off_their_line() {
    for (with_tax, shown_decimals) in [(true, 2), (false, 2), (true, 0)] {
        let scene = Scene::of(StoreSettings {
            prices_include_tax: with_tax,
            shown_decimals,
            ..usual()
        })
        .await;
        let (simple, variation) = (scene.simple(), scene.variations());
        for listing in [simple[0].id, variation[0].id] {
            scene.change(StoreChange::UpdateListing {
                listing,
                regular_price: Some("10.01".to_owned()),
                sale_price: Some(String::new()),
                sku: None,
                stock: None,
            });
        }
        let id = place(&scene, vec![(simple[0].id, 3), (variation[0].id, 2)]);
        let orders = pull(&scene, DateTime::UNIX_EPOCH).await;
        let order = &orders[&id];
        let lines: Vec<_> = order
            .lines
            .iter()
            .map(|line| {
                (
                    line.listing_external_id.clone().unwrap(),
                    line.quantity,
                    line.amount.to_decimal(),
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                (simple[0].id.to_string(), 3, "30.03".to_owned()),
                (variation[0].id.to_string(), 2, "20.02".to_owned()),
            ]
        );

        let line = order.lines[1].external_id.parse().unwrap();
        scene.change(StoreChange::RefundOrder {
            order: id,
            line: Some(line),
            units: Some(1),
        });
        let refunded = pull(&scene, DateTime::UNIX_EPOCH)
            .await
            .remove(&id)
            .unwrap();
        let back: Vec<_> = refunded
            .lines
            .iter()
            .map(|line| (line.refunded_quantity, line.refunded.to_decimal()))
            .collect();
        assert_eq!(
            back,
            [(0, "0.00".to_owned()), (1, "10.01".to_owned())],
            "{with_tax} {shown_decimals}"
        );

        scene.change(StoreChange::RefundOrder {
            order: id,
            line: None,
            units: None,
        });
        let all_back = pull(&scene, DateTime::UNIX_EPOCH)
            .await
            .remove(&id)
            .unwrap();
        assert!(
            all_back
                .lines
                .iter()
                .all(|line| line.refunded == line.amount && line.refunded_quantity == line.quantity)
        );
    }
}

#[tokio::test]
async fn only_orders_that_changed_come_again() {
    let scene = Scene::of(StoreSettings {
        orders: 30,
        ..usual()
    })
    .await;
    let old = *pull(&scene, DateTime::UNIX_EPOCH)
        .await
        .keys()
        .next()
        .unwrap();
    let now = scene.now();
    assert_eq!(pull(&scene, now).await.len(), 0);
    let new = place(&scene, vec![(scene.simple()[0].id, 1)]);
    scene.change(StoreChange::SetOrderStatus {
        order: old,
        status: "cancelled".to_owned(),
    });
    let changed = pull(&scene, now).await;
    assert_eq!(changed.keys().copied().collect::<Vec<_>>(), [old, new]);
    assert!(changed[&old].cancelled && !changed[&new].cancelled);
}

#[tokio::test]
async fn nothing_of_the_buyer_is_kept() {
    let scene = Scene::of(StoreSettings {
        orders: 40,
        ..usual()
    })
    .await;
    let orders = pull(&scene, DateTime::UNIX_EPOCH).await;
    let kept = format!("{orders:?}");
    for personal in ["Jane", "Doe", "jane@", "Made Up Street", "Engraving"] {
        assert!(!kept.contains(personal), "{personal}");
    }
}
