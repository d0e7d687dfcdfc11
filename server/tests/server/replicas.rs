//! Several consoles on one database.

use chrono::TimeDelta;
use std::time::Duration;

use calibr_sandbox::{
    Sandbox,
    amazon::{ListingChange, SellerSettings},
    shopify::ShopSettings,
    woocommerce::StoreChange,
};
use serde_json::{Value, json};

use crate::support::{
    Client, OWNER, SHOP, Scene, Shop, TOKEN,
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, SELLER, STORE, seller_form, shown,
        store_form, usual_seller, usual_store,
    },
    slow_export, until,
};

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

/// The second project of the owner, in which the same seller is connected once more.
const BRANCH: &str = "branch";

/// A seller who is admitted what Amazon publishes, and no more.
fn seller_at_published_rates() -> SellerSettings {
    SellerSettings {
        faster: 1.0,
        ..usual_seller(120)
    }
}

async fn add_branch(scene: &Scene) {
    let sql = format!(
        "WITH branch AS (
             INSERT INTO projects (id, slug, name, time_zone, created_at)
             VALUES (gen_random_uuid(), '{BRANCH}', 'Branch', 'Europe/Berlin', now()) RETURNING id
         )
         INSERT INTO memberships (project_id, user_id, role, created_at)
         SELECT branch.id, users.id, 'owner', now() FROM branch, users WHERE email = '{OWNER}'"
    );
    scene.database.run(&sql).await;
}

/// A connected store: where its integration is.
struct Connected(String);

impl Connected {
    async fn by_hand(client: &Client, project: &str, form: &Value) -> Self {
        let integrations = format!("/api/projects/{project}/integrations");
        let made = client.post(&integrations, form).await.expect(201);
        Self(format!("{integrations}/{}", made["id"].as_str().unwrap()))
    }

    async fn start(&self, client: &Client) -> String {
        let started = client
            .post(
                &format!("{}/syncs", self.0),
                &json!({ "type": "incremental" }),
            )
            .await
            .expect(201);
        started["id"].as_str().unwrap().to_owned()
    }

    async fn newest_succeeds(&self, client: &Client) {
        let run = until("the newest run ends", async || {
            let run = client
                .all(&format!("{}/syncs", self.0))
                .await
                .swap_remove(0);
            let under_way = run["status"] == "queued" || run["status"] == "syncing";
            (!under_way).then_some(run)
        })
        .await;
        assert_eq!(run["status"], "success", "{run}");
    }
}

/// Every listing changes, so that reading the changes takes many calls.
fn change_everything(scene: &Scene, price: &str) {
    for sku in scene.shop.seller_truth().into_keys() {
        let change = ListingChange::Update {
            sku,
            price: Some(price.to_owned()),
            stock: None,
            title: None,
        };
        scene.shop.amazon().change(SELLER, change).unwrap();
    }
    for listing in scene.shop.store_truth().into_keys() {
        let change = StoreChange::UpdateListing {
            listing: listing.parse().unwrap(),
            regular_price: Some(price.to_owned()),
            sale_price: Some(String::new()),
            sku: None,
            stock: None,
        };
        scene.shop.woocommerce().change(STORE, change).unwrap();
    }
}

#[track_caller]
fn assert_rates_kept(scene: &Scene) {
    let counters = scene.shop.amazon().counters(SELLER).unwrap();
    assert!(!counters.exceeded, "{counters:?}");
    let counters = scene.shop.shopify().counters(SHOP).unwrap();
    assert_eq!((counters.throttled, counters.overdrawn), (0, false));
}

