//! A store's history over REST: filters, figures, the file.

use std::collections::BTreeSet;

use calibr_sandbox::{Fault, FaultKind};
use serde_json::Value;

use crate::support::{Client, Scene, usual_shop};

/// A shop with a clean run, one in which some items failed, and one that found
/// nothing new.
async fn with_history() -> (Scene, String) {
    let (scene, integration) = Scene::connected(usual_shop(120)).await;
    let lines = FaultKind::MalformedLines {
        lines: vec![2, 9],
        truncate_last: false,
    };
    scene.shop.fails(Fault::once(lines));
    let partial = scene.sync(&integration, "full").await;
    assert_eq!(partial["status"], "partial", "{partial}");
    let last = scene.sync(&integration, "incremental").await;
    assert_eq!(last["status"], "success", "{last}");
    (scene, integration)
}

async fn ids(scene: &Scene, integration: &str, query: &str) -> Vec<String> {
    let path = Scene::at(integration, &format!("/syncs{query}"));
    let runs = scene.client.all(&path).await;
    let id = |run: &Value| run["id"].as_str().unwrap().to_owned();
    runs.iter().map(id).collect()
}

/// The lines of the file, by the names of its columns.
async fn exported(client: &Client, integration: &str, query: &str) -> Vec<Value> {
    let path = Scene::at(integration, &format!("/syncs/export{query}"));
    let answer = client.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let mut lines = csv::Reader::from_reader(answer.body.as_slice());
    let lines = lines.deserialize::<std::collections::BTreeMap<String, String>>();
    lines
        .map(|line| serde_json::to_value(line.unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn a_history_is_filtered_and_the_file_is_what_was_filtered() {
    let (scene, integration) = with_history().await;
    let all = ids(&scene, &integration, "").await;
    assert_eq!(all.len(), 3);
    let today = "2020-01-01";
    for (query, expected) in [
        ("?status=partial", vec![1]),
        ("?status=partial,success&type=full", vec![1, 2]),
        ("?type=incremental", vec![0]),
        ("?trigger=person", vec![0, 1, 2]),
        ("?trigger=schedule", vec![]),
        ("?range=24h&status=success", vec![0, 2]),
        ("?range=all", vec![0, 1, 2]),
        (&format!("?from={today}"), vec![0, 1, 2]),
        (&format!("?to={today}"), vec![]),
    ] {
        let expected: Vec<&String> = expected
            .into_iter()
            .map(|index: usize| &all[index])
            .collect();
        let listed = ids(&scene, &integration, query).await;
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query}");
        let file = exported(&scene.client, &integration, query).await;
        let lines: Vec<&str> = file
            .iter()
            .map(|line| line["id"].as_str().unwrap())
            .collect();
        assert_eq!(lines, expected, "{query}");
    }

    let run = scene.run(&integration, &all[1]).await;
    let line = &exported(&scene.client, &integration, "?status=partial").await[0];
    for column in [
        "items_synced",
        "items_failed",
        "items_unchanged",
        "attempts",
    ] {
        assert_eq!(line[column], run[column].to_string(), "{column}: {line}");
    }
    for column in [
        "type",
        "trigger",
        "triggered_by",
        "status",
        "error_code",
        "error",
    ] {
        assert_eq!(line[column], run[column], "{column}: {line}");
    }
    let moment = line["completed_at"].as_str().unwrap();
    assert!(moment.ends_with('Z') && moment.contains('T'), "{line}");
}

#[tokio::test]
async fn what_is_no_filter_is_refused_in_words_wherever_it_is_given() {
    let (scene, integration) = Scene::connected(usual_shop(10)).await;
    for (query, field, words) in [
        ("status=done", "status", "\"done\" is not a sync status"),
        ("status=idle", "status", "never `idle`"),
        ("type=half", "type", "`incremental`"),
        ("trigger=nobody", "trigger", "`webhook`"),
        ("range=8d", "range", "`7d`"),
        ("range=7d&from=2026-01-01", "range", "not both"),
        ("from=2026-02-30", "from", "neither a day"),
        ("from=2026-02-02&to=2026-02-01", "to", "before it begins"),
        (
            "from=2026-02-02T10:00:00Z&to=2026-02-02T10:00:00Z",
            "to",
            "before it begins",
        ),
    ] {
        for place in ["/syncs", "/syncs/metrics", "/syncs/export"] {
            let path = Scene::at(&integration, &format!("{place}?{query}"));
            let problem = scene.client.get(&path).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
            let message = problem["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(words), "{problem}");
        }
    }
    let other = "0192f0c0-0000-7000-8000-000000000001";
    for place in ["/syncs", "/syncs/metrics", "/syncs/export"] {
        let path = Scene::at(other, place);
        scene.client.get(&path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn figures_are_those_of_the_runs_that_fit() {
    let (scene, integration) = with_history().await;
    let figures = async |query: &str| {
        let path = Scene::at(&integration, &format!("/syncs/metrics{query}"));
        scene.client.get(&path).await.expect(200)
    };
    let runs = scene.client.all(&Scene::at(&integration, "/syncs")).await;
    let sum = |column: &str| {
        runs.iter()
            .map(|run| run[column].as_i64().unwrap())
            .sum::<i64>()
    };
    for (query, step) in [("", "day"), ("?range=24h", "hour"), ("?range=7d", "day")] {
        let metrics = figures(query).await;
        assert_eq!(metrics["step"], step, "{metrics}");
        let totals = &metrics["totals"];
        assert_eq!(totals["success"], 2, "{metrics}");
        assert_eq!(totals["partial"], 1);
        assert_eq!(totals["success_rate"], 0.6667);
        assert_eq!(totals["items_synced"], sum("items_synced"));
        assert_eq!(totals["items_failed"], sum("items_failed"));
        assert!(totals["median_duration_ms"].is_i64(), "{metrics}");
        let buckets = metrics["buckets"].as_array().unwrap();
        let in_buckets: i64 = buckets
            .iter()
            .map(|one| one["success"].as_i64().unwrap())
            .sum();
        assert_eq!(in_buckets, 2, "{metrics}");
        let codes: BTreeSet<&str> = metrics["failures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|failure| failure["code"].as_str().unwrap())
            .collect();
        assert!(codes.contains("malformed_record"), "{metrics}");
    }
    assert_eq!(
        figures("?range=7d").await["buckets"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "no day before the first run"
    );
    let clean = figures("?type=incremental").await;
    assert_eq!(clean["totals"]["success_rate"], 1.0);
    assert_eq!(clean["failures"], serde_json::json!([]));
    let none = figures("?trigger=webhook").await;
    assert_eq!(none["totals"]["success_rate"], Value::Null);
}

#[tokio::test]
async fn a_viewer_may_take_the_file_along_and_nothing_in_it_is_a_formula() {
    let (scene, integration) = Scene::connected(usual_shop(10)).await;
    let hostile = "=HYPERLINK(\"https://evil.example\",\"click\"), \"now\"";
    scene
        .database
        .run(&format!(
            "UPDATE memberships SET role = 'viewer';
             UPDATE sync_runs SET error = '{hostile}', error_code = '@SUM(A1)'"
        ))
        .await;
    let path = Scene::at(&integration, "/syncs");
    let refused = scene.client.post(&path, &serde_json::json!({})).await;
    refused.problem(403, "forbidden");
    let line = &exported(&scene.client, &integration, "").await[0];
    assert_eq!(line["error"], format!("'{hostile}"));
    assert_eq!(line["error_code"], "'@SUM(A1)");

    let path = Scene::at(&integration, "/syncs/export");
    let answer = scene.client.get(&path).await;
    let name = answer.header("content-disposition").to_owned();
    assert!(
        name.starts_with("attachment; filename=\"sync-history-acme-shop-"),
        "{name}"
    );
    assert!(answer.text().ends_with("\r\n"));
}

#[tokio::test]
async fn a_long_file_comes_whole_and_ends_with_whoever_reads_it() {
    let (scene, integration) = Scene::connected(usual_shop(10)).await;
    // More than fits into what the sockets hold.
    scene
        .database
        .run(
            "INSERT INTO sync_runs (project_id, id, integration_id, type, trigger, status, phase, queued_at, error)
             SELECT r.project_id, ('00000000-0001-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
                    r.integration_id, 'full', 'schedule', 'error', 'finish', now(), repeat('It failed. ', 60)
             FROM sync_runs r, generate_series(1, 40000) n",
        )
        .await;
    let lines = exported(&scene.client, &integration, "?status=error").await;
    assert_eq!(lines.len(), 40_000);
    let distinct: BTreeSet<&str> = lines
        .iter()
        .map(|line| line["id"].as_str().unwrap())
        .collect();
    assert_eq!(distinct.len(), 40_000);
    assert!(!scene.console.log().contains("broken off"));

    let path = Scene::at(&integration, "/syncs/export");
    let mut answer = scene
        .client
        .request(reqwest::Method::GET, &path)
        .send()
        .await
        .unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    drop(answer);
    scene
        .console_says("an export was broken off before its end")
        .await;
}
