//! Orders: what was sold, and what was given back.

use std::{collections::BTreeMap, sync::Arc};

use calibr_connectors::{
    Checkpoint, ConnectorError, Fault, Scope, Store,
    orders::{OrderBatch, OrderPlan, OrderRecord},
};
use calibr_model::Sources;
use calibr_testkit::vendure::VendureOptions;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde_json::json;

use crate::harness::{Shop, change, credentials, listing, pull as pull_catalogue, push, variants};

async fn batches(
    store: &Arc<dyn Store>,
    since: DateTime<Utc>,
    resume: Option<Checkpoint>,
) -> Result<Vec<OrderBatch>, ConnectorError> {
    let plan = OrderPlan { since, resume };
    store.orders().unwrap().pull(plan).try_collect().await
}

fn ids(batches: &[OrderBatch]) -> Vec<String> {
    batches
        .iter()
        .flat_map(|batch| &batch.orders)
        .map(|order| order.external_id.clone())
        .collect()
}

/// The orders by their ids, each of which must come once.
async fn pull(store: &Arc<dyn Store>, since: DateTime<Utc>) -> BTreeMap<String, OrderRecord> {
    let mut orders = BTreeMap::new();
    for batch in batches(store, since, None).await.unwrap() {
        assert_eq!(batch.faults, []);
        assert!(batch.checkpoint.is_some());
        for order in batch.orders {
            let again = orders.insert(order.external_id.clone(), order);
            assert_eq!(again, None);
        }
    }
    orders
}

/// Units and money of the lines: bought, given back.
fn lines(order: &OrderRecord) -> Vec<(i64, String, i64, String)> {
    order
        .lines
        .iter()
        .map(|line| {
            (
                line.quantity,
                line.amount.to_string(),
                line.refunded_quantity,
                line.refunded.to_string(),
            )
        })
        .collect()
}

fn line(bought: i64, amount: &str, back: i64, refunded: &str) -> (i64, String, i64, String) {
    (bought, amount.to_owned(), back, refunded.to_owned())
}

fn now() -> DateTime<Utc> {
    Sources::system().now()
}

#[tokio::test]
async fn what_is_sold_at_a_new_price_arrives_and_what_is_given_back_with_it() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let store = shop.store();
    let sold = variants(&pull_catalogue(&store, Scope::Full, None).await.unwrap());
    let (laptop, tablet) = (listing(&sold[0]), listing(&sold[4]));
    let repriced = [
        change(&laptop, "12.34", "USD"),
        change(&tablet, "100.00", "USD"),
    ];
    assert_eq!(push(&store, &repriced).await, ["ok", "ok"]);

    // A basket that nobody has paid for is no order.
    let draft = "mutation { createDraftOrder { id } }";
    admin.run(draft, json!({})).await.unwrap();
    assert_eq!(pull(&store, DateTime::UNIX_EPOCH).await.len(), 0);

    let begun = now();
    let items = [
        (laptop.external_id.as_str(), 3),
        (tablet.external_id.as_str(), 1),
    ];
    let placed = shop.server.buy(&items).await.unwrap();
    let orders = pull(&store, begun).await;
    let order = &orders[&placed.id];
    assert_eq!(orders.len(), 1);
    assert!(!order.cancelled);
    assert!(order.placed_at >= begun && order.placed_at <= now());
    assert_eq!(
        lines(order),
        [
            line(3, "$37.02", 0, "$0.00"),
            line(1, "$100.00", 0, "$0.00")
        ]
    );
    let first = &order.lines[0];
    assert_eq!(first.external_id, placed.lines[0].id);
    assert_eq!(first.listing_external_id, Some(laptop.external_id));
    assert_eq!(first.sku, laptop.sku);
    let kept = format!("{orders:?}");
    for personal in ["Jane", "Doe", "jane@", "Made Up Street", "London"] {
        assert!(!kept.contains(personal), "{personal}");
    }

    // Money is paid back for one of three, with tax, as Vendure counts it.
    admin.settle_payments(&placed.id).await.unwrap();
    let settled = now();
    assert_eq!(pull(&store, settled).await.len(), 0);
    let one_laptop = [(placed.lines[0].id.as_str(), 1)];
    admin.refund(&placed.id, &one_laptop, 1_481).await.unwrap();
    let order = pull(&store, settled).await.remove(&placed.id).unwrap();
    assert!(
        order.updated_at.unwrap() < settled,
        "Vendure does not count it as a change of the order"
    );
    let refunded = [
        line(3, "$37.02", 1, "$12.34"),
        line(1, "$100.00", 0, "$0.00"),
    ];
    assert_eq!(lines(&order), refunded);

    // The same one is taken off the order too, and then the tablet.
    let since = now();
    admin.cancel_lines(&placed.id, &one_laptop).await.unwrap();
    let order = pull(&store, since).await.remove(&placed.id).unwrap();
    assert_eq!(lines(&order), refunded);
    let since = now();
    let tablets = [(placed.lines[1].id.as_str(), 1)];
    admin.cancel_lines(&placed.id, &tablets).await.unwrap();
    let order = pull(&store, since).await.remove(&placed.id).unwrap();
    assert_eq!(
        lines(&order),
        [
            line(3, "$37.02", 1, "$12.34"),
            line(1, "$100.00", 1, "$100.00"),
        ]
    );
    assert!(!order.cancelled);

    let since = now();
    admin.cancel_order(&placed.id).await.unwrap();
    let order = pull(&store, since).await.remove(&placed.id).unwrap();
    assert!(order.cancelled);
    shop.close().await;
}

