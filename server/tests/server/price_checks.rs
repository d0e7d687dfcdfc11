//! Previews that a platform is asked about before they are applied.

use calibr_sandbox::{
    Fault, FaultKind,
    amazon::{ListingChange, SellerSettings},
};
use serde_json::{Value, json};

use crate::support::{
    Client, Scene,
    goods::{apply, items, listings, minor, preview, pushes, settled, table, unique},
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, SELLER, seller_form, store_form,
        usual_seller, usual_store,
    },
    until,
};

/// A seller on Amazon that is connected, its first sync done.
async fn seller(settings: SellerSettings) -> (Scene, Vec<Value>) {
    let scene = Scene::of_platforms(settings, usual_store(1)).await;
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let goods = unique(listings(&scene, &integration).await);
    (scene, goods)
}

fn at(push: &Value, rest: &str) -> String {
    pushes(&format!("/{}{rest}", push["id"].as_str().unwrap()))
}

async fn check(scene: &Scene, push: &Value) -> Value {
    let path = at(push, "/check");
    scene.client.post(&path, &json!({})).await.expect(202)
}

/// Waits until the check of a push is in this state, and gives the push.
async fn check_is(scene: &Scene, push: &Value, status: &str) -> Value {
    until(&format!("the check is {status}"), async || {
        let push = scene.client.get(&at(push, "")).await.expect(200);
        (push["checks"][0]["status"] == status).then_some(push)
    })
    .await
}

/// How many prices Amazon was asked about, and how many were sent to be set.
fn tried_and_sent(scene: &Scene) -> (u64, u64) {
    let counters = scene.shop.amazon().counters(SELLER).unwrap();
    (counters.prices_tried, counters.prices_sent)
}

fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// A preview of every one of these a cent dearer.
async fn dearer(scene: &Scene, goods: &[Value]) -> Value {
    let prices: Vec<String> = goods
        .iter()
        .map(|one| decimal(minor(&one["price"]) + 1))
        .collect();
    let lines: Vec<(&Value, &str)> = goods
        .iter()
        .zip(&prices)
        .map(|(one, price)| (one, price.as_str()))
        .collect();
    preview(scene, table(&lines)).await
}

/// A preview of four prices of which Amazon would take the first, refuse the
/// second and the third, and take the fourth with a remark.
async fn mixed(scene: &Scene, goods: &[Value]) -> Value {
    let of = |place: usize, factor: i64, divisor: i64| {
        decimal(minor(&goods[place]["price"]) * factor / divisor)
    };
    let deleted = goods[2]["external_id"].as_str().unwrap().to_owned();
    let (near, high, gone, low) = (of(0, 11, 10), of(1, 6, 1), of(2, 11, 10), of(3, 1, 3));
    let push = preview(
        scene,
        table(&[
            (&goods[0], &near),
            (&goods[1], &high),
            (&goods[2], &gone),
            (&goods[3], &low),
        ]),
    )
    .await;
    let delete = ListingChange::Delete { sku: deleted };
    scene.shop.amazon().change(SELLER, delete).unwrap();
    push
}

#[tokio::test]
async fn amazon_says_what_it_would_make_of_each_price_and_nothing_changes() {
    let (scene, goods) = seller(usual_seller(12)).await;
    let push = mixed(&scene, &goods).await;
    let before = scene.shop.seller_truth();
    let asked = check(&scene, &push).await;
    assert_eq!(asked["checks"][0]["items_total"], 4, "{asked}");
    let done = check_is(&scene, &push, "done").await;
    let checked = &done["checks"][0];
    assert_eq!(
        (
            &checked["items_tried"],
            &checked["items_accepted"],
            &checked["items_refused"]
        ),
        (&json!(4), &json!(2), &json!(2)),
        "{done}"
    );
    let trials: Vec<Value> = items(&scene, &push)
        .await
        .into_iter()
        .map(|item| {
            assert_eq!(item["status"], "planned", "{item}");
            item["trial"].clone()
        })
        .collect();
    let says = |place: usize, words: &str| {
        let message = trials[place]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    };
    let results: Vec<&Value> = trials.iter().map(|trial| &trial["result"]).collect();
    assert_eq!(results, ["accepted", "refused", "refused", "accepted"]);
    assert_eq!(trials[0]["message"], Value::Null);
    assert_eq!(trials[1]["code"], "price_refused");
    says(1, "Error 18320: Potential pricing error");
    says(2, "there is no such listing");
    says(3, "Warning 99022");
    let refused = scene
        .client
        .get(&at(&push, "/items?trial=refused"))
        .await
        .expect(200);
    assert_eq!(refused["items"].as_array().unwrap().len(), 2);

    scene.shop.advance(chrono::TimeDelta::hours(1));
    assert_eq!(scene.shop.seller_truth(), before);
    assert_eq!(tried_and_sent(&scene), (4, 0));

    // What was refused is left out, and says so; the rest is sent.
    let applied = apply(&scene, &push).await;
    assert_eq!(
        (&applied["items_planned"], &applied["items_refused"]),
        (&json!(2), &json!(2)),
        "{applied}"
    );
    settled(&scene, &push).await;
    let lines = items(&scene, &push).await;
    assert_eq!(lines[1]["code"], "refused_in_trial", "{}", lines[1]);
    assert_eq!(tried_and_sent(&scene), (4, 2));
}

