//! What a run could not bring through: listed, grouped, looked into, removed, and its prices previewed again.

use calibr_sandbox::woocommerce::StoreChange;
use serde_json::{Value, json};

use crate::support::{
    Client, Scene,
    broken::Broken,
    goods::{apply, items, listings, minor, preview, settled, table, unique, woo},
    platforms::STORE,
};

#[tokio::test]
async fn each_failure_says_what_it_is_of_and_what_the_platform_said() {
    let broken = Broken::store(80, 2).await;
    let client = &broken.scene.client;
    let negative = broken.failure_of(&broken.run, broken.negative).await;
    assert_eq!(
        (
            &negative["kind"],
            &negative["code"],
            &negative["class"],
            &negative["state"]
        ),
        (
            &json!("listing"),
            &json!("price_negative"),
            &json!("needs_action"),
            &json!("open")
        )
    );
    assert_eq!(
        (&negative["attempts"], &negative["captured"]),
        (&json!(1), &json!("kept"))
    );
    // Its product is in the catalogue: its page is a click away.
    let product = negative["product_id"].as_str().unwrap();
    let products = client.all(&Client::in_project("products")).await;
    assert!(products.iter().any(|one| one["id"] == product));
    // What the platform said is not in the list, but on demand.
    assert_eq!(negative.get("answer"), None);
    let path = broken.of(&broken.run, &format!("/failures/{}", negative["id"]));
    let detail = client.get(&path).await.expect(200);
    assert!(
        detail["answer"].as_str().unwrap().contains("\"-3\""),
        "{detail}"
    );
    assert!(
        detail["kept_until"].is_string() && detail["failing_since"].is_string(),
        "{detail}"
    );

    for (query, count) in [
        ("?code=malformed_record", 2),
        ("?class=needs_action", 1),
        ("?kind=listing", 3),
        ("?kind=order", 0),
        ("?code=malformed_record&class=needs_action", 0),
    ] {
        assert_eq!(
            broken.failures(&broken.run, query).await.len(),
            count,
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_the_platform_said_is_removed_by_whoever_may() {
    let broken = Broken::store(80, 2).await;
    let (client, database) = (&broken.scene.client, &broken.scene.database);
    let kept = "SELECT count(*) FROM item_failures WHERE answer IS NOT NULL";
    assert_eq!(database.number(kept).await, 3);
    let negative = broken.failure_of(&broken.run, broken.negative).await;
    let one = broken.of(&broken.run, &format!("/failures/{}", negative["id"]));
    let all = broken.of(&broken.run, "/failures/exchanges");

    database.run("UPDATE memberships SET role = 'viewer'").await;
    client.get(&one).await.expect(200);
    client
        .delete(&format!("{one}/exchange"))
        .await
        .problem(403, "forbidden");
    client.delete(&all).await.problem(403, "forbidden");
    let unpark = broken.at("/parked/unpark");
    client
        .post(&unpark, &json!({}))
        .await
        .problem(403, "forbidden");
    let retry = broken.of(&broken.run, "/retry");
    client
        .post(&retry, &Value::Null)
        .await
        .problem(403, "forbidden");
    assert_eq!(database.number(kept).await, 3);

    database.run("UPDATE memberships SET role = 'editor'").await;
    client.delete(&format!("{one}/exchange")).await.expect(204);
    let detail = client.get(&one).await.expect(200);
    assert_eq!(
        (
            &detail["answer"],
            &detail["captured"],
            &detail["expunged_by"]
        ),
        (&Value::Null, &json!("expunged"), &json!("Olivia Owner")),
        "{detail}"
    );
    assert_eq!(client.delete(&all).await.expect(200)["expunged"], 2);
    assert_eq!(database.number(kept).await, 0);
    // The failures themselves stay.
    assert_eq!(broken.failures(&broken.run, "").await.len(), 3);
    let nothing = broken.of(&broken.run, "/failures/99/exchange");
    client.delete(&nothing).await.problem(404, "not-found");
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_read_again_alone() {
    let (scene, integration) = woo().await;
    let woocommerce = scene.shop.woocommerce();
    let listing = listings(&scene, &integration).await.remove(0);
    let listing: u64 = listing["external_id"].as_str().unwrap().parse().unwrap();
    let mut placed = Vec::new();
    for units in [1, 2] {
        let order = StoreChange::PlaceOrder {
            lines: vec![(listing, units)],
            status: None,
        };
        placed.push(woocommerce.change(STORE, order).unwrap().id);
    }
    let shape = |misshapen| StoreChange::Misshape {
        record: placed[0],
        misshapen,
    };
    woocommerce.change(STORE, shape(true)).unwrap();
    let run = scene.sync(&integration, "incremental").await;
    assert_eq!(
        (&run["status"], &run["error_code"]),
        (&json!("partial"), &json!("orders_failed")),
        "{run}"
    );
    let of = |rest: &str| {
        Scene::at(
            &integration,
            &format!("/syncs/{}{rest}", run["id"].as_str().unwrap()),
        )
    };
    let failure = scene
        .client
        .all(&of("/failures?kind=order"))
        .await
        .remove(0);
    assert_eq!(failure["external_id"], placed[0].to_string());
    let detail = scene
        .client
        .get(&of(&format!("/failures/{}", failure["id"])))
        .await
        .expect(200);
    // Nothing of the buyer is kept.
    let answer = detail["answer"].as_str().unwrap();
    assert!(
        !answer.contains('@') && answer.contains("\"status\""),
        "{answer}"
    );

    woocommerce.change(STORE, shape(false)).unwrap();
    scene.shop.forget_calls();
    let retry = scene
        .client
        .post(&of("/retry"), &json!({}))
        .await
        .expect(201);
    let retry = scene
        .run_ended(&integration, retry["id"].as_str().unwrap())
        .await;
    assert_eq!(
        (
            &retry["status"],
            &retry["orders_read"],
            &retry["retry"]["came_through"]
        ),
        (&json!("success"), &json!(1), &json!(1)),
        "{retry}"
    );
    let requests = scene.shop.server.sandbox().requests();
    assert!(
        requests.iter().all(|one| !one.path.ends_with("/products")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_price_that_was_not_taken_is_previewed_again_and_never_sent_blindly() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let (locked, moved) = (&goods[0], &goods[1]);
    let id = |listing: &Value| -> u64 { listing["external_id"].as_str().unwrap().parse().unwrap() };
    let woocommerce = scene.shop.woocommerce();
    woocommerce
        .change(
            STORE,
            StoreChange::LockListing {
                listing: id(locked),
            },
        )
        .unwrap();
    let push = preview(&scene, table(&[(locked, "55"), (moved, "66")])).await;
    let dearer = StoreChange::UpdateListing {
        listing: id(moved),
        regular_price: Some("77.77".to_owned()),
        sale_price: Some(String::new()),
        sku: None,
        stock: None,
    };
    woocommerce.change(STORE, dearer).unwrap();
    apply(&scene, &push).await;
    assert_eq!(settled(&scene, &push).await["items_failed"], 2);
    let run = scene.newest_run_ended(&integration).await;
    let of = |rest: &str| {
        Scene::at(
            &integration,
            &format!("/syncs/{}{rest}", run["id"].as_str().unwrap()),
        )
    };
    let failures = scene.client.all(&of("/failures")).await;
    assert_eq!(failures.len(), 2, "{failures:?}");
    let refused = failures
        .iter()
        .find(|one| one["external_id"] == json!(id(locked).to_string()))
        .unwrap();
    let detail = scene
        .client
        .get(&of(&format!("/failures/{}", refused["id"])))
        .await
        .expect(200);
    assert!(
        detail["request"].as_str().unwrap().contains("55"),
        "what was asked for: {detail}"
    );

    // A retry of the run sends nothing.
    let nothing = scene.client.post(&of("/retry"), &json!({})).await;
    let problem = nothing.problem(409, "conflict");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("Preview them again"),
        "{problem}"
    );
    let one = json!({ "code": failures.iter().find(|one| one["external_id"] == json!(id(moved).to_string())).unwrap()["code"] });
    let again = scene
        .client
        .post(&of("/preview-prices"), &one)
        .await
        .expect(201);
    assert_eq!(
        (&again["status"], &again["items_planned"]),
        (&json!("preview"), &json!(1)),
        "{again}"
    );
    let item = items(&scene, &again).await.remove(0);
    // From what it costs today to what was wanted.
    assert_eq!(
        (minor(&item["old_price"]), minor(&item["new_price"])),
        (7_777, 6_600),
        "{item}"
    );
    apply(&scene, &again).await;
    assert_eq!(settled(&scene, &again).await["items_observed"], 1);
    scene.newest_run_ended(&integration).await;
    let left = scene.client.all(&of("/failures")).await;
    let state = |of: u64| {
        left.iter()
            .find(|one| one["external_id"] == json!(of.to_string()))
            .unwrap()["state"]
            .clone()
    };
    assert_eq!(
        (state(id(moved)), state(id(locked))),
        (json!("resolved"), json!("open"))
    );
}
