//! Several consoles on one database.

use chrono::TimeDelta;
use std::time::Duration;

use crate::support::{Scene, slow_export};

/// A run that lost its worker goes on within this.
const TAKEN_OVER: Duration = Duration::from_secs(60);

#[tokio::test]
async fn one_carries_a_run_and_another_takes_over_when_it_is_killed() {
    let mut scene = Scene::of(slow_export(300)).await;
    let second = scene.launch.start().await;
    let other = second.client();
    other.set_cookie(&scene.client.cookie().unwrap());
    let (mut here, mut there) = (scene.client.events().await, other.events().await);

    let integration = scene.connect().await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap().to_owned();
    scene
        .run_reaches(&integration, &run, "pull_catalogue")
        .await;
    scene.export_begins(1).await;
    for events in [&mut here, &mut there] {
        let pulling = |event: &crate::support::Event| event.data["phase"] == "pull_catalogue";
        events
            .until(|event| event.data["run_id"] == run.as_str() && pulling(event))
            .await;
    }
    let carries = |log: String| log.contains("carrying a sync run");
    let by_first = carries(scene.console.log());
    assert_ne!(by_first, carries(second.log()), "one of them carries it");
    let owners = "SELECT count(DISTINCT lease_owner) FROM sync_runs WHERE lease_until > now()";
    assert_eq!(scene.database.number(owners).await, 1);

    let (killed, mut events) = if by_first {
        (std::mem::replace(&mut scene.console, second), there)
    } else {
        (second, here)
    };
    if by_first {
        scene.client = other;
    }
    killed.kill().await;
    tokio::time::timeout(TAKEN_OVER, scene.console_says("carrying a sync run"))
        .await
        .expect("the other takes over");
    scene.shop.advance(TimeDelta::hours(1));
    let last = events.until_run_ends().await;
    assert_eq!(last["status"], "success", "{last}");
    let run = scene.run(&integration, &run).await;
    assert_eq!(run["attempts"], 2, "{run}");
    assert_eq!(scene.shop.calls("CalibrStartExport"), 1);
    scene.assert_all_there().await;
}
