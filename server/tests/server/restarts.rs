//! The database or the console restarted in the middle of an import.

use chrono::TimeDelta;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{
    Answer, Client, DataFolder, Launch, Line, SHOP, Scene, Shop, TOKEN, fresh_database,
    slow_export, until, usual_shop,
};

const VARIANTS: u32 = 8_000;

/// Waits until some of an import is there.
async fn import_is_under_way(client: &Client, integration: &str) -> String {
    until("some of the import is there", async || {
        let answer = client.get(&Scene::at(integration, "/syncs")).await;
        let run = answer.expect(200)["items"][0].clone();
        assert!(run["completed_at"].is_null(), "it was too quick: {run}");
        let some = run["items_synced"].as_i64().unwrap() > 0;
        some.then(|| run["id"].as_str().unwrap().to_owned())
    })
    .await
}

/// An answer while the database may be away: what was asked for, or the problem that says so.
#[track_caller]
fn is_there(answer: &Answer) -> bool {
    match answer.status {
        200 => true,
        503 => {
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert!(
                answer.text().contains("The database cannot be reached"),
                "{}",
                answer.text()
            );
            false
        }
        _ => panic!("{} {}", answer.status, answer.text()),
    }
}

async fn run_comes_through(client: &Client, integration: &str, run: &str) {
    let path = Scene::at(integration, &format!("/syncs/{run}"));
    until("the run comes through", async || {
        let answer = client.get(&path).await;
        if !is_there(&answer) {
            return None;
        }
        let run = answer.json();
        let status = run["status"].as_str().unwrap().to_owned();
        assert!(
            ["queued", "syncing", "success"].contains(&status.as_str()),
            "{run}"
        );
        (status == "success").then_some(())
    })
    .await;
}

async fn connect_by_hand(client: &Client) -> String {
    let path = Client::in_project("integrations");
    let answer = client.post(&path, &Scene::form(SHOP, TOKEN)).await;
    answer.expect(201)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_embedded_postgresql_that_is_killed_costs_an_import_nothing() {
    let shop = Shop::open_as(usual_shop(VARIANTS)).await;
    let folder = DataFolder::new();
    let launch = shop
        .known_to(Launch::embedded(&folder))
        .variable("REQUESTS_PER_MINUTE", "100000");
    let console = launch.start().await;
    let client = console.set_up().await;
    let integration = connect_by_hand(&client).await;
    let run = import_is_under_way(&client, &integration).await;
    kill_process(postmaster(&folder), Signal::KILL).unwrap();
    until("the database is back", async || {
        let answer = client.get(&Client::in_project("products?limit=1")).await;
        is_there(&answer).then_some(())
    })
    .await;
    run_comes_through(&client, &integration, &run).await;
    assert_eq!(Shop::shown(&client).await, shop.truth());
}

fn postmaster(folder: &DataFolder) -> Pid {
    let file = folder.path().join("postgres/postmaster.pid");
    let file = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_database_that_goes_away_costs_an_import_nothing() {
    let shop = Shop::open_as(usual_shop(VARIANTS)).await;
    let database = fresh_database().await;
    let line = Line::to(&database).await;
    let launch = shop
        .known_to(Launch::on_database(&line.through(&database)))
        .variable("REQUESTS_PER_MINUTE", "100000");
    let console = launch.start().await;
    let client = console.set_up().await;
    let integration = connect_by_hand(&client).await;
    let run = import_is_under_way(&client, &integration).await;
    line.cut();
    let products = Client::in_project("products");
    until("the console notices", async || {
        (!is_there(&client.get(&products).await)).then_some(())
    })
    .await;
    for path in [
        products.as_str(),
        "/api/auth/me",
        &Scene::at(&integration, "/syncs"),
    ] {
        client.get(path).await.problem(503, "unavailable");
    }
    let writes = [
        Scene::at(&integration, "/syncs"),
        Scene::at(&integration, "/test"),
    ];
    for path in writes {
        client
            .post(&path, &json!({}))
            .await
            .problem(503, "unavailable");
    }
    assert_eq!(client.get("/api/health").await.status, 503);
    assert_eq!(client.get("/api/health/live").await.status, 200);
    line.mend();
    run_comes_through(&client, &integration, &run).await;
    assert_eq!(Shop::shown(&client).await, shop.truth());
}

#[tokio::test]
async fn connections_that_are_ended_again_and_again_cost_an_import_nothing() {
    let scene = Scene::of(usual_shop(VARIANTS)).await;
    let integration = scene.connect().await;
    let run = import_is_under_way(&scene.client, &integration).await;
    for _ in 0..8 {
        scene.database.end_connections().await;
        is_there(
            &scene
                .client
                .get(&Client::in_project("products?limit=1"))
                .await,
        );
    }
    run_comes_through(&scene.client, &integration, &run).await;
    scene.assert_all_there().await;
}

#[tokio::test]
async fn a_console_that_is_stopped_hands_its_import_over_to_the_next() {
    let scene = Scene::of(slow_export(300)).await;
    let integration = scene.connect().await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap();
    scene.run_reaches(&integration, run, "pull_catalogue").await;
    until("the export was started", async || {
        (scene.shop.calls("CalibrExportStatus") > 0).then_some(())
    })
    .await;
    let Scene {
        shop,
        database,
        launch,
        console,
        client,
    } = scene;
    assert_eq!(console.stop().await, Some(0));
    let rows = "SELECT status, lease_owner::text, checkpoint::text FROM sync_runs";
    let rows: Vec<(String, Option<String>, Option<String>)> = database.rows(rows).await;
    let (status, owner, checkpoint) = &rows[0];
    assert_eq!((status.as_str(), owner), ("queued", &None));
    assert!(
        checkpoint.as_ref().unwrap().contains("BulkOperation"),
        "{checkpoint:?}"
    );

    let console = launch.start().await;
    let again = console.client();
    again.set_cookie(&client.cookie().unwrap());
    shop.advance(TimeDelta::hours(1));
    let scene = Scene {
        shop,
        database,
        launch,
        console,
        client: again,
    };
    let run = scene.run_ended(&integration, run).await;
    assert_eq!(
        (&run["status"], &run["attempts"]),
        (&json!("success"), &json!(2)),
        "{run}"
    );
    assert_eq!(scene.shop.calls("CalibrStartExport"), 1);
    scene.assert_all_there().await;
}
