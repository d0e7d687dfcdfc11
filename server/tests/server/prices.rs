//! Prices: looked at, applied, sent, read back, taken back.

use calibr_sandbox::{Fault, FaultKind, shopify::Change, woocommerce::StoreChange};
use serde_json::{Value, json};

use crate::support::{
    Client, SHOP, Scene, TOKEN,
    goods::{apply, items, listings, minor, preview, pushes, settled, table, unique, woo},
    platforms::{REFRESH_TOKEN, STORE, seller_form, usual_seller, usual_store},
    usual_shop,
};

/// What the store really asks for a listing.
fn price_at_the_store(scene: &Scene, listing: &Value) -> Option<String> {
    let id = listing["external_id"].as_str().unwrap();
    scene.shop.store_truth().get(id).unwrap().0.clone()
}

#[tokio::test]
async fn what_was_looked_at_is_sent_read_back_and_taken_back() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let (one, other) = (&goods[0], &goods[1]);
    let before = minor(&one["price"]);
    let same = format!(
        "{}.{:02}",
        minor(&other["price"]) / 100,
        minor(&other["price"]) % 100
    );
    let mut lines = table(&[(one, "123,45"), (other, &same)]);
    let text = format!(
        "{}\nNO-SUCH-SKU;5\n{};\n",
        lines["table"].as_str().unwrap(),
        one["sku"].as_str().unwrap()
    );
    lines["table"] = json!(text);

    let push = preview(&scene, lines).await;
    assert_eq!(push["status"], "preview", "{push}");
    assert_eq!(
        (
            &push["items_planned"],
            &push["items_same"],
            &push["items_refused"]
        ),
        (&json!(1), &json!(1), &json!(2)),
        "{push}"
    );
    let diff = items(&scene, &push).await;
    assert_eq!(
        (minor(&diff[0]["old_price"]), minor(&diff[0]["new_price"])),
        (before, 12_345)
    );
    let codes: Vec<&Value> = diff.iter().map(|item| &item["code"]).collect();
    assert_eq!(
        codes,
        [
            &Value::Null,
            &Value::Null,
            &json!("unknown_listing"),
            &json!("price_missing")
        ]
    );
    assert_eq!((&diff[2]["line"], &diff[3]["line"]), (&json!(3), &json!(4)));
    assert_ne!(
        price_at_the_store(&scene, one).as_deref(),
        Some("123.45"),
        "nothing is sent yet"
    );

    let applied = apply(&scene, &push).await;
    assert!(["queued", "pushing", "done"].contains(&applied["status"].as_str().unwrap()));
    let done = settled(&scene, &push).await;
    assert_eq!(
        (&done["status"], &done["items_observed"]),
        (&json!("done"), &json!(1)),
        "{done}"
    );
    assert_eq!(price_at_the_store(&scene, one).as_deref(), Some("123.45"));
    assert_eq!(items(&scene, &push).await[0]["status"], "observed");
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(
        (&run["type"], &run["status"], &run["prices_pushed"]),
        (&json!("prices"), &json!("success"), &json!(1)),
        "{run}"
    );

    let listing = one["id"].as_str().unwrap();
    let path = |rest: &str| Client::in_project(&format!("listings/{listing}/{rest}"));
    let ledger = scene.client.get(&path("price")).await.expect(200)["ledger"].clone();
    for step in ["desired", "sent", "accepted", "observed"] {
        assert_eq!(minor(&ledger[step]["price"]), 12_345, "{step}: {ledger}");
        assert!(ledger[step]["at"].is_string());
    }
    assert_eq!(ledger["drifted"], false);
    let changes = scene.client.get(&path("price-changes")).await.expect(200);
    let change = &changes["items"][0];
    assert_eq!(changes["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            minor(&change["old_price"]),
            minor(&change["new_price"]),
            &change["source"],
            &change["reason"]
        ),
        (before, 12_345, &json!("push"), &json!("Autumn sale"))
    );

    // Applied twice, or under another hash, nothing happens.
    let again = pushes(&format!("/{}/apply", push["id"].as_str().unwrap()));
    scene
        .client
        .post(&again, &json!({ "hash": push["hash"] }))
        .await
        .problem(409, "conflict");

    // The next sync finds it as it is, and writes no second change.
    let run = scene.sync(&integration, "full").await;
    assert_eq!(run["status"], "success", "{run}");
    let changes = scene.client.get(&path("price-changes")).await.expect(200);
    assert_eq!(changes["items"].as_array().unwrap().len(), 1);

    let revert = pushes(&format!("/{}/revert", push["id"].as_str().unwrap()));
    let back = scene.client.post(&revert, &json!({})).await.expect(201);
    assert_eq!(
        (&back["reverts"], &back["items_planned"]),
        (&push["id"], &json!(1)),
        "{back}"
    );
    apply(&scene, &back).await;
    assert_eq!(settled(&scene, &back).await["status"], "done");
    let shown = format!("{}.{:02}", before / 100, before % 100);
    assert_eq!(price_at_the_store(&scene, one), Some(shown));
    let changes = scene.client.get(&path("price-changes")).await.expect(200);
    assert_eq!(changes["items"][0]["source"], "revert");
}

