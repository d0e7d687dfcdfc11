//! Prices that the store has otherwise than they are wanted here: found by syncs
//! and before pushes, decided by the store's policy or by people.

use calibr_sandbox::{Fault, FaultKind, woocommerce::StoreChange};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Scene,
    goods::{apply, items, listings, minor, preview, settled, table, unique, woo},
    platforms::STORE,
    until,
};

fn path(rest: &str) -> String {
    Client::in_project(&format!("conflicts{rest}"))
}

async fn conflicts(scene: &Scene, query: &str) -> Vec<Value> {
    let page = scene.client.get(&path(query)).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// The only open conflict.
async fn open(scene: &Scene) -> Value {
    let mut all = conflicts(scene, "?status=open").await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Somebody at the store sets a price, struck through the other where one is given.
fn at_the_store(scene: &Scene, listing: &Value, price: &str, before: Option<&str>) {
    let change = StoreChange::UpdateListing {
        listing: listing["external_id"].as_str().unwrap().parse().unwrap(),
        regular_price: Some(before.unwrap_or(price).to_owned()),
        sale_price: Some(before.map_or_else(String::new, |_| price.to_owned())),
        sku: None,
        stock: None,
    };
    scene.shop.woocommerce().change(STORE, change).unwrap();
}

fn price_at_the_store(scene: &Scene, listing: &Value) -> String {
    let id = listing["external_id"].as_str().unwrap();
    scene.shop.store_truth().get(id).unwrap().0.clone().unwrap()
}

/// Sends prices and sees them at the store.
async fn agree(scene: &Scene, prices: &[(&Value, &str)]) {
    let push = preview(scene, table(prices)).await;
    apply(scene, &push).await;
    let done = settled(scene, &push).await;
    assert_eq!(done["status"], "done", "{done}");
}

/// What a person sets under Settings.
async fn settings(scene: &Scene, integration: &str, changes: Value) {
    let path = Client::in_project(&format!("integrations/{integration}/settings"));
    let now = scene.client.get(&path).await.expect(200);
    let mut patch = changes;
    patch["version"] = now["version"].clone();
    scene.client.patch(&path, &patch).await.expect(200);
}

async fn floor(scene: &Scene, amount: Option<i64>) {
    let bounds = json!({ "currency": "EUR", "floor_minor": amount, "ceiling_minor": null,
                         "max_change_bp": null });
    let path = Client::in_project("price-guardrails");
    scene.client.put(&path, &bounds).await.expect(200);
}

async fn resolve(scene: &Scene, conflict: &Value, to: &str) -> Answer {
    let body = json!({ "to": to, "version": conflict["version"] });
    let rest = format!("/{}/resolve", conflict["id"].as_str().unwrap());
    scene.client.post(&path(&rest), &body).await
}

/// A full sync, once what is under way has ended.
async fn synced(scene: &Scene, integration: &str) -> Value {
    scene.newest_run_ended(integration).await;
    scene.sync(integration, "full").await
}

async fn ended_push(scene: &Scene, conflict: &Value) -> Value {
    settled(scene, &json!({ "id": conflict["push_id"] })).await
}

/// Two goods agreed on at 50 euros.
async fn agreed() -> (Scene, String, Vec<Value>) {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    agree(&scene, &[(&goods[0], "50"), (&goods[1], "50")]).await;
    (scene, integration, goods)
}

#[tokio::test]
async fn a_person_decides_for_either_side() {
    let (scene, integration, goods) = agreed().await;
    at_the_store(&scene, &goods[0], "77.70", None);
    synced(&scene, &integration).await;
    let found = open(&scene).await;
    assert_eq!(
        [&found["base"], &found["ours"], &found["theirs"]].map(minor),
        [5_000, 5_000, 7_770]
    );
    assert_eq!(
        (&found["field"], &found["sku"], &found["held"]),
        (&json!("price"), &goods[0]["sku"], &Value::Null)
    );
    let decided = resolve(&scene, &found, "ours").await.expect(200);
    assert_eq!(
        (&decided["status"], &decided["resolution"]),
        (&json!("resolved"), &json!("ours"))
    );
    let push = ended_push(&scene, &decided).await;
    assert_eq!(
        (&push["status"], &push["reason"]),
        (&json!("done"), &json!("Conflict: Calibr's price kept"))
    );
    assert_eq!(price_at_the_store(&scene, &goods[0]), "50.00");

    at_the_store(&scene, &goods[0], "66.60", None);
    synced(&scene, &integration).await;
    let found = open(&scene).await;
    resolve(&scene, &found, "theirs").await.expect(200);
    let ledger = Client::in_project(&format!(
        "listings/{}/price",
        goods[0]["id"].as_str().unwrap()
    ));
    let ledger = scene.client.get(&ledger).await.expect(200)["ledger"].clone();
    assert_eq!(minor(&ledger["desired"]["price"]), 6_660, "{ledger}");
    synced(&scene, &integration).await;
    assert!(conflicts(&scene, "?status=open").await.is_empty());
    assert_eq!(price_at_the_store(&scene, &goods[0]), "66.60");
}

#[tokio::test]
async fn the_second_of_two_people_learns_who_came_first() {
    let (scene, integration, goods) = agreed().await;
    at_the_store(&scene, &goods[0], "77.70", None);
    synced(&scene, &integration).await;
    let looked_at = open(&scene).await;
    at_the_store(&scene, &goods[0], "78.80", None);
    synced(&scene, &integration).await;
    let problem = resolve(&scene, &looked_at, "ours")
        .await
        .problem(409, "conflict");
    assert!(
        problem["detail"].as_str().unwrap().contains("moved since"),
        "{problem}"
    );
    let looked_at = open(&scene).await;
    let (one, other) = tokio::join!(
        resolve(&scene, &looked_at, "theirs"),
        resolve(&scene, &looked_at, "theirs")
    );
    let (first, second) = if one.status == 200 {
        (one, other)
    } else {
        (other, one)
    };
    let first = first.expect(200);
    let problem = second.problem(409, "conflict");
    let said = problem["detail"].as_str().unwrap();
    let who = first["decided_by"].as_str().unwrap();
    for words in [who, "the store's value stands", "€78.80", " UTC"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let many = json!({ "to": "ours", "which": { "conflicts": [
        { "id": looked_at["id"], "version": looked_at["version"] },
        { "id": "01900000-0000-7000-8000-000000000000", "version": 1 },
    ] } });
    let answer = scene
        .client
        .post(&path("/resolve"), &many)
        .await
        .expect(200);
    assert_eq!(
        [
            &answer["decided"],
            &answer["already_decided"],
            &answer["missing"]
        ],
        [&json!(0), &json!(1), &json!(1)]
    );
}

#[tokio::test]
async fn a_store_whose_prices_stand_keeps_them_also_from_a_push() {
    let (scene, integration, goods) = agreed().await;
    settings(
        &scene,
        &integration,
        json!({ "conflict_policy": "platform" }),
    )
    .await;
    at_the_store(&scene, &goods[0], "77.70", None);
    synced(&scene, &integration).await;
    let decided = conflicts(&scene, "").await.remove(0);
    assert_eq!(
        [
            &decided["status"],
            &decided["resolution"],
            &decided["policy"],
            &decided["decided_by"]
        ],
        [
            &json!("resolved"),
            &json!("theirs"),
            &json!("platform"),
            &Value::Null
        ]
    );
    // The look before a push finds what no sync has seen.
    let push = preview(&scene, table(&[(&goods[1], "45"), (&goods[2], "45")])).await;
    at_the_store(&scene, &goods[1], "88.80", None);
    apply(&scene, &push).await;
    let done = settled(&scene, &push).await;
    assert_eq!(done["status"], "partial", "{done}");
    let item = items(&scene, &push).await.remove(0);
    assert_eq!(item["code"], "store_price_kept", "{item}");
    assert_eq!(price_at_the_store(&scene, &goods[1]), "88.80");
    assert_eq!(price_at_the_store(&scene, &goods[2]), "45.00");
    assert!(conflicts(&scene, "?status=open").await.is_empty());
}

#[tokio::test]
async fn calibrs_price_goes_back_by_itself_where_it_may() {
    let (scene, integration, goods) = agreed().await;
    settings(&scene, &integration, json!({ "conflict_policy": "calibr" })).await;
    let held = async |price: &str| {
        at_the_store(&scene, &goods[0], price, None);
        synced(&scene, &integration).await;
        let held = open(&scene).await["held"].clone();
        assert_eq!(price_at_the_store(&scene, &goods[0]), price);
        held["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(held("71.00").await, "not_automatic");
    settings(&scene, &integration, json!({ "sync_prices": true })).await;
    assert_eq!(held("72.00").await, "no_floor");
    floor(&scene, Some(1_000)).await;
    settings(&scene, &integration, json!({ "dry_run": true })).await;
    assert_eq!(held("73.00").await, "dry_run");
    settings(&scene, &integration, json!({ "dry_run": false })).await;
    floor(&scene, Some(6_000)).await;
    assert_eq!(held("74.00").await, "outside_bounds");
    floor(&scene, Some(1_000)).await;
    for price in ["75.00", "76.00", "77.00"] {
        at_the_store(&scene, &goods[0], price, None);
        let run = synced(&scene, &integration).await;
        assert_eq!(
            (&run["status"], &run["prices_pushed"]),
            (&json!("success"), &json!(1)),
            "{run}"
        );
        assert_eq!(price_at_the_store(&scene, &goods[0]), "50.00");
    }
    assert_eq!(held("78.00").await, "fought_over");
    // The look before a push sends over what it found, in the same run.
    let push = preview(&scene, table(&[(&goods[1], "45")])).await;
    at_the_store(&scene, &goods[1], "88.80", None);
    apply(&scene, &push).await;
    until("the price is at the store", async || {
        (price_at_the_store(&scene, &goods[1]) == "45.00").then_some(())
    })
    .await;
    let item = items(&scene, &push).await.remove(0);
    assert_eq!(item["code"], "sent_again", "{item}");
}

#[tokio::test]
async fn a_price_that_moved_before_its_push_waits_under_conflicts() {
    let (scene, integration, goods) = agreed().await;
    let push = preview(&scene, table(&[(&goods[0], "45")])).await;
    at_the_store(&scene, &goods[0], "88.80", None);
    apply(&scene, &push).await;
    settled(&scene, &push).await;
    scene.newest_run_ended(&integration).await;
    let item = items(&scene, &push).await.remove(0);
    assert_eq!(item["code"], "price_moved", "{item}");
    assert!(
        item["message"].as_str().unwrap().contains("Conflicts"),
        "{item}"
    );
    let found = open(&scene).await;
    assert_eq!(
        [&found["base"], &found["ours"], &found["theirs"]].map(minor),
        [5_000, 4_500, 8_880]
    );
    floor(&scene, Some(4_900)).await;
    let problem = resolve(&scene, &found, "ours")
        .await
        .problem(422, "invalid");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("below the project's floor"),
        "{problem}"
    );
    assert_eq!(open(&scene).await, found, "nothing has happened to it");
    floor(&scene, None).await;
    let decided = resolve(&scene, &found, "ours").await.expect(200);
    ended_push(&scene, &decided).await;
    assert_eq!(price_at_the_store(&scene, &goods[0]), "45.00");
    synced(&scene, &integration).await;
    assert!(conflicts(&scene, "?status=open").await.is_empty());
}

#[tokio::test]
async fn what_was_decided_is_undone_until_it_is_sent() {
    let (scene, integration, goods) = agreed().await;
    at_the_store(&scene, &goods[0], "77.70", None);
    synced(&scene, &integration).await;
    let found = open(&scene).await;
    // A store that does not answer: what is decided waits.
    let away = Fault::once(FaultKind::ServerError { status: 503 }).times(1_000);
    scene.shop.woocommerce().add_fault(STORE, away).unwrap();
    let decided = resolve(&scene, &found, "ours").await.expect(200);
    assert_eq!(decided["can_undo"], true, "{decided}");
    let undo = json!({ "decision": decided["decision_id"] });
    let undone = scene.client.post(&path("/undo"), &undo).await.expect(200);
    assert_eq!(
        (&undone["reopened"], &undone["too_late"]),
        (&json!(1), &json!(0))
    );
    scene.shop.woocommerce().clear_faults(STORE).unwrap();
    let again = open(&scene).await;
    assert_eq!(again["id"], found["id"]);
    scene.newest_run_ended(&integration).await;
    assert_eq!(price_at_the_store(&scene, &goods[0]), "77.70");

    let decided = resolve(&scene, &again, "ours").await.expect(200);
    ended_push(&scene, &decided).await;
    let undo = json!({ "conflicts": [decided["id"]] });
    let problem = scene
        .client
        .post(&path("/undo"), &undo)
        .await
        .problem(409, "conflict");
    assert!(
        problem["detail"].as_str().unwrap().contains("too late"),
        "{problem}"
    );
    assert_eq!(price_at_the_store(&scene, &goods[0]), "50.00");
}

#[tokio::test]
async fn all_that_match_are_decided_at_once_and_nothing_unseen() {
    let (scene, integration, goods) = agreed().await;
    agree(&scene, &[(&goods[2], "50"), (&goods[3], "50")]).await;
    for one in &goods[..3] {
        at_the_store(&scene, one, "77.70", None);
    }
    synced(&scene, &integration).await;
    let newest = conflicts(&scene, "").await.remove(0);
    let as_of = newest["found_at"].clone();
    at_the_store(&scene, &goods[3], "77.70", None);
    at_the_store(&scene, &goods[2], "78.80", None);
    synced(&scene, &integration).await;
    let counts = conflicts(&scene, &format!("?integration={integration}&field=price")).await;
    assert_eq!(counts.len(), 4);
    let wanted = json!({ "to": "ours", "which": { "matching": {
        "integration": integration, "field": "price", "as_of": as_of } } });
    let answer = scene
        .client
        .post(&path("/resolve"), &wanted)
        .await
        .expect(200);
    assert_eq!(
        [&answer["decided"], &answer["changed"], &answer["refused"]],
        [&json!(2), &json!(1), &json!(0)],
        "{answer}"
    );
    let push = settled(&scene, &json!({ "id": answer["push_id"] })).await;
    assert_eq!(
        (&push["items_planned"], &push["items_observed"]),
        (&json!(2), &json!(2)),
        "one push of both: {push}"
    );
    assert_eq!(conflicts(&scene, "?status=open").await.len(), 2);
    let none = conflicts(&scene, "?status=open&search=no-such-thing-here").await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_struck_through_price_is_decided_by_itself() {
    let (scene, integration) = woo().await;
    let one = unique(listings(&scene, &integration).await).remove(0);
    let euros = |amount: i64| json!({ "amount_minor": amount, "currency": "EUR" });
    let price = json!({ "price": euros(5_000), "compare_at": euros(8_000) });
    let rest = format!("listings/{}/price", one["id"].as_str().unwrap());
    let push = scene.client.put(&Client::in_project(&rest), &price).await;
    settled(&scene, &push.expect(202)).await;
    at_the_store(&scene, &one, "50", Some("90"));
    synced(&scene, &integration).await;
    let found = open(&scene).await;
    assert_eq!(found["field"], "compare_at", "{found}");
    assert_eq!(
        [&found["base"], &found["ours"], &found["theirs"]].map(minor),
        [8_000, 8_000, 9_000]
    );
    let decided = resolve(&scene, &found, "ours").await.expect(200);
    ended_push(&scene, &decided).await;
    synced(&scene, &integration).await;
    let now = listings(&scene, &integration).await;
    let now = now.iter().find(|other| other["id"] == one["id"]).unwrap();
    assert_eq!(
        (minor(&now["price"]), minor(&now["compare_at"])),
        (5_000, 8_000)
    );
    assert!(conflicts(&scene, "?status=open").await.is_empty());
}

#[tokio::test]
async fn a_killed_console_finds_each_conflict_once() {
    let (scene, integration, goods) = agreed().await;
    for one in &goods[..2] {
        at_the_store(&scene, one, "77.70", None);
    }
    let slow = Fault::once(FaultKind::Slow {
        delay_milliseconds: 1_000,
    })
    .times(1_000);
    scene.shop.woocommerce().add_fault(STORE, slow).unwrap();
    scene.newest_run_ended(&integration).await;
    let run = scene.start_run(&integration, "full").await;
    scene
        .run_reaches(&integration, &run, "pull_catalogue")
        .await;
    let scene = scene.killed_and_started_again().await;
    scene.shop.woocommerce().clear_faults(STORE).unwrap();
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(conflicts(&scene, "").await.len(), 2);
}

#[tokio::test]
async fn a_viewer_looks_and_decides_nothing() {
    let (scene, integration, goods) = agreed().await;
    at_the_store(&scene, &goods[0], "77.70", None);
    synced(&scene, &integration).await;
    scene
        .database
        .run("UPDATE memberships SET role = 'viewer'")
        .await;
    let found = open(&scene).await;
    resolve(&scene, &found, "theirs")
        .await
        .problem(403, "forbidden");
    let undo = json!({ "conflicts": [found["id"]] });
    scene
        .client
        .post(&path("/undo"), &undo)
        .await
        .problem(403, "forbidden");
    let all =
        json!({ "to": "theirs", "which": { "matching": { "as_of": "2099-01-01T00:00:00Z" } } });
    scene
        .client
        .post(&path("/resolve"), &all)
        .await
        .problem(403, "forbidden");
}