#[tokio::test]
async fn what_was_refused_in_the_trial_is_sent_where_a_person_wants_it() {
    let (scene, goods) = seller(usual_seller(12)).await;
    let push = mixed(&scene, &goods).await;
    check(&scene, &push).await;
    check_is(&scene, &push, "done").await;
    let all = json!({ "hash": push["hash"], "send_refused": true });
    let path = at(&push, "/apply");
    let applied = scene.client.post(&path, &all).await.expect(202);
    assert_eq!(applied["items_planned"], 4, "{applied}");
    let done = settled(&scene, &push).await;
    // One of the listings is gone from Amazon: that is seen before it is sent.
    assert_eq!(done["items_failed"], 1, "{done}");
    assert_eq!(tried_and_sent(&scene), (4, 3));
}

#[tokio::test]
async fn where_everything_was_refused_nothing_is_applied() {
    let (scene, goods) = seller(usual_seller(12)).await;
    let absurd = decimal(minor(&goods[0]["price"]) * 7);
    let push = preview(&scene, table(&[(&goods[0], &absurd)])).await;
    check(&scene, &push).await;
    check_is(&scene, &push, "done").await;
    let hash = json!({ "hash": push["hash"] });
    let problem = scene
        .client
        .post(&at(&push, "/apply"), &hash)
        .await
        .problem(409, "conflict");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("refused in the trial"), "{detail}");
    assert_eq!(tried_and_sent(&scene), (1, 0));
}

#[tokio::test]
async fn a_check_keeps_to_the_published_rate_and_can_be_stopped() {
    let settings = SellerSettings {
        faster: 1.0,
        ..usual_seller(60)
    };
    let (scene, goods) = seller(settings).await;
    let push = dearer(&scene, &goods).await;
    let asked = check(&scene, &push).await;
    let all = asked["checks"][0]["items_total"].as_i64().unwrap();
    assert!(all > 40, "{asked}");
    let some = until("some prices were checked", async || {
        let push = scene.client.get(&at(&push, "")).await.expect(200);
        let tried = push["checks"][0]["items_tried"].as_i64().unwrap();
        (tried > 0).then_some(push)
    })
    .await;
    assert_eq!(some["checks"][0]["status"], "checking", "{some}");
    // Asked for again while it goes on, it goes on.
    let again = check(&scene, &push).await;
    assert_ne!(again["checks"][0]["items_tried"], 0, "{again}");
    let stopped = scene.client.delete(&at(&push, "/check")).await.expect(200);
    assert_eq!(stopped["checks"][0]["status"], "cancelled", "{stopped}");
    scene
        .client
        .delete(&at(&push, "/check"))
        .await
        .problem(409, "conflict");
    let tried = stopped["checks"][0]["items_tried"].as_i64().unwrap();
    assert!(tried < all, "{stopped}");
    let counters = scene.shop.amazon().counters(SELLER).unwrap();
    assert!(!counters.exceeded, "{counters:?}");
    assert_eq!(counters.prices_sent, 0);
}

#[tokio::test]
async fn a_check_ends_when_its_preview_is_applied_or_thrown_away() {
    let (scene, goods) = seller(usual_seller(12)).await;
    let slow = Fault::once(FaultKind::Slow {
        delay_milliseconds: 2_000,
    });
    for ending in ["applied", "discarded"] {
        let push = dearer(&scene, &goods[..6]).await;
        let delay = slow.clone().of_operation("patchListingsItem").times(1_000);
        scene.shop.amazon().add_fault(SELLER, delay).unwrap();
        let before = tried_and_sent(&scene).0;
        check(&scene, &push).await;
        until("Amazon is being asked", async || {
            (tried_and_sent(&scene).0 > before).then_some(())
        })
        .await;
        if ending == "applied" {
            apply(&scene, &push).await;
        } else {
            scene.client.delete(&at(&push, "")).await.expect(200);
        }
        scene.shop.amazon().clear_faults(SELLER).unwrap();
        let over = check_is(&scene, &push, "cancelled").await;
        assert_eq!(over["checks"][0]["items_tried"], 0, "{over}");
        if ending == "applied" {
            settled(&scene, &push).await;
        }
        for item in items(&scene, &push).await {
            assert_eq!(item["trial"], Value::Null, "{item}");
        }
    }
}

#[tokio::test]
async fn a_killed_console_goes_on_with_a_check() {
    let (scene, goods) = seller(usual_seller(60)).await;
    let push = dearer(&scene, &goods).await;
    let slow = Fault::once(FaultKind::Slow {
        delay_milliseconds: 700,
    });
    let slow = slow.of_operation("patchListingsItem").times(1_000);
    scene.shop.amazon().add_fault(SELLER, slow).unwrap();
    let asked = check(&scene, &push).await;
    let all = asked["checks"][0]["items_total"].clone();
    check_is(&scene, &push, "checking").await;
    let scene = scene.killed_and_started_again().await;
    scene.shop.amazon().clear_faults(SELLER).unwrap();
    let done = check_is(&scene, &push, "done").await;
    let checked = &done["checks"][0];
    assert_eq!(
        (&checked["items_tried"], &checked["items_accepted"]),
        (&all, &all),
        "{done}"
    );
    for item in items(&scene, &push).await {
        assert_eq!(item["trial"]["result"], "accepted", "{item}");
    }
    assert_eq!(tried_and_sent(&scene).1, 0);
}

