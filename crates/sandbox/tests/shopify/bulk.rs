//! Bulk operations and their files.

use std::collections::HashMap;

use calibr_sandbox::shopify::{Change, Pace, ShopSettings, StaticToken};
use calibr_sandbox::{Fault, FaultKind};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{POLL, RUN, SHOP, World, lines, settings};

const CATALOGUE: &str = "{ products { edges { node { id name: title variants { edges { node {
    id sku price compareAtPrice inventoryQuantity inventoryItem { tracked } } } } } } } }";

impl World {
    async fn run(&self, query: &str) -> Value {
        self.data(RUN, json!({ "query": query })).await["run"].take()
    }

    async fn poll(&self, id: &Value) -> Value {
        self.data(POLL, json!({ "id": id })).await["bulkOperation"].take()
    }
}

#[tokio::test]
async fn an_operation_runs_as_it_is_polled_and_ends_with_a_file() {
    let world = World::with(ShopSettings {
        bulk_pace: Pace::Polls(2),
        ..settings(2_000)
    })
    .await;
    let started = world.run(CATALOGUE).await;
    let operation = &started["bulkOperation"];
    assert_eq!(
        (&operation["status"], &operation["objectCount"]),
        (&json!("CREATED"), &json!("0"))
    );

    let halfway = world.poll(&operation["id"]).await;
    assert_eq!(halfway["status"], "RUNNING");
    assert_eq!(halfway["url"], Value::Null);
    let done = world.poll(&operation["id"]).await;
    assert_eq!(done["status"], "COMPLETED");
    let count = |operation: &Value| {
        operation["objectCount"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    assert!(0 < count(&halfway) && count(&halfway) < count(&done));

    let file = world.file(&done).await;
    assert_eq!(done["fileSize"], file.len().to_string());
    assert_eq!(done["objectCount"], file.lines().count().to_string());
}

#[tokio::test]
async fn the_file_is_the_catalogue_with_exactly_the_fields_asked_for() {
    let world = World::with(ShopSettings {
        oddities: true,
        ..settings(1_500)
    })
    .await;
    let done = world.bulk(CATALOGUE).await;
    let lines = lines(&world.file(&done).await);

    let mut titles = HashMap::new();
    let mut variants = HashMap::new();
    for line in &lines {
        let line = line.as_object().unwrap();
        match line.get("__parentId") {
            None => {
                assert_eq!(line.len(), 2);
                titles.insert(line["id"].clone(), line["name"].clone());
            }
            Some(parent) => {
                assert_eq!(line.len(), 7);
                assert!(
                    titles.contains_key(parent),
                    "a child came before its parent"
                );
                variants.insert(line["id"].clone(), (line.clone(), parent.clone()));
            }
        }
    }
    assert_eq!(variants.len(), 1_500);
    for truth in world.shopify().truth(SHOP).unwrap() {
        let (line, parent) = &variants[&json!(truth.variant_id)];
        assert_eq!(*parent, truth.product_id);
        assert_eq!(titles[parent], truth.title);
        assert_eq!(line["sku"], json!(truth.sku));
        assert_eq!(line["price"], truth.price);
        assert_eq!(line["compareAtPrice"], json!(truth.compare_at_price));
        assert_eq!(line["inventoryQuantity"], truth.stock);
        assert_eq!(line["inventoryItem"], json!({ "tracked": true }));
    }
}

#[tokio::test]
async fn a_hundred_thousand_variants_stream_as_they_are_made() {
    let world = World::of(100_000).await;
    let done = world
        .bulk("{ productVariants { edges { node { id price } } } }")
        .await;
    assert_eq!(done["objectCount"], "100000");

    let mut response = world
        .client
        .get(done["url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    let (mut bytes, mut newlines, mut largest) = (0u64, 0, 0);
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes += chunk.len() as u64;
        newlines += chunk.iter().filter(|byte| **byte == b'\n').count();
        largest = largest.max(chunk.len());
    }

    assert_eq!(done["fileSize"], bytes.to_string());
    assert_eq!(newlines, 100_000);
    assert!(largest < 1 << 20, "a chunk of {largest} bytes");
    assert_eq!(world.shopify().digest(SHOP).unwrap().variants, 100_000);
}

#[tokio::test]
async fn any_part_of_the_file_can_be_fetched() {
    let world = World::of(1_000).await;
    let done = world.bulk(CATALOGUE).await;
    let whole = world.file(&done).await;
    let part = async |range: &str| {
        let request = world
            .client
            .get(done["url"].as_str().unwrap())
            .header("Range", range);
        let response = request.send().await.unwrap();
        let shown = response
            .headers()
            .get("content-range")
            .map(|shown| shown.to_str().unwrap().to_owned());
        (
            response.status().as_u16(),
            shown.unwrap_or_default(),
            response.text().await.unwrap(),
        )
    };

    let (status, shown, text) = part("bytes=70000-90000").await;
    assert_eq!(status, 206);
    assert_eq!(shown, format!("bytes 70000-90000/{}", whole.len()));
    assert_eq!(text, whole[70_000..=90_000]);
    assert_eq!(part("bytes=1000-").await.2, whole[1_000..]);
    assert_eq!(part("bytes=-10").await.2, whole[whole.len() - 10..]);
    assert_eq!(part("bytes=99999999-").await.0, 416);
}

#[tokio::test]
async fn the_file_keeps_the_state_of_the_moment_the_query_was_run() {
    let world = World::of(300).await;
    let started = world.run(CATALOGUE).await;
    let before: Vec<_> = world.shopify().truth(SHOP).unwrap().collect();
    let product = before[0].product_id.clone();
    world
        .shopify()
        .change(SHOP, Change::DeleteProduct { product })
        .unwrap();

    let mut operation = world.poll(&started["bulkOperation"]["id"]).await;
    while operation["status"] == "RUNNING" {
        operation = world.poll(&operation["id"]).await;
    }

    let variants = lines(&world.file(&operation).await);
    assert_eq!(
        variants
            .iter()
            .filter(|line| line.get("__parentId").is_some())
            .count(),
        300
    );
    assert!(world.shopify().truth(SHOP).unwrap().count() < 300);
}

#[tokio::test]
async fn addresses_are_signed_and_end_after_seven_days() {
    let world = World::of(100).await;
    let done = world.bulk(CATALOGUE).await;
    let url = done["url"].as_str().unwrap().to_owned();
    let status = async |url: &str| {
        world
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };

    assert_eq!(status(&url).await, 200);
    assert_eq!(status(&url.replace("expires=1", "expires=2")).await, 403);
    world.server.sandbox().clock().advance(TimeDelta::days(7));
    assert_eq!(status(&url).await, 400);
    let expired = world.poll(&done["id"]).await;
    assert_eq!(
        (&expired["status"], &expired["url"]),
        (&json!("EXPIRED"), &Value::Null)
    );
}

#[tokio::test]
async fn only_so_many_operations_run_at_once() {
    let world = World::with(ShopSettings {
        bulk_operations: 1,
        ..settings(100)
    })
    .await;
    let first = world.run(CATALOGUE).await;
    let id = first["bulkOperation"]["id"].as_str().unwrap();
    let second = world.run(CATALOGUE).await;
    let message =
        format!("A bulk query operation for this app and shop is already in progress: {id}.");
    let expected = json!([{ "field": null, "message": message, "code": "OPERATION_IN_PROGRESS" }]);
    assert_eq!(second["userErrors"], expected);

    let world = World::of(100).await;
    for _ in 0..5 {
        assert_eq!(world.run(CATALOGUE).await["userErrors"], json!([]));
    }
    assert_eq!(
        world.run(CATALOGUE).await["userErrors"][0]["code"],
        "LIMIT_REACHED"
    );
    let list = "{ bulkOperations(first: 10, query: \"status:running\") { nodes { id } } }";
    let running = world.data(list, json!({})).await;
    assert_eq!(
        running["bulkOperations"]["nodes"].as_array().unwrap().len(),
        5
    );
}

#[tokio::test]
async fn bad_queries_are_refused_in_words() {
    let world = World::of(100).await;
    let refused = world.run("{ shop { id } }").await;
    assert_eq!(refused["bulkOperation"], Value::Null);
    let expected = json!([{
        "field": ["query"],
        "message": "Bulk queries must contain at least one connection.",
        "code": "INVALID",
    }]);
    assert_eq!(refused["userErrors"], expected);
    let unknown = world.run("{ products { edges { node { nope } } } }").await;
    let message = "Invalid bulk query: Field 'nope' doesn't exist on type 'Product'";
    assert_eq!(unknown["userErrors"][0]["message"], message);
}

#[tokio::test]
async fn a_cancelled_operation_stops() {
    let world = World::of(2_000).await;
    let cancel = "mutation($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status }
        userErrors { field message } } }";
    let id = world.run(CATALOGUE).await["bulkOperation"]["id"].take();
    world.poll(&id).await;

    let cancelled = world.data(cancel, json!({ "id": id })).await["bulkOperationCancel"].take();
    assert_eq!(cancelled["bulkOperation"]["status"], "CANCELING");
    let over = world.poll(&id).await;
    assert_eq!(over["status"], "CANCELED");
    assert!(over["partialDataUrl"].is_string());
    let again = world.data(cancel, json!({ "id": id })).await["bulkOperationCancel"].take();
    let message = "A bulk operation cannot be canceled when it is canceled";
    assert_eq!(
        again["userErrors"],
        json!([{ "field": null, "message": message }])
    );
}

#[tokio::test]
async fn the_clock_can_set_the_pace() {
    let bulk_pace = Pace::ObjectsPerSecond(100);
    let world = World::with(ShopSettings {
        bulk_pace,
        ..settings(1_000)
    })
    .await;
    let id = world.run(CATALOGUE).await["bulkOperation"]["id"].take();

    assert_eq!(world.poll(&id).await["objectCount"], "0");
    world
        .server
        .sandbox()
        .clock()
        .advance(TimeDelta::seconds(2));
    let running = world.poll(&id).await;
    assert_eq!(running["status"], "RUNNING");
    assert_ne!(running["objectCount"], "0");
    world
        .server
        .sandbox()
        .clock()
        .advance(TimeDelta::minutes(1));
    assert_eq!(world.poll(&id).await["status"], "COMPLETED");
}

#[tokio::test]
async fn without_the_scope_the_operation_fails() {
    let world = World::of(100).await;
    let token = StaticToken {
        token: "shpat_poor".to_owned(),
        scopes: vec!["read_orders".to_owned()],
    };
    world.shopify().add_token(SHOP, "poor", token).unwrap();
    let failed = world.token("shpat_poor").bulk(CATALOGUE).await;
    assert_eq!(
        (&failed["status"], &failed["errorCode"]),
        (&json!("FAILED"), &json!("ACCESS_DENIED"))
    );
}

#[tokio::test]
async fn an_operation_can_fail_half_way_with_partial_data() {
    let world = World::of(2_000).await;
    world
        .shopify()
        .add_fault(
            SHOP,
            Fault::once(FaultKind::ExportFails { after_objects: 50 }),
        )
        .unwrap();

    let failed = world.bulk(CATALOGUE).await;

    assert_eq!(failed["status"], "FAILED");
    assert_eq!(failed["errorCode"], "INTERNAL_SERVER_ERROR");
    assert_eq!(failed["url"], Value::Null);
    let partial = world
        .client
        .get(failed["partialDataUrl"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert!(!lines(&partial.text().await.unwrap()).is_empty());
}

#[tokio::test]
async fn lines_can_be_malformed_and_the_last_one_truncated() {
    let world = World::of(1_000).await;
    let done = world.bulk(CATALOGUE).await;
    let good = |file: &str| -> Vec<bool> {
        file.lines()
            .map(|line| serde_json::from_str::<Value>(line).is_ok())
            .collect()
    };
    let whole = world.file(&done).await;
    let bad = Fault::once(FaultKind::MalformedLines {
        lines: vec![3, 700],
        truncate_last: true,
    });
    world.shopify().add_fault(SHOP, bad).unwrap();

    let lines = good(&world.file(&done).await);

    let wrong: Vec<_> = (0..lines.len()).filter(|place| !lines[*place]).collect();
    assert_eq!(wrong, [3, 700, lines.len() - 1]);
    assert_eq!(world.file(&done).await, whole);
}

#[tokio::test]
async fn a_download_can_be_cut_and_resumed() {
    let world = World::of(3_000).await;
    let done = world.bulk(CATALOGUE).await;
    let whole = world.file(&done).await;
    world
        .shopify()
        .add_fault(SHOP, Fault::once(FaultKind::CutConnection))
        .unwrap();
    let url = done["url"].as_str().unwrap();

    let mut response = world.client.get(url).send().await.unwrap();
    let mut got = Vec::new();
    let lost = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got.extend_from_slice(&chunk),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(lost && got.len() < whole.len());

    let rest = world
        .client
        .get(url)
        .header("Range", format!("bytes={}-", got.len()));
    got.extend_from_slice(&rest.send().await.unwrap().bytes().await.unwrap());
    assert_eq!(String::from_utf8(got).unwrap(), whole);
}
