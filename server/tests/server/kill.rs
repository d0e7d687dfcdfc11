//! Death in the middle of an import.

use std::{collections::BTreeMap, env};

use serde_json::{Value, json};

use crate::support::{Client, Console, DataFolder, Events, Launch, Scene, Shop};

/// Where a run is killed, one after the other.
const MOMENTS: [&str; 5] = [
    "pull_catalogue",
    "reconcile",
    "pull_catalogue",
    "authenticate",
    "pull_catalogue",
];

/// Kills the server at ever other moments of an import, and starts it again each time. `CALIBR_TEST_KILLS` says how
/// often.
#[tokio::test]
async fn a_server_killed_again_and_again_ends_with_exactly_what_the_shop_has() {
    let kills: usize = env::var("CALIBR_TEST_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let shop = Shop::open(6_000).await;
    let folder = DataFolder::new();
    let launch = shop
        .known_to(Launch::embedded(&folder))
        .variable("REQUESTS_PER_MINUTE", "100000");
    let console = launch.start().await;
    shop.register(&console);
    let client = console.set_up().await;
    let events = client.events().await;
    let integration = shop.connect(&client).await;
    let mut alive = Alive {
        console,
        client,
        events,
        syncs: Scene::at(&integration, "/syncs"),
    };

    let mut landed = BTreeMap::<&str, usize>::new();
    for kill in 0..kills {
        let wanted = MOMENTS[kill % MOMENTS.len()];
        // Batches further into it each time round.
        let later = if wanted == "pull_catalogue" {
            kill % 4
        } else {
            0
        };
        alive.reach(wanted, later).await;
        *landed.entry(wanted).or_default() += 1;
        alive = alive.killed_and_started(&launch).await;
    }
    println!("killed in {landed:?}");
    assert!(kills == 0 || landed["pull_catalogue"] > 0, "{landed:?}");

    alive.come_through().await;
    let runs = alive.client.all(&alive.syncs).await;
    assert!(
        runs.iter().all(|run| run["status"] == "success"),
        "{runs:#?}"
    );
    assert_eq!(Shop::shown(&alive.client).await, shop.truth());
}

/// A console, and what is heard of its runs.
struct Alive {
    console: Console,
    client: Client,
    events: Events,
    syncs: String,
}

impl Alive {
    /// Waits until a run has said that it is in a phase, and so often something more in it. Where one has come
    /// through before, another is started to be killed in.
    async fn reach(&mut self, phase: &str, later: usize) {
        let mut said = 0;
        self.keep_one_running().await;
        loop {
            let event = self
                .events
                .until(|event| event.name == "sync_progress")
                .await;
            let run = event.data;
            if !is_active(&run) {
                said = 0;
                self.keep_one_running().await;
            } else if run["status"] == "syncing" && run["phase"] == phase {
                said += 1;
            }
            if said > later {
                return;
            }
        }
    }

    async fn keep_one_running(&self) {
        if !is_active(&self.newest_run().await) {
            let full = json!({ "type": "full" });
            self.client.post(&self.syncs, &full).await.expect(201);
        }
    }

    async fn newest_run(&self) -> Value {
        self.client.all(&self.syncs).await.swap_remove(0)
    }

    async fn killed_and_started(self, launch: &Launch) -> Self {
        let cookie = self.client.cookie().unwrap();
        self.console.kill().await;
        let console = launch.start().await;
        let client = console.client();
        client.set_cookie(&cookie);
        let events = client.events().await;
        Self {
            console,
            client,
            events,
            syncs: self.syncs,
        }
    }

    async fn come_through(&self) {
        crate::support::until("the last run ends", async || {
            (!is_active(&self.newest_run().await)).then_some(())
        })
        .await;
    }
}

fn is_active(run: &Value) -> bool {
    run["status"] == "queued" || run["status"] == "syncing"
}