#[tokio::test]
async fn a_price_that_moved_since_the_preview_is_not_overwritten() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let (moved, still) = (&goods[0], &goods[1]);
    let push = preview(&scene, table(&[(moved, "55"), (still, "66")])).await;
    let change = StoreChange::UpdateListing {
        listing: moved["external_id"].as_str().unwrap().parse().unwrap(),
        regular_price: Some("77.77".to_owned()),
        sale_price: Some(String::new()),
        sku: None,
        stock: None,
    };
    scene.shop.woocommerce().change(STORE, change).unwrap();
    apply(&scene, &push).await;
    let done = settled(&scene, &push).await;
    assert_eq!(
        (
            &done["status"],
            &done["items_observed"],
            &done["items_failed"]
        ),
        (&json!("partial"), &json!(1), &json!(1)),
        "{done}"
    );
    let failed = items(&scene, &push).await.remove(0);
    assert_eq!(
        (&failed["status"], &failed["code"]),
        (&json!("failed"), &json!("price_moved"))
    );
    let message = failed["message"].as_str().unwrap();
    assert!(message.contains("€77.77"), "{message}");
    assert_eq!(price_at_the_store(&scene, moved).as_deref(), Some("77.77"));
    assert_eq!(price_at_the_store(&scene, still).as_deref(), Some("66.00"));
    // What the look at the store found is kept as a change of the store's own.
    let path = Client::in_project(&format!(
        "listings/{}/price-changes",
        moved["id"].as_str().unwrap()
    ));
    let changes = scene.client.get(&path).await.expect(200);
    assert_eq!(changes["items"][0]["source"], "platform");

    // Where the console knows that prices moved, nothing at all is sent.
    let push = preview(&scene, table(&[(moved, "55"), (still, "67")])).await;
    let change = StoreChange::UpdateListing {
        listing: still["external_id"].as_str().unwrap().parse().unwrap(),
        regular_price: Some("88".to_owned()),
        sale_price: Some(String::new()),
        sku: None,
        stock: None,
    };
    scene.shop.woocommerce().change(STORE, change).unwrap();
    scene.sync(&integration, "full").await;
    let path = pushes(&format!("/{}/apply", push["id"].as_str().unwrap()));
    let problem = scene
        .client
        .post(&path, &json!({ "hash": push["hash"] }))
        .await
        .problem(409, "conflict");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("1 price has moved"),
        "{problem}"
    );
    assert_eq!(price_at_the_store(&scene, moved).as_deref(), Some("77.77"));
}

