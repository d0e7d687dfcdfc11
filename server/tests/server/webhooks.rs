//! What happens at a store is in the console within seconds, because the store says so.

use calibr_sandbox::{Fault, FaultKind, shopify::Change, woocommerce::StoreChange};
use serde_json::{Value, json};

use crate::support::{Client, Launch, Outlet, SHOP, Shop, free_port, fresh_database, until};

/// What is wanted of a store.
const TOPICS: usize = 8;

async fn runs_by_webhook(outlet: &Outlet, integration: &str) -> Vec<Value> {
    let runs = outlet.runs(integration).await;
    let by_webhook = |run: &Value| run["trigger"] == "webhook";
    runs.into_iter().filter(by_webhook).collect()
}

fn actives(webhooks: &Value) -> usize {
    let all = webhooks["subscriptions"].as_array().unwrap();
    all.iter().filter(|one| one["state"] == "active").count()
}

#[tokio::test]
async fn changes_deletions_and_orders_arrive_without_anybody_asking() {
    let (outlet, integration) = Outlet::connected(60).await;
    let webhooks = outlet.webhooks(&integration).await;
    assert_eq!(actives(&webhooks), TOPICS, "{webhooks}");
    assert_eq!(webhooks["notice"], Value::Null);
    assert!(
        webhooks["address"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/api/webhooks/woocommerce/{integration}"))
    );
    assert_eq!(
        outlet.runs(&integration).await.len(),
        1,
        "subscribed before the first import read: nothing was missed"
    );

    let truth = outlet.truth();
    let (listing, product, _) = truth[20].clone();
    outlet.reprice(listing, "123.45");
    outlet.is_in_step().await;
    let delivery = outlet
        .logged(&integration, "the change is in the log", |one| {
            one["topic"] == "product.updated" && one["state"] == "done"
        })
        .await;
    assert_eq!(delivery["signature"], "valid");
    assert_eq!(delivery["effect"], "sync_queued");
    assert_eq!(
        delivery["means"],
        json!({ "kind": "catalogue_changed", "external_id": product.to_string() })
    );
    let id = delivery["id"].as_str().unwrap();
    let path = Outlet::at(&integration, &format!("/webhooks/deliveries/{id}"));
    let detail = outlet.client.get(&path).await.expect(200);
    assert!(
        detail["payload"]
            .as_str()
            .unwrap()
            .contains("regular_price")
    );
    let run = outlet.quiet(&integration).await;
    assert_eq!(
        (&run["trigger"], &run["type"], &run["id"]),
        (
            &json!("webhook"),
            &json!("incremental"),
            &delivery["run_id"]
        )
    );

    outlet.change(StoreChange::PlaceOrder {
        lines: vec![(listing, 3)],
        status: None,
    });
    let sold = "SELECT count(*) FROM order_lines WHERE quantity = 3";
    until("the order is here", async || {
        (outlet.database.number(sold).await == 1).then_some(())
    })
    .await;
    let delivery = outlet
        .logged(&integration, "the order is in the log", |one| {
            one["topic"] == "order.created" && one["state"] == "done"
        })
        .await;
    assert_eq!(delivery["means"]["kind"], "orders_changed");
    let kept =
        "SELECT count(*) FROM webhook_deliveries WHERE topic LIKE 'order%' AND payload IS NOT NULL";
    assert_eq!(outlet.database.number(kept).await, 0, "people are not kept");
    outlet.quiet(&integration).await;

    let of_product = truth.iter().filter(|one| one.1 == product).count();
    outlet.change(StoreChange::DeleteProduct { product });
    outlet.is_in_step().await;
    outlet.quiet(&integration).await;
    outlet.is_in_step().await;
    let view = outlet
        .client
        .get(&Outlet::at(&integration, ""))
        .await
        .expect(200);
    assert_eq!(view["item_count"], 60 - of_product);
    let delivery = outlet
        .logged(&integration, "the deletion is in the log", |one| {
            one["topic"] == "product.deleted"
        })
        .await;
    assert_eq!(delivery["effect"], "removed");
    let webhooks = outlet.webhooks(&integration).await;
    let last = webhooks["subscriptions"].as_array().unwrap();
    let last = last.iter().filter(|one| !one["last_delivery_at"].is_null());
    assert_eq!(last.count(), 3, "{webhooks}");
}

#[tokio::test]
async fn a_message_that_comes_again_or_is_long_past_does_nothing() {
    let (outlet, integration) = Outlet::connected(10).await;
    let body = r#"{"id":7,"parent_id":0}"#;
    let send = async |id: &str, body: &str| {
        let answer = outlet.send(&integration, "product.updated", id, body).await;
        answer.status
    };
    assert_eq!(send("one", body).await, 200);
    outlet.quiet(&integration).await;
    assert_eq!(runs_by_webhook(&outlet, &integration).await.len(), 1);
    assert_eq!(send("one", body).await, 200);
    assert_eq!(send("one", body).await, 200);
    let old = r#"{"id":7,"date_modified_gmt":"2020-01-01T00:00:00"}"#;
    assert_eq!(send("old", old).await, 200);
    outlet.quiet(&integration).await;
    assert_eq!(runs_by_webhook(&outlet, &integration).await.len(), 1);

    let states: Vec<String> = outlet
        .log(&integration)
        .await
        .iter()
        .map(|one| one["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["refused", "duplicate", "duplicate", "done"]);
    let webhooks = outlet.webhooks(&integration).await;
    assert_eq!(webhooks["duplicates_last_day"], 2);
    assert_eq!(webhooks["refused_last_day"], 1);

    // A person may have it done again.
    let first = outlet.log(&integration).await.swap_remove(3);
    let path = format!(
        "/webhooks/deliveries/{}/redeliver",
        first["id"].as_str().unwrap()
    );
    let path = Outlet::at(&integration, &path);
    let again = outlet.client.post(&path, &json!({})).await.expect(201);
    assert_eq!(again["replay_of"], first["id"]);
    outlet.quiet(&integration).await;
    assert_eq!(runs_by_webhook(&outlet, &integration).await.len(), 2);
    let refused = outlet.log(&integration).await.swap_remove(1);
    assert_eq!(refused["state"], "refused");
    let path = format!(
        "/webhooks/deliveries/{}/redeliver",
        refused["id"].as_str().unwrap()
    );
    let path = Outlet::at(&integration, &path);
    let answer = outlet.client.post(&path, &json!({})).await;
    answer.problem(409, "conflict");
}

#[tokio::test]
async fn what_is_not_genuine_changes_nothing() {
    let (outlet, integration) = Outlet::connected(10).await;
    let own = format!("/api/webhooks/woocommerce/{integration}");
    let body = r#"{"id":7}"#;
    let signed = |signature: &'static str| {
        [
            ("x-wc-webhook-topic", "product.deleted"),
            ("x-wc-webhook-signature", signature),
        ]
    };
    outlet
        .post(&own, &[], body)
        .await
        .problem(401, "unauthenticated");
    let forged = signed("Zm9yZ2Vk");
    outlet
        .post(&own, &forged, body)
        .await
        .problem(401, "unauthenticated");
    for stranger in [
        format!("/api/webhooks/shopify/{integration}"),
        format!("/api/webhooks/vendure/{integration}"),
        format!("/api/webhooks/nothing/{integration}"),
        "/api/webhooks/woocommerce/0192f0c0-0000-7000-8000-0000000003e9".to_owned(),
        "/api/webhooks/woocommerce/1".to_owned(),
    ] {
        let answer = outlet.post(&stranger, &forged, body).await;
        assert!(
            answer.status == 404 || answer.status == 422,
            "{stranger}: {}",
            answer.text()
        );
    }
    let ping = outlet.post(&own, &[], "webhook_id=12").await;
    assert_eq!(ping.status, 200, "{}", ping.text());
    let cut = r#"{"id":7,"name":"cut of"#;
    let answer = outlet
        .send(&integration, "product.updated", "cut", cut)
        .await;
    answer.problem(400, "malformed");
    let long = format!(r#"{{"id":7,"description":"{}"}}"#, "x".repeat(5 << 20));
    let answer = outlet.post(&own, &forged, &long).await;
    let problem = answer.problem(413, "too-large");
    assert!(problem["detail"].as_str().unwrap().contains("4 MiB"));

    outlet.quiet(&integration).await;
    assert_eq!(outlet.runs(&integration).await.len(), 1);
    outlet.is_in_step().await;
    let log = outlet.log(&integration).await;
    let told: Vec<(&Value, &Value)> = log
        .iter()
        .map(|one| (&one["state"], &one["signature"]))
        .collect();
    let (refused, invalid, valid) = (json!("refused"), json!("invalid"), json!("valid"));
    assert_eq!(
        told,
        [
            (&refused, &valid),
            (&refused, &invalid),
            (&refused, &invalid)
        ]
    );
}

#[tokio::test]
async fn a_burst_of_messages_makes_few_runs() {
    let (outlet, integration) = Outlet::connected(200).await;
    for (number, (listing, ..)) in outlet.truth().into_iter().enumerate() {
        outlet.reprice(listing, &format!("{}.50", number + 1));
    }
    until("every message was taken", async || {
        let sent = outlet.woo().deliveries("outlet").unwrap();
        let told = sent.iter().filter(|one| one.topic == "product.updated");
        let statuses: Vec<_> = told.map(|one| one.status).collect();
        assert!(statuses.iter().all(|status| *status == Some(200)));
        (statuses.len() == 200).then_some(())
    })
    .await;
    outlet.quiet(&integration).await;
    outlet.is_in_step().await;
    let runs = runs_by_webhook(&outlet, &integration).await;
    assert!((1..=10).contains(&runs.len()), "{} runs", runs.len());
    assert!(runs.iter().all(|run| run["status"] == "success"));
}

#[tokio::test]
async fn what_is_told_while_a_run_reads_is_read_by_the_next() {
    let (outlet, integration) = Outlet::connected(30).await;
    let slow = FaultKind::Slow {
        delay_milliseconds: 10_000,
    };
    outlet.fails(Fault::once(slow).of_operation("orders"));
    let path = Outlet::at(&integration, "/syncs");
    let run = outlet.client.post(&path, &json!({})).await.expect(201);
    let path = Outlet::at(
        &integration,
        &format!("/syncs/{}", run["id"].as_str().unwrap()),
    );
    until("the run reads orders", async || {
        let run = outlet.client.get(&path).await.expect(200);
        (run["phase"] == "pull_orders").then_some(())
    })
    .await;
    let (listing, ..) = outlet.truth()[3];
    outlet.reprice(listing, "99.99");
    let delivery = outlet
        .logged(&integration, "the message is handled", |one| {
            one["topic"] == "product.updated" && one["state"] == "done"
        })
        .await;
    assert_eq!(delivery["effect"], "sync_follows", "{delivery}");
    outlet.is_in_step().await;
    let newest = outlet.quiet(&integration).await;
    assert_eq!(newest["trigger"], "webhook");
    assert_eq!(outlet.runs(&integration).await.len(), 3);
}

#[tokio::test]
async fn subscriptions_that_the_store_ended_are_made_anew_and_the_gap_is_read() {
    let (outlet, integration) = Outlet::connected(30).await;
    let ended = outlet.subscriptions("product.updated");
    assert_eq!(ended.len(), 1);
    outlet.disable(ended[0]);
    let (listing, ..) = outlet.truth()[3];
    outlet.reprice(listing, "77.70");
    let log = outlet.log(&integration).await;
    assert_eq!(log, Vec::<Value>::new(), "the store says nothing");

    let time_has_passed =
        "UPDATE integrations SET webhooks_checked_at = now() - interval '16 minutes'";
    outlet.database.run(time_has_passed).await;
    outlet.is_in_step().await;
    outlet.quiet(&integration).await;
    let made = outlet.subscriptions("product.updated");
    assert!(made.len() == 1 && made != ended, "{made:?}");
    assert_eq!(actives(&outlet.webhooks(&integration).await), TOPICS);
    assert_eq!(runs_by_webhook(&outlet, &integration).await.len(), 1);

    // All is well: the next look makes nothing and asks for nothing.
    let looked = "SELECT count(*) FROM integrations WHERE webhooks_checked_at > now() - interval '5 minutes'";
    outlet.database.run(time_has_passed).await;
    until("the guardian has looked", async || {
        (outlet.database.number(looked).await == 1).then_some(())
    })
    .await;
    outlet.reprice(listing, "77.80");
    outlet.is_in_step().await;
    assert_eq!(outlet.subscriptions("product.updated"), made);
}

#[tokio::test]
async fn replicas_and_people_who_look_after_the_same_subscriptions_make_each_once() {
    let (outlet, integration) = Outlet::connected(10).await;
    let other = outlet.launch.start().await;
    let there = other.client();
    there.set_cookie(&outlet.client.cookie().unwrap());
    let path = Outlet::at(&integration, "/webhooks/recreate");
    let (due, nothing) = (
        "UPDATE integrations SET webhooks_checked_at = now() - interval '16 minutes'",
        json!({}),
    );
    for _ in 0..4 {
        outlet.disable(outlet.subscriptions("product.updated")[0]);
        outlet.database.run(due).await;
        let (client, body) = (&outlet.client, &nothing);
        let answers = tokio::join!(
            client.post(&path, body),
            there.post(&path, body),
            client.post(&path, body),
            there.post(&path, body),
        );
        for answer in [answers.0, answers.1, answers.2, answers.3] {
            if answer.status != 200 {
                answer.problem(409, "conflict");
            }
        }
        until("the guardians have looked", async || {
            let waiting = "SELECT count(*) FROM integrations
                           WHERE webhooks_checked_at < now() - interval '15 minutes'
                              OR webhooks_turn_until IS NOT NULL";
            (outlet.database.number(waiting).await == 0).then_some(())
        })
        .await;
    }
    let all = outlet.all_subscriptions();
    assert_eq!(all.len(), TOPICS, "{all:?}");
    let webhooks = outlet.webhooks(&integration).await;
    assert_eq!(actives(&webhooks), TOPICS, "{webhooks}");
    // What was made last is what is believed.
    let (listing, ..) = outlet.truth()[2];
    outlet.reprice(listing, "66.60");
    outlet.is_in_step().await;
    outlet.quiet(&integration).await;
    let log = outlet.log(&integration).await;
    assert!(log.iter().all(|one| one["signature"] == "valid"), "{log:?}");
}

#[tokio::test]
async fn a_viewer_sees_the_webhooks_and_changes_none() {
    let (outlet, integration) = Outlet::connected(10).await;
    let (listing, ..) = outlet.truth()[0];
    outlet.reprice(listing, "12.30");
    let delivery = outlet
        .logged(&integration, "the message", |one| one["state"] == "done")
        .await;
    let delivery = delivery["id"].as_str().unwrap();
    let before = outlet.subscriptions("product.updated");

    let at = |rest: &str| Outlet::at(&integration, &format!("/webhooks{rest}"));
    let one = at(&format!("/deliveries/{delivery}"));
    let again = format!("{one}/redeliver");
    let nothing = json!({});
    outlet
        .database
        .run("UPDATE memberships SET role = 'viewer'")
        .await;
    for path in [&at(""), &at("/deliveries"), &one] {
        outlet.client.get(path).await.expect(200);
    }
    for path in [&at("/recreate"), &again] {
        outlet
            .client
            .post(path, &nothing)
            .await
            .problem(403, "forbidden");
    }
    assert_eq!(outlet.subscriptions("product.updated"), before);

    let nobody = outlet.console.client();
    for path in [&at(""), &at("/deliveries"), &one] {
        nobody.get(path).await.problem(401, "unauthenticated");
    }
    for path in [&at("/recreate"), &again] {
        nobody
            .post(path, &nothing)
            .await
            .problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_disconnected_store_sends_no_more_and_other_subscribers_stay() {
    let (outlet, integration) = Outlet::connected(10).await;
    let foreign = outlet
        .woo()
        .add_webhook("outlet", "product.updated", "http://127.0.0.1:9/elsewhere")
        .unwrap();
    let secret = outlet.subscriptions("product.updated");
    let path = Outlet::at(&integration, "/webhooks/recreate");
    let webhooks = outlet.client.post(&path, &json!({})).await.expect(200);
    assert_eq!(actives(&webhooks), TOPICS, "{webhooks}");
    let remade = outlet.subscriptions("product.updated");
    assert!(remade.contains(&foreign) && remade.len() == 2, "{remade:?}");
    assert!(
        secret
            .iter()
            .all(|id| *id == foreign || !remade.contains(id))
    );
    let (listing, ..) = outlet.truth()[0];
    outlet.reprice(listing, "12.00");
    outlet.is_in_step().await;
    outlet.quiet(&integration).await;

    let gone = outlet.client.delete(&Outlet::at(&integration, "")).await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert_eq!(outlet.subscriptions("product.updated"), [foreign]);
    let own = format!("/api/webhooks/woocommerce/{integration}");
    outlet.post(&own, &[], "{}").await.problem(410, "gone");
    let webhooks = outlet.webhooks(&integration).await;
    assert!(
        webhooks["notice"]
            .as_str()
            .unwrap()
            .contains("disconnected")
    );
    assert_eq!(webhooks["subscriptions"], json!([]));
    let secrets = "SELECT count(*) FROM webhook_secrets";
    assert_eq!(outlet.database.number(secrets).await, 0);

    // Connected again, it has webhooks of its own again.
    assert_eq!(outlet.connect().await, integration);
    outlet.quiet(&integration).await;
    assert_eq!(actives(&outlet.webhooks(&integration).await), TOPICS);
}

#[tokio::test]
async fn a_key_that_may_not_subscribe_is_no_reason_not_to_sync() {
    let outlet = Outlet::open(10).await;
    let refused = FaultKind::ServerError { status: 500 };
    outlet.fails(Fault::once(refused).of_operation("webhooks").times(1_000));
    let integration = outlet.connect().await;
    let run = outlet.quiet(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let webhooks = outlet.webhooks(&integration).await;
    let all = webhooks["subscriptions"].as_array().unwrap();
    assert_eq!(all.len(), TOPICS);
    for one in all {
        assert_eq!(one["state"], "missing");
        assert!(!one["error"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_paused_store_is_read_when_it_goes_on() {
    let (outlet, integration) = Outlet::connected(10).await;
    let hold = async |name: &str| {
        let body = json!({ "project": "acme", "id": integration });
        let answer = outlet.client.post(&format!("/api/fn/{name}"), &body).await;
        answer.expect(200)
    };
    hold("pause_integration").await;
    let (listing, ..) = outlet.truth()[0];
    outlet.reprice(listing, "55.00");
    let delivery = outlet
        .logged(&integration, "the message is handled", |one| {
            one["state"] == "done"
        })
        .await;
    assert_eq!(delivery["effect"], "held_back");
    assert_eq!(outlet.runs(&integration).await.len(), 1);
    hold("resume_integration").await;
    outlet.is_in_step().await;
    assert_eq!(outlet.runs(&integration).await.len(), 2);
}

/// A message of a kind that this store has none of, as another platform's connector would keep it.
const ACCESS_REVOKED: &str = "INSERT INTO webhook_deliveries
    (project_id, id, integration_id, received_at, topic, signature, means, state, size_bytes)
    SELECT project_id, gen_random_uuid(), id, now(), 'app.uninstalled', 'valid',
           '{\"kind\": \"access_revoked\", \"external_id\": null}', 'queued', 2
    FROM integrations";

#[tokio::test]
async fn a_store_that_took_the_access_away_needs_to_be_connected_anew() {
    let (outlet, integration) = Outlet::connected(10).await;
    let handled = async || {
        let touch = format!(
            r#"{{"id":7,"nonce":"{}"}}"#,
            outlet.log(&integration).await.len()
        );
        let answer = outlet.send(&integration, "product.updated", "x", &touch);
        assert_eq!(answer.await.status, 200);
        outlet.quiet(&integration).await;
        let log = outlet.log(&integration).await;
        let told = log.iter().filter(|one| one["topic"] == "app.uninstalled");
        let effects: Vec<Value> = told.map(|one| one["effect"].clone()).collect();
        effects
    };
    outlet.database.run(ACCESS_REVOKED).await;
    assert_eq!(
        handled().await,
        ["access_stands"],
        "it was connected anew since"
    );
    let status = async || {
        let path = Outlet::at(&integration, "");
        outlet.client.get(&path).await.expect(200)["status"].clone()
    };
    assert_eq!(status().await, "connected");

    outlet.database.run(ACCESS_REVOKED).await;
    outlet.woo().revoke_keys("outlet").unwrap();
    let effects = handled().await;
    assert!(effects.contains(&json!("access_revoked")), "{effects:?}");
    assert_eq!(status().await, "expired");
}

#[tokio::test]
async fn a_shop_that_signs_with_the_apps_secret_is_believed_too() {
    let shop = Shop::open(40).await;
    let port = free_port();
    let console = shop
        .known_to(Launch::on_database(&fresh_database().await))
        .variable("REQUESTS_PER_MINUTE", "100000")
        .variable("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
        .start_at(port)
        .await;
    shop.register(&console);
    let client = console.set_up().await;
    let mut events = client.events().await;
    let integration = shop.connect(&client).await;
    events.until_run_ends().await;
    let webhooks = client.get(&Outlet::at(&integration, "/webhooks")).await;
    let webhooks = webhooks.expect(200);
    let wanted = webhooks["subscriptions"].as_array().unwrap().len();
    assert!(wanted > 0 && actives(&webhooks) == wanted, "{webhooks}");

    let variant = shop.shopify().truth(SHOP).unwrap().next().unwrap();
    shop.change(Change::UpdateVariant {
        variant: variant.variant_id,
        price: Some("123.45".to_owned()),
        compare_at_price: None,
        sku: None,
        stock: None,
    });
    until("the price is here", async || {
        let listings = client.all(&Client::in_project("listings")).await;
        let is_it = |one: &&Value| one["price"]["amount_minor"] == 12_345;
        listings.iter().find(is_it).map(|_| ())
    })
    .await;
}
