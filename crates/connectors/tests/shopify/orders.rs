//! Orders: what was sold, and what was given back.

use std::collections::BTreeMap;
use std::sync::Arc;

use calibr_connectors::{
    Checkpoint, ConnectorError, Fault, Store,
    orders::{OrderBatch, OrderPlan, OrderRecord},
};
use calibr_sandbox::{
    FaultKind,
    shopify::{Change, NewOrder, NewOrderLine, OrderChange, Rate, ShopSettings, TrueVariant},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use serde_json::json;

use crate::harness::{SHOP, Scene, full, on_api, pull_all, usual};

/// A shop that is asked as fast as it likes.
fn roomy(orders: u32) -> ShopSettings {
    ShopSettings {
        orders,
        rate: Some(Rate {
            maximum: 20_000,
            restore: 10_000,
        }),
        ..usual()
    }
}

fn since(moment: DateTime<Utc>) -> OrderPlan {
    OrderPlan {
        since: moment,
        resume: None,
    }
}

async fn batches(
    store: &Arc<dyn Store>,
    plan: OrderPlan,
) -> Result<Vec<OrderBatch>, ConnectorError> {
    store.orders().unwrap().pull(plan).try_collect().await
}

async fn failure(store: &Arc<dyn Store>, plan: OrderPlan) -> ConnectorError {
    batches(store, plan).await.unwrap_err()
}

fn collected(batches: Vec<OrderBatch>) -> BTreeMap<String, OrderRecord> {
    let mut orders = BTreeMap::new();
    for batch in batches {
        assert_eq!(batch.faults, []);
        assert!(batch.checkpoint.is_some());
        for order in batch.orders {
            let again = orders.insert(order.external_id.clone(), order);
            assert_eq!(again, None);
        }
    }
    orders
}

async fn pull(scene: &Scene, moment: DateTime<Utc>) -> BTreeMap<String, OrderRecord> {
    collected(batches(&scene.store(), since(moment)).await.unwrap())
}

fn line(truth: &TrueVariant, quantity: u32, discount: Option<&str>) -> NewOrderLine {
    NewOrderLine {
        variant: Some(truth.variant_id.clone()),
        sku: None,
        quantity,
        discount: discount.map(str::to_owned),
    }
}

fn place(scene: &Scene, lines: Vec<NewOrderLine>) -> String {
    let order = NewOrder { lines, test: false };
    scene.shopify().place_order(SHOP, &order).unwrap()
}

/// A variant that now costs ten euros.
fn for_ten(scene: &Scene) -> TrueVariant {
    let truth = scene.truth().into_values().next().unwrap();
    scene
        .shopify()
        .change(
            SHOP,
            Change::UpdateVariant {
                variant: truth.variant_id.clone(),
                price: Some("10.00".to_owned()),
                compare_at_price: None,
                sku: None,
                stock: None,
            },
        )
        .unwrap();
    truth
}

/// Of each line: units, amount, units and amount given back.
fn lines(order: &OrderRecord) -> Vec<(i64, String, i64, String)> {
    order
        .lines
        .iter()
        .map(|line| {
            (
                line.quantity,
                line.amount.to_decimal(),
                line.refunded_quantity,
                line.refunded.to_decimal(),
            )
        })
        .collect()
}

fn of(
    quantity: i64,
    amount: &str,
    refunded_quantity: i64,
    refunded: &str,
) -> (i64, String, i64, String) {
    (
        quantity,
        amount.to_owned(),
        refunded_quantity,
        refunded.to_owned(),
    )
}

#[tokio::test]
async fn all_orders_that_can_be_read_come_once_whole_and_oldest_change_first() {
    let scene = Scene::of(roomy(400)).await;
    let batches = batches(&scene.store(), since(DateTime::UNIX_EPOCH))
        .await
        .unwrap();
    let order_of_change: Vec<_> = batches
        .iter()
        .flat_map(|batch| &batch.orders)
        .map(|order| order.updated_at.unwrap())
        .collect();
    assert!(order_of_change.is_sorted());
    let orders = collected(batches);
    // Ninety days of orders were placed; apps see sixty of them.
    assert!((200..330).contains(&orders.len()), "{}", orders.len());
    let oldest = orders.values().map(|order| order.placed_at).min().unwrap();
    assert!(scene.now() - oldest <= TimeDelta::days(60));
    let any = |holds: fn(&OrderRecord) -> bool| orders.values().any(holds);
    assert!(any(|order| order.cancelled));
    assert!(any(|order| order
        .lines
        .iter()
        .any(|line| line.refunded.amount_minor > 0)));
    assert!(
        any(|order| order.lines.len() == 25),
        "more lines than a page has"
    );
    let truth = scene.truth();
    for order in orders.values() {
        for line in &order.lines {
            let listing = line.listing_external_id.as_ref().unwrap();
            assert_eq!(
                line.sku.as_ref(),
                truth[listing].sku.as_ref().filter(|sku| !sku.is_empty())
            );
            assert!(line.amount.amount_minor >= 0 && line.quantity > 0);
        }
    }
    let all = scene.store_with_scopes(&["read_products", "read_orders", "read_all_orders"]);
    let all = self::batches(&all, since(DateTime::UNIX_EPOCH))
        .await
        .unwrap();
    assert_eq!(collected(all).len(), 400);
}

#[tokio::test]
async fn a_stream_cut_at_any_checkpoint_goes_on_to_the_same_end() {
    let scene = Scene::of(roomy(150)).await;
    let store = scene.store();
    let whole = batches(&store, since(DateTime::UNIX_EPOCH)).await.unwrap();
    let expected = collected(whole.clone());
    assert!(whole.len() > 4);
    for cut in 1..=whole.len() {
        let resumed = OrderPlan {
            resume: whole[cut - 1].checkpoint.clone(),
            ..since(DateTime::UNIX_EPOCH)
        };
        let mut orders = collected(whole[..cut].to_vec());
        orders.extend(collected(batches(&store, resumed).await.unwrap()));
        assert_eq!(orders, expected, "cut after {cut}");
    }
}

#[tokio::test]
async fn an_order_that_changes_while_pages_are_read_is_not_missed() {
    let scene = Scene::of(roomy(60)).await;
    let store = scene.store();
    let mut stream = store.orders().unwrap().pull(since(DateTime::UNIX_EPOCH));
    let first = stream.next().await.unwrap().unwrap();
    let changed = &first.orders[3].external_id;
    let seen: Vec<_> = first
        .orders
        .iter()
        .map(|order| order.external_id.clone())
        .collect();
    scene
        .shopify()
        .change_order(SHOP, changed, &OrderChange::Cancel)
        .unwrap();
    let mut rest = Vec::new();
    while let Some(batch) = stream.next().await {
        rest.extend(batch.unwrap().orders);
    }
    let again: Vec<_> = rest
        .iter()
        .filter(|order| seen.contains(&order.external_id))
        .collect();
    assert_eq!(again.len(), 1);
    assert_eq!(&again[0].external_id, changed);
    assert!(again[0].cancelled);
    let all = pull(&scene, DateTime::UNIX_EPOCH).await.len();
    assert_eq!(first.orders.len() + rest.len(), all + 1);
}

#[tokio::test]
async fn amounts_have_all_discounts_taken_off_and_refunds_come_off_their_line() {
    let scene = Scene::usual().await;
    let truth = for_ten(&scene);
    let id = place(
        &scene,
        vec![line(&truth, 4, Some("8.00")), line(&truth, 1, None)],
    );
    let begun = scene.now() - TimeDelta::minutes(1);
    let read = async || lines(&pull(&scene, begun).await[&id]);
    let change = |change| scene.shopify().change_order(SHOP, &id, &change).unwrap();
    assert_eq!(
        read().await,
        [of(4, "32.00", 0, "0.00"), of(1, "10.00", 0, "0.00")]
    );

    change(OrderChange::Refund {
        line: Some(0),
        units: Some(1),
    });
    assert_eq!(
        read().await,
        [of(4, "32.00", 1, "8.00"), of(1, "10.00", 0, "0.00")]
    );
    // Taken off before it was paid: no refund tells of it.
    change(OrderChange::Edit { line: 0, units: 1 });
    assert_eq!(
        read().await,
        [of(4, "32.00", 2, "16.00"), of(1, "10.00", 0, "0.00")]
    );
    // 46.90 was to be paid with carriage; each line bears its share of the sum.
    change(OrderChange::RefundSum {
        amount: "4.69".to_owned(),
    });
    assert_eq!(
        read().await,
        [of(4, "32.00", 2, "19.20"), of(1, "10.00", 0, "1.00")]
    );
    change(OrderChange::Refund {
        line: None,
        units: None,
    });
    let all_back = read().await;
    assert_eq!(all_back[0].2, 4);
    assert_eq!(all_back[1], of(1, "10.00", 1, "10.00"));
    assert_eq!(
        scene.asked("CalibrOrderRefunds"),
        4,
        "none before there was one"
    );
}

#[tokio::test]
async fn only_orders_that_changed_come_again() {
    let scene = Scene::of(roomy(30)).await;
    let truth = for_ten(&scene);
    let old = pull(&scene, DateTime::UNIX_EPOCH)
        .await
        .into_values()
        .next_back()
        .unwrap();
    scene.server.sandbox().clock().advance(TimeDelta::hours(1));
    let now = scene.now();
    assert_eq!(pull(&scene, now).await.len(), 0);
    let new = place(&scene, vec![line(&truth, 1, None)]);
    scene
        .shopify()
        .change_order(SHOP, &old.external_id, &OrderChange::Cancel)
        .unwrap();
    let changed = pull(&scene, now - TimeDelta::seconds(1)).await;
    let mut expected = [old.external_id.clone(), new.clone()];
    expected.sort();
    assert_eq!(changed.keys().cloned().collect::<Vec<_>>(), expected);
    assert!(changed[&old.external_id].cancelled && !changed[&new].cancelled);
    assert_eq!(
        changed[&new].lines[0].listing_external_id,
        Some(truth.variant_id)
    );
}

#[tokio::test]
async fn test_orders_and_goods_that_are_gone_are_what_they_are() {
    let scene = Scene::usual().await;
    let truth = for_ten(&scene);
    let order = NewOrder {
        lines: vec![line(&truth, 1, None)],
        test: true,
    };
    let test = scene.shopify().place_order(SHOP, &order).unwrap();
    let gone = place(&scene, vec![line(&truth, 2, None)]);
    let delete = Change::DeleteProduct {
        product: truth.product_id.clone(),
    };
    scene.shopify().change(SHOP, delete).unwrap();
    let orders = pull(&scene, DateTime::UNIX_EPOCH).await;
    assert!(orders[&test].cancelled);
    let bought = &orders[&gone].lines[0];
    assert_eq!(
        (bought.listing_external_id.as_ref(), bought.quantity),
        (None, 2)
    );
    assert_eq!(bought.amount.to_decimal(), "20.00");
}

#[tokio::test]
async fn without_the_permission_the_catalogue_still_comes_and_orders_say_why_not() {
    let scene = Scene::of(roomy(5)).await;
    let store = scene.store_with_scopes(&["read_products"]);
    pull_all(&store, full()).await.assert_is(&scene.truth());
    let error = failure(&store, since(DateTime::UNIX_EPOCH)).await;
    assert_eq!(error.fault, Fault::MissingScope);
    assert!(error.message.contains("read_orders"), "{error}");
    let identity = store.identify().await.unwrap();
    insta::assert_snapshot!(identity.notice.unwrap(), @"With this access token prices cannot be set (it lacks write_products), and orders cannot be read (it lacks read_orders). Add the permission to the app in the Shopify admin if you want that.");
}

#[tokio::test]
async fn what_passes_is_waited_out() {
    for kind in [
        FaultKind::ServerError { status: 502 },
        FaultKind::CutConnection,
        FaultKind::MalformedAnswer,
        FaultKind::WrongContentType,
        FaultKind::Throttled,
    ] {
        let scene = Scene::of(roomy(120)).await;
        let expected = pull(&scene, DateTime::UNIX_EPOCH).await;
        for operation in [
            "CalibrChangedOrders",
            "CalibrOrderLines",
            "CalibrOrderRefunds",
        ] {
            scene.fails(on_api(kind.clone()).of_operation(operation));
        }
        assert_eq!(
            pull(&scene, DateTime::UNIX_EPOCH).await,
            expected,
            "{kind:?}"
        );
        assert_eq!(
            scene.shopify().counters(SHOP).unwrap().faults,
            3,
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_place_that_is_no_longer_known_means_to_begin_anew() {
    let scene = Scene::of(roomy(5)).await;
    let store = scene.store();
    let note = |kind: &str, after: &str| json!({ "kind": kind, "since": "1970-01-01T00:00:00Z", "after": after });
    for note in [note("orders", "gone"), note("changes", "gone"), json!(null)] {
        let plan = OrderPlan {
            resume: Some(Checkpoint(note)),
            ..since(DateTime::UNIX_EPOCH)
        };
        assert_eq!(failure(&store, plan).await.fault, Fault::CheckpointLost);
    }
}

#[tokio::test]
async fn nothing_of_the_buyer_is_kept() {
    let scene = Scene::of(roomy(20)).await;
    let kept = format!("{:?}", pull(&scene, DateTime::UNIX_EPOCH).await);
    for personal in ["jane", "Doe", "doe.example"] {
        assert!(!kept.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn two_who_read_orders_keep_within_the_shops_budget() {
    let scene = Scene::of(ShopSettings {
        orders: 200,
        rate: Some(Rate {
            maximum: 400,
            restore: 1_000,
        }),
        ..usual()
    })
    .await;
    let (one, other) = tokio::join!(
        pull(&scene, DateTime::UNIX_EPOCH),
        pull(&scene, DateTime::UNIX_EPOCH),
    );
    assert_eq!(one, other);
    let counters = scene.shopify().counters(SHOP).unwrap();
    assert_eq!(
        (counters.overdrawn, counters.throttled),
        (false, 0),
        "{counters:?}"
    );
}