#[tokio::test]
async fn one_price_is_set_and_bounds_are_kept() {
    let (scene, integration) = woo().await;
    let one = unique(listings(&scene, &integration).await).remove(0);
    let path = Client::in_project(&format!("listings/{}/price", one["id"].as_str().unwrap()));
    let euros = |amount: i64| json!({ "amount_minor": amount, "currency": "EUR" });
    let old = minor(&one["price"]);

    let bounds = json!({ "currency": "EUR", "floor_minor": 100, "ceiling_minor": null, "max_change_bp": 2000 });
    let guardrails = Client::in_project("price-guardrails");
    scene.client.put(&guardrails, &bounds).await.expect(200);
    for (wanted, words) in [
        (euros(0), "not above zero"),
        (euros(-5), "not above zero"),
        (euros(99), "below the project's floor"),
        (euros(old * 2), "more than 20 per cent"),
        (
            json!({ "amount_minor": old + 1, "currency": "USD" }),
            "are in EUR, not in USD",
        ),
    ] {
        let answer = scene.client.put(&path, &json!({ "price": wanted })).await;
        let problem = answer.problem(422, "invalid");
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
    }
    let body = json!({ "price": euros(old + 7), "expected": euros(old - 1) });
    scene
        .client
        .put(&path, &body)
        .await
        .problem(409, "conflict");

    let body = json!({ "price": euros(old + 7), "expected": euros(old), "reason": "Supplier" });
    let push = scene.client.put(&path, &body).await.expect(202);
    assert_eq!(settled(&scene, &push).await["status"], "done");
    let shown = format!("{}.{:02}", (old + 7) / 100, (old + 7) % 100);
    assert_eq!(price_at_the_store(&scene, &one), Some(shown));
}

#[tokio::test]
async fn shopify_takes_the_prices_it_can_and_says_why_not_the_others() {
    let scene = Scene::of(usual_shop(60)).await;
    scene.give_token("shpat_prices", "write_products,read_orders");
    let mut form = Scene::form(SHOP, TOKEN);
    form["credentials"]["access_token"] = json!("shpat_prices");
    let integration = scene.connect_by(&form).await;
    scene.newest_run_ended(&integration).await;
    let goods = unique(listings(&scene, &integration).await);
    let (one, locked) = (&goods[0], &goods[1]);
    let id = locked["external_id"].as_str().unwrap();
    let variant = if id.starts_with("gid:") {
        id.to_owned()
    } else {
        format!("gid://shopify/ProductVariant/{id}")
    };
    scene.shop.change(Change::LockVariant { variant });
    let push = preview(&scene, table(&[(one, "19.90"), (locked, "29.90")])).await;
    apply(&scene, &push).await;
    let done = settled(&scene, &push).await;
    assert_eq!(
        (&done["items_observed"], &done["items_failed"]),
        (&json!(1), &json!(1)),
        "{done} {:?}",
        items(&scene, &push).await
    );
    let failed = items(&scene, &push).await.remove(1);
    assert_eq!(failed["status"], "failed", "{failed}");
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(
        (&run["status"], &run["items_failed"]),
        (&json!("partial"), &json!(1)),
        "{run}"
    );
}

#[tokio::test]
async fn a_store_that_is_away_gets_its_prices_when_it_is_back() {
    let (scene, integration) = woo().await;
    let one = unique(listings(&scene, &integration).await).remove(0);
    let push = preview(&scene, table(&[(&one, "45.60")])).await;
    scene
        .shop
        .woocommerce()
        .add_fault(
            STORE,
            Fault::once(FaultKind::ServerError { status: 503 }).times(6),
        )
        .unwrap();
    apply(&scene, &push).await;
    let done = settled(&scene, &push).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(price_at_the_store(&scene, &one).as_deref(), Some("45.60"));
    assert_eq!(
        scene.newest_run_ended(&integration).await["status"],
        "success"
    );
}