#[tokio::test]
async fn amounts_are_with_tax_where_the_prices_are() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    admin
        .run(
            "mutation ($input: UpdateChannelInput!) { updateChannel(input: $input) { __typename } }",
            json!({ "input": { "id": "1", "pricesIncludeTax": true } }),
        )
        .await
        .unwrap();
    let store = shop.store();
    let variant = admin.variant_id("L2201508").await.unwrap();
    admin.set_price(&variant, 1_999).await.unwrap();
    let placed = shop.server.buy(&[(&variant, 7)]).await.unwrap();
    let orders = pull(&store, DateTime::UNIX_EPOCH).await;
    assert_eq!(
        lines(&orders[&placed.id]),
        [line(7, "$139.93", 0, "$0.00")],
        "seven times the price, without a cent lost to tax"
    );

    // Without a permission for orders it is said which is missing.
    let key = admin.create_api_key("inventory-manager").await.unwrap();
    let by_key = shop.store_by(credentials([("api_key", &key)]));
    let denied = batches(&by_key, DateTime::UNIX_EPOCH, None).await;
    let denied = denied.unwrap_err();
    assert_eq!(denied.fault, Fault::MissingScope);
    assert!(denied.message.contains("ReadOrder"), "{denied}");
    shop.close().await;
}

#[tokio::test]
async fn orders_arrive_once_and_again_from_any_checkpoint() {
    let shop = Shop::open_with(VendureOptions {
        list_limit: Some(3),
        ..VendureOptions::default()
    })
    .await;
    let store = shop.store();
    let mut placed = Vec::new();
    for _ in 0..7 {
        placed.push(shop.server.buy(&[("1", 1)]).await.unwrap().id);
    }
    let all = batches(&store, DateTime::UNIX_EPOCH, None).await.unwrap();
    assert_eq!(ids(&all), placed);
    assert!(all.len() > 2, "the list comes in pages");
    for (index, batch) in all.iter().enumerate() {
        let rest = batches(
            &shop.store(),
            DateTime::UNIX_EPOCH,
            batch.checkpoint.clone(),
        )
        .await
        .unwrap();
        assert_eq!(ids(&rest), ids(&all[index + 1..]), "from batch {index}");
    }

    // What changes while the list is read pushes none out of sight.
    let plan = OrderPlan {
        since: DateTime::UNIX_EPOCH,
        resume: None,
    };
    let mut stream = store.orders().unwrap().pull(plan);
    let mut read = vec![stream.try_next().await.unwrap().unwrap()];
    let admin = shop.admin().await;
    admin.cancel_order(&placed[0]).await.unwrap();
    placed.push(shop.server.buy(&[("2", 1)]).await.unwrap().id);
    while let Some(batch) = stream.try_next().await.unwrap() {
        read.push(batch);
    }
    assert_eq!(ids(&read), placed);

    let note = Some(Checkpoint(json!({ "part": "variants", "passed": 1 })));
    let refused = batches(&store, DateTime::UNIX_EPOCH, note).await;
    assert_eq!(refused.unwrap_err().fault, Fault::CheckpointLost);
    drop(stream);
    shop.close().await;
}
