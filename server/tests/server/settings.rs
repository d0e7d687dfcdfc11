//! What people set of a store, and what the clock makes of it.

use serde_json::{Value, json};

use crate::support::{Client, Outlet, until};

const SECRET: &str = "cs_0000000000000000000000000000000000000002";

async fn settings(outlet: &Outlet, integration: &str) -> Value {
    let path = Outlet::at(integration, "/settings");
    outlet.client.get(&path).await.expect(200)
}

/// Saves settings, by the version that is there.
async fn save(outlet: &Outlet, integration: &str, mut patch: Value) -> Value {
    patch["version"] = settings(outlet, integration).await["version"].clone();
    let path = Outlet::at(integration, "/settings");
    outlet.client.patch(&path, &patch).await.expect(200)
}

/// The runs that the clock started, newest first.
async fn by_the_clock(outlet: &Outlet, integration: &str) -> Vec<Value> {
    let mut runs = outlet.runs(integration).await;
    runs.retain(|run| run["trigger"] == "schedule");
    runs
}

/// Lets the time for the next run have come, an hour ago.
async fn is_due(outlet: &Outlet) {
    let due = "UPDATE integrations SET next_sync_at = now() - interval '1 hour'";
    outlet.database.run(due).await;
}

/// Waits until the scheduler has been there.
async fn was_looked_at(outlet: &Outlet) {
    until("the scheduler has looked", async || {
        let waiting = "SELECT count(*) FROM integrations WHERE next_sync_at < now()";
        (outlet.database.number(waiting).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_save_that_lost_a_race_changes_nothing_and_says_who_was_first() {
    let (outlet, integration) = Outlet::connected(10).await;
    let path = Outlet::at(&integration, "/settings");
    let looked_at = settings(&outlet, &integration).await;
    assert_eq!(looked_at["frequency"], "hourly", "{looked_at}");
    assert!(looked_at["next_sync_at"].is_string(), "{looked_at}");

    let first =
        json!({ "version": looked_at["version"], "frequency": "daily", "daily_at": "02:30" });
    let saved = outlet.client.patch(&path, &first).await.expect(200);
    assert_eq!(saved["daily_at"], "02:30");
    assert_ne!(saved["next_sync_at"], looked_at["next_sync_at"]);
    assert_eq!(saved["saved_by"], "Olivia Owner", "{saved}");

    let second = json!({ "version": looked_at["version"], "sync_products": false });
    let problem = outlet
        .client
        .patch(&path, &second)
        .await
        .problem(409, "conflict");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("Yours were not saved"), "{detail}");
    assert_eq!(settings(&outlet, &integration).await, saved);
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_by_field_and_not_saved() {
    let (outlet, integration) = Outlet::connected(10).await;
    let path = Outlet::at(&integration, "/settings");
    let before = settings(&outlet, &integration).await;
    let wrong = json!({
        "version": before["version"], "name": "",
        "tuning": { "page_size": 0, "calls_per_minute": 1_000_000,
                    "request_timeout_seconds": 1, "ca_pem": "MII" },
    });
    let problem = outlet
        .client
        .patch(&path, &wrong)
        .await
        .problem(422, "invalid");
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "name",
            "tuning.page_size",
            "tuning.calls_per_minute",
            "tuning.request_timeout_seconds",
            "tuning.ca_pem"
        ]
    );
    let not_one = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";
    let unusable = json!({ "version": before["version"], "tuning": { "ca_pem": not_one } });
    let problem = outlet
        .client
        .patch(&path, &unusable)
        .await
        .problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "tuning.ca_pem", "{problem}");
    for body in [
        json!({ "version": before["version"], "frequancy": "daily" }),
        json!({ "version": before["version"], "daily_at": "24:00" }),
        json!({ "frequency": "daily" }),
    ] {
        let answer = outlet.client.patch(&path, &body).await;
        assert!(
            (400..500).contains(&answer.status),
            "{} {body}",
            answer.status
        );
    }
    assert_eq!(settings(&outlet, &integration).await, before);

    outlet
        .database
        .run("UPDATE memberships SET role = 'editor'")
        .await;
    let patch = json!({ "version": before["version"], "name": "Mine" });
    outlet
        .client
        .patch(&path, &patch)
        .await
        .problem(403, "forbidden");
    let credentials = Outlet::at(&integration, "/credentials");
    outlet
        .client
        .put(&credentials, &json!({}))
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn the_clock_starts_one_run_however_many_look_and_however_many_were_missed() {
    let (outlet, integration) = Outlet::connected(20).await;
    let _second = outlet.launch.start().await;
    let _third = outlet.launch.start().await;
    is_due(&outlet).await;
    was_looked_at(&outlet).await;
    outlet.quiet(&integration).await;
    let runs = by_the_clock(&outlet, &integration).await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    // The import read everything a moment ago.
    assert_eq!(runs[0]["type"], "incremental");
    assert_eq!(runs[0]["status"], "success");
    let next = settings(&outlet, &integration).await["next_sync_at"].clone();
    let card = outlet
        .client
        .get(&Outlet::at(&integration, ""))
        .await
        .expect(200);
    assert_eq!(card["next_sync_at"], next, "{card}");

    // A week without a full one: deletions may have been missed.
    let long_ago = "UPDATE integrations SET full_sync_at = now() - interval '8 days'";
    outlet.database.run(long_ago).await;
    is_due(&outlet).await;
    was_looked_at(&outlet).await;
    outlet.quiet(&integration).await;
    let runs = by_the_clock(&outlet, &integration).await;
    assert_eq!((runs.len(), &runs[0]["type"]), (2, &json!("full")));
}

#[tokio::test]
async fn a_clock_that_is_held_back_makes_up_for_what_it_missed_once() {
    let (outlet, integration) = Outlet::connected(20).await;
    let body = json!({ "project": crate::support::PROJECT, "id": integration });
    outlet
        .client
        .post("/api/fn/pause_integration", &body)
        .await
        .expect(200);
    assert_eq!(
        settings(&outlet, &integration).await["next_sync_at"],
        Value::Null
    );
    is_due(&outlet).await;
    outlet
        .client
        .post("/api/fn/resume_integration", &body)
        .await
        .expect(200);
    was_looked_at(&outlet).await;
    outlet.quiet(&integration).await;
    assert_eq!(by_the_clock(&outlet, &integration).await.len(), 1);

    let manual = save(&outlet, &integration, json!({ "frequency": "manual" })).await;
    assert_eq!(manual["next_sync_at"], Value::Null);
    let again = save(&outlet, &integration, json!({ "frequency": "six_hourly" })).await;
    assert!(again["next_sync_at"].is_string(), "{again}");
}

#[tokio::test]
async fn runs_that_nobody_asked_for_leave_the_catalogue_alone_where_that_is_set() {
    let (outlet, integration) = Outlet::connected(20).await;
    save(&outlet, &integration, json!({ "sync_products": false })).await;
    let fresh_as_of = async || {
        let card = outlet
            .client
            .get(&Outlet::at(&integration, ""))
            .await
            .expect(200);
        card["data_fresh_as_of"].clone()
    };
    let before = fresh_as_of().await;
    let (listing, _, price) = outlet.truth().swap_remove(0);
    outlet.reprice(listing, "123.40");
    is_due(&outlet).await;
    was_looked_at(&outlet).await;
    let run = outlet.quiet(&integration).await;
    assert_eq!(
        (&run["status"], &run["items_synced"]),
        (&json!("success"), &json!(0)),
        "{run}"
    );
    let shown = async || {
        let listings = outlet.client.all(&Client::in_project("listings")).await;
        let one = listings
            .into_iter()
            .find(|one| one["external_id"] == json!(listing.to_string()));
        one.unwrap()["price"]["amount_minor"].as_i64()
    };
    assert_eq!(shown().await, price.replace('.', "").parse().ok());
    assert_eq!(fresh_as_of().await, before, "nothing newer is here");

    // A person who asks gets what is there.
    let syncs = Outlet::at(&integration, "/syncs");
    outlet
        .client
        .post(&syncs, &json!({ "type": "incremental" }))
        .await
        .expect(201);
    outlet.is_in_step().await;
    outlet.quiet(&integration).await;
    assert_ne!(fresh_as_of().await, before);
}

#[tokio::test]
async fn a_store_in_dry_run_mode_is_sent_no_price() {
    let (outlet, integration) = Outlet::connected(10).await;
    save(&outlet, &integration, json!({ "dry_run": true })).await;
    let before = outlet.truth();
    let listings = outlet.client.all(&Client::in_project("listings")).await;
    let listing = listings.iter().find(|one| !one["price"].is_null()).unwrap();
    let minor = listing["price"]["amount_minor"].as_i64().unwrap();
    let currency = &listing["price"]["currency"];
    let price = format!("listings/{}/price", listing["id"].as_str().unwrap());
    let wanted = json!({ "price": { "amount_minor": minor + 100, "currency": currency } });
    let push = outlet
        .client
        .put(&Client::in_project(&price), &wanted)
        .await
        .expect(202);
    let push = Client::in_project(&format!("price-pushes/{}", push["id"].as_str().unwrap()));
    until("the push came to its end", async || {
        let push = outlet.client.get(&push).await.expect(200);
        push["completed_at"].is_string().then_some(())
    })
    .await;
    let items = outlet
        .client
        .get(&format!("{push}/items"))
        .await
        .expect(200);
    let item = &items["items"][0];
    assert_eq!(
        (&item["status"], &item["code"]),
        (&json!("failed"), &json!("dry_run")),
        "{item}"
    );
    assert_eq!(outlet.truth(), before);
}

#[tokio::test]
async fn credentials_are_tried_before_they_are_saved() {
    let (outlet, integration) = Outlet::connected(10).await;
    let path = Outlet::at(&integration, "/credentials");
    let shown = async || {
        let detail = outlet
            .client
            .get(&Outlet::at(&integration, ""))
            .await
            .expect(200);
        detail["credentials"].clone()
    };
    let before = shown().await;
    let wrong = json!({ "credentials": { "consumer_secret": SECRET } });
    let problem = outlet
        .client
        .put(&path, &wrong)
        .await
        .problem(502, "platform");
    assert!(!problem.to_string().contains(SECRET), "{problem}");
    assert_eq!(shown().await, before);

    for (body, field) in [
        (
            json!({ "credentials": { "consumer_key": null } }),
            "credentials.consumer_key",
        ),
        (
            json!({ "credentials": { "token": "x" } }),
            "credentials.token",
        ),
        (json!({ "config": { "shop": "x" } }), "config.shop"),
    ] {
        let problem = outlet
            .client
            .put(&path, &body)
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }

    outlet.replace_secret(SECRET);
    let saved = outlet.client.put(&path, &wrong).await.expect(200);
    let ends_in = |field: &str| {
        let all = saved["credentials"].as_array().unwrap();
        let one = all.iter().find(|one| one["field"] == field).unwrap();
        one["ends_in"].clone()
    };
    assert_eq!(ends_in("consumer_secret"), "0002");
    assert_eq!(saved["status"], "connected");
    let syncs = Outlet::at(&integration, "/syncs");
    outlet.client.post(&syncs, &json!({})).await.expect(201);
    assert_eq!(outlet.quiet(&integration).await["status"], "success");

    let export = outlet
        .client
        .get(&Outlet::at(&integration, "/settings/export"))
        .await;
    assert!(export.header("content-disposition").contains("attachment"));
    let export = export.expect(200).to_string();
    assert!(
        export.contains("hourly") && !export.contains("cs_"),
        "{export}"
    );
}

#[tokio::test]
async fn a_store_with_a_cap_is_called_no_more_often_however_many_consoles_there_are() {
    let (outlet, integration) = Outlet::connected(60).await;
    let _second = outlet.launch.start().await;
    // One a second; ten at once after a rest.
    let cap = json!({ "tuning": { "calls_per_minute": 60 } });
    save(&outlet, &integration, cap).await;
    let begun = std::time::Instant::now();
    let before = outlet.requests();
    let syncs = Outlet::at(&integration, "/syncs");
    let full = json!({ "type": "full" });
    outlet.client.post(&syncs, &full).await.expect(201);
    let run = outlet.quiet(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let made = outlet.requests() - before;
    let admitted = 10 + begun.elapsed().as_secs() + 1;
    assert!(made > 10, "{made} calls are too few to meet the cap");
    assert!(
        made <= admitted,
        "{made} calls where {admitted} are admitted"
    );
}