#[tokio::test]
async fn a_killed_console_sends_each_price_once_and_tells_the_truth() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let wanted: Vec<(&Value, &str)> = goods.iter().take(8).map(|one| (one, "31.30")).collect();
    let push = preview(&scene, table(&wanted)).await;
    let slow = Fault::once(FaultKind::Slow {
        delay_milliseconds: 3_000,
    })
    .times(1_000);
    scene.shop.woocommerce().add_fault(STORE, slow).unwrap();
    apply(&scene, &push).await;
    scene
        .run_reaches(
            &integration,
            scene.newest_run(&integration).await["id"].as_str().unwrap(),
            "push_prices",
        )
        .await;
    let scene = scene.killed_and_started_again().await;
    scene.shop.woocommerce().clear_faults(STORE).unwrap();
    let done = settled(&scene, &push).await;
    assert_eq!(
        (&done["status"], &done["items_observed"]),
        (&json!("done"), &json!(8)),
        "{done}"
    );
    for (one, _) in wanted {
        assert_eq!(price_at_the_store(&scene, one).as_deref(), Some("31.30"));
        let path = Client::in_project(&format!(
            "listings/{}/price-changes",
            one["id"].as_str().unwrap()
        ));
        let changes = scene.client.get(&path).await.expect(200);
        let sources: Vec<&Value> = changes["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| &change["source"])
            .collect();
        assert_eq!(sources, [&json!("push")]);
    }
}

#[tokio::test]
async fn a_viewer_looks_and_sets_nothing() {
    let (scene, integration) = woo().await;
    let one = unique(listings(&scene, &integration).await).remove(0);
    let push = preview(&scene, table(&[(&one, "45.60")])).await;
    scene
        .database
        .run("UPDATE memberships SET role = 'viewer'")
        .await;
    let id = push["id"].as_str().unwrap();
    let hash = json!({ "hash": push["hash"] });
    scene
        .client
        .post(&pushes(&format!("/{id}/apply")), &hash)
        .await
        .problem(403, "forbidden");
    let price = json!({ "price": { "amount_minor": 1, "currency": "EUR" } });
    let path = Client::in_project(&format!("listings/{}/price", one["id"].as_str().unwrap()));
    scene
        .client
        .put(&path, &price)
        .await
        .problem(403, "forbidden");
    assert_eq!(items(&scene, &push).await.len(), 1);
}

#[tokio::test]
async fn amazon_takes_prices_and_shows_them_later() {
    let scene = Scene::of_platforms(usual_seller(12), usual_store(1)).await;
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let goods = unique(listings(&scene, &integration).await);
    let push = preview(&scene, table(&[(&goods[0], "41.00"), (&goods[1], "42.00")])).await;
    apply(&scene, &push).await;
    let done = settled(&scene, &push).await;
    assert_eq!(
        (&done["status"], &done["items_accepted"]),
        (&json!("done"), &json!(2)),
        "{done}"
    );
    let waiting = items(&scene, &push).await.remove(0);
    assert_eq!(waiting["status"], "accepted", "{waiting}");
    let message = waiting["message"].as_str().unwrap();
    assert!(message.contains("does not show it yet"), "{message}");

    // Acceptance is not observation: the next sync sees it.
    scene.shop.advance(chrono::TimeDelta::hours(1));
    scene.sync(&integration, "full").await;
    let path = pushes(&format!("/{}", push["id"].as_str().unwrap()));
    let seen = scene.client.get(&path).await.expect(200);
    assert_eq!(
        (&seen["items_observed"], &seen["items_accepted"]),
        (&json!(2), &json!(0)),
        "{seen}"
    );
    let changes = Client::in_project(&format!(
        "listings/{}/price-changes",
        goods[0]["id"].as_str().unwrap()
    ));
    let changes = scene.client.get(&changes).await.expect(200);
    assert_eq!(changes["items"].as_array().unwrap().len(), 1, "{changes}");
    assert_eq!(changes["items"][0]["source"], "push", "{changes}");
    let id = goods[0]["external_id"].as_str().unwrap();
    let there = scene.shop.seller_truth().get(id).unwrap().0.clone();
    assert_eq!(there.as_deref(), Some("41.00"));
}