#[tokio::test]
async fn two_that_import_four_stores_at_once_stay_within_every_published_rate() {
    let scene = Scene::of_platforms(seller_at_published_rates(), usual_store(120)).await;
    let second = scene.launch.start().await;
    let other = second.client();
    other.set_cookie(&scene.client.cookie().unwrap());
    add_branch(&scene).await;
    let seller = seller_form(REFRESH_TOKEN);
    let store = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let stores = [
        Connected::by_hand(&scene.client, "acme", &seller).await,
        Connected::by_hand(&other, BRANCH, &seller).await,
        Connected::by_hand(&scene.client, "acme", &store).await,
        Connected::by_hand(&other, "acme", &Scene::form(SHOP, TOKEN)).await,
    ];
    for store in &stores {
        store.newest_succeeds(&scene.client).await;
    }
    let mut round = 0;
    // Until the seller was read by both at the same time.
    until("both read the seller at once", async || {
        round += 1;
        change_everything(&scene, &format!("{round}.99"));
        let mut runs = Vec::new();
        for store in &stores {
            runs.push(store.start(&other).await);
        }
        for store in &stores {
            store.newest_succeeds(&scene.client).await;
        }
        assert_rates_kept(&scene);
        let by_second = |run: &String| {
            let carried = format!("run={run}");
            let log = second.log();
            let mut lines = log.lines();
            lines.any(|line| line.contains("carrying a sync run") && line.contains(&carried))
        };
        (by_second(&runs[0]) != by_second(&runs[1])).then_some(())
    })
    .await;
    assert_eq!(
        shown(&scene.client, "amazon").await,
        scene.shop.seller_truth()
    );
    assert_eq!(
        shown(&scene.client, "woocommerce").await,
        scene.shop.store_truth()
    );
    let counters = scene.shop.amazon().counters(SELLER).unwrap();
    let pages = counters.operations["searchListingsItems"].calls;
    assert!(pages >= 12, "more than a burst: {pages}");
}

/// Shops whose exports take until the sandbox's clock is moved: more than a console carries runs at once.
const SLOW_SHOPS: usize = 9;

#[tokio::test]
async fn a_project_with_much_to_do_does_not_keep_another_waiting() {
    let slow = |number| format!("slow-{number}.myshopify.com");
    let mut sandbox = Sandbox::builder().store(usual_store(10));
    for number in 1..=SLOW_SHOPS {
        sandbox = sandbox.shop(ShopSettings {
            domain: slow(number),
            ..slow_export(900)
        });
    }
    let scene = Scene::around(Shop::open_with(sandbox).await).await;
    add_branch(&scene).await;
    for number in 1..=SLOW_SHOPS {
        scene.connect_by(&Scene::form(&slow(number), TOKEN)).await;
    }
    // Every worker has one, and others of the same project wait.
    until("the workers are busy", async || {
        let waiting = "SELECT count(*) FROM sync_runs WHERE status = 'queued'";
        let busy = "SELECT count(*) FROM sync_runs WHERE status = 'syncing'";
        let (waiting, busy) = (
            scene.database.number(waiting).await,
            scene.database.number(busy).await,
        );
        (waiting > 0 && waiting + busy == SLOW_SHOPS as i64).then_some(())
    })
    .await;

    let form = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let store = Connected::by_hand(&scene.client, BRANCH, &form).await;
    store.newest_succeeds(&scene.client).await;
    let ended = "SELECT count(*) FROM sync_runs WHERE completed_at IS NOT NULL";
    assert_eq!(
        scene.database.number(ended).await,
        1,
        "and none of the others"
    );

    // Those that made room go on where they were, none of them in vain.
    until("the others end", async || {
        scene.shop.advance(TimeDelta::hours(1));
        (scene.database.number(ended).await == SLOW_SHOPS as i64 + 1).then_some(())
    })
    .await;
    let whole = "SELECT count(*) FROM sync_runs WHERE status = 'success'";
    assert_eq!(scene.database.number(whole).await, SLOW_SHOPS as i64 + 1);
    assert_eq!(scene.shop.calls("CalibrStartExport"), SLOW_SHOPS);
}

#[tokio::test]
async fn what_one_has_used_of_a_rate_the_other_does_not_have() {
    let scene = Scene::of_platforms(seller_at_published_rates(), usual_store(1)).await;
    let second = scene.launch.start().await;
    let other = second.client();
    other.set_cookie(&scene.client.cookie().unwrap());
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    scene.newest_run_ended(&integration).await;
    let path = Scene::at(&integration, "/test");
    let mut tested = Vec::new();
    for client in [&scene.client, &other].into_iter().cycle().take(20) {
        tested.push(client.post(&path, &json!({})).await.expect(200));
    }
    let good = tested.iter().filter(|test| test["ok"] == true).count();
    assert!((10..=15).contains(&good), "{good} of {}", tested.len());
    let refused = tested.last().unwrap();
    let words = refused["message"].as_str().unwrap();
    assert!(words.contains("allows only so many calls"), "{refused}");
    assert_eq!(scene.integration(&integration).await["status"], "connected");
    assert_rates_kept(&scene);
    // A new process knows of it.
    second.kill().await;
    let third = scene.launch.start().await;
    let fresh = third.client();
    fresh.set_cookie(&scene.client.cookie().unwrap());
    let test = fresh.post(&path, &json!({})).await.expect(200);
    assert_eq!(test["ok"], false, "{test}");
    assert_rates_kept(&scene);
}