#[tokio::test]
async fn a_platform_that_is_away_is_waited_for_and_one_that_shuts_us_out_says_so() {
    let (scene, goods) = seller(usual_seller(12)).await;
    let push = dearer(&scene, &goods[..3]).await;
    let away = Fault::once(FaultKind::ServerError { status: 503 });
    let away = away.of_operation("patchListingsItem").with_probability(1.0);
    scene.shop.amazon().add_fault(SELLER, away).unwrap();
    check(&scene, &push).await;
    until("it says why it waits", async || {
        let push = scene.client.get(&at(&push, "")).await.expect(200);
        push["checks"][0]["error"].is_string().then_some(())
    })
    .await;
    scene.shop.amazon().clear_faults(SELLER).unwrap();
    let done = check_is(&scene, &push, "done").await;
    assert_eq!(done["checks"][0]["items_accepted"], 3, "{done}");
    assert_eq!(done["checks"][0]["error"], Value::Null, "{done}");

    scene.shop.amazon().revoke_tokens(SELLER).unwrap();
    check(&scene, &push).await;
    let failed = check_is(&scene, &push, "failed").await;
    let error = failed["checks"][0]["error"].as_str().unwrap();
    assert!(!error.is_empty(), "{failed}");
    assert_eq!(failed["checks"][0]["items_refused"], 0, "{failed}");
}

#[tokio::test]
async fn only_what_a_platform_can_check_is_checked_and_only_by_editors() {
    let scene = Scene::of_platforms(usual_seller(12), usual_store(40)).await;
    let platforms = scene.client.get("/api/platforms").await.expect(200);
    let platforms = platforms["items"].as_array().unwrap();
    let can = |capability: &str| -> Vec<&str> {
        platforms
            .iter()
            .filter(|one| {
                let all = one["capabilities"].as_array().unwrap();
                all.contains(&json!(capability))
            })
            .map(|one| one["id"].as_str().unwrap())
            .collect()
    };
    assert_eq!(can("dry_run"), ["amazon"]);
    assert_eq!(can("compare_at"), ["shopify", "woocommerce"]);
    let store = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let store = scene.connect_by(&store).await;
    scene.newest_run_ended(&store).await;
    let of_the_store = unique(listings(&scene, &store).await);
    let plain = dearer(&scene, &of_the_store[..2]).await;
    let problem = scene
        .client
        .post(&at(&plain, "/check"), &json!({}))
        .await
        .problem(409, "conflict");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("None of the platforms"), "{detail}");

    let amazon = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    scene.newest_run_ended(&amazon).await;
    let of_amazon = unique(listings(&scene, &amazon).await);
    // Both stores list it.
    let push = dearer(&scene, &of_amazon[..1]).await;
    assert_eq!(push["items_planned"], 2, "{push}");
    check(&scene, &push).await;
    let done = check_is(&scene, &push, "done").await;
    assert_eq!(done["checks"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!(done["checks"][0]["integration_id"], json!(amazon));
    for line in items(&scene, &push).await {
        let result = match line["integration_id"] == json!(amazon) {
            true => json!("accepted"),
            false => Value::Null,
        };
        assert_eq!(line["trial"]["result"], result, "{line}");
    }

    // Amazon makes struck-through prices by itself: that is told beforehand, and
    // of its listing alone.
    let sku = of_amazon[1]["sku"].as_str().unwrap();
    let table = json!({ "table": format!("{sku};10.00;999.00") });
    let struck = preview(&scene, table).await;
    assert_eq!(
        (&struck["items_planned"], &struck["items_refused"]),
        (&json!(1), &json!(1)),
        "{struck}"
    );
    let lines = items(&scene, &struck).await;
    let refused = lines
        .iter()
        .find(|line| line["status"] == "refused")
        .unwrap();
    assert_eq!(
        (&refused["integration_id"], &refused["code"]),
        (&json!(amazon), &json!("compare_at_unsupported")),
        "{refused}"
    );
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.starts_with("Amazon takes no struck-through price"),
        "{message}"
    );

    scene
        .database
        .run("UPDATE memberships SET role = 'viewer'")
        .await;
    for answer in [
        scene.client.post(&at(&push, "/check"), &json!({})).await,
        scene.client.delete(&at(&push, "/check")).await,
    ] {
        answer.problem(403, "forbidden");
    }
    let elsewhere = Client::in_project("price-pushes/0190d7a0-0000-7000-8000-000000000000/check");
    scene
        .client
        .post(&elsewhere, &json!({}))
        .await
        .problem(403, "forbidden");
}
