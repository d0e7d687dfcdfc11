//! Retries: only what failed, what came since left out, what is gone said; and those that follow by themselves.

use calibr_sandbox::woocommerce::{ApiKey, StoreChange};
use serde_json::{Value, json};

use crate::support::{
    Client, PROJECT, Scene,
    broken::{Broken, only},
    platforms::{STORE, store_form},
    until,
};

/// A retry's figures: items, came through, failed, gone, left out since they came, left out since they are parked.
fn figures(run: &Value) -> [i64; 6] {
    let retry = &run["retry"];
    [
        "items",
        "came_through",
        "failed",
        "gone",
        "skipped",
        "parked",
    ]
    .map(|name| retry[name].as_i64().unwrap_or_else(|| panic!("{run}")))
}

fn said(run: &Value) -> String {
    let lines = run["log"].as_array().unwrap().iter();
    lines
        .map(|line| line["text"].as_str().unwrap().to_owned() + "\n")
        .collect()
}

/// How often the store was asked for whole lists of products and for variations, since calls are counted.
fn calls(scene: &Scene) -> (usize, usize) {
    let requests = scene.shop.server.sandbox().requests();
    let asked = |end: &str| {
        requests
            .iter()
            .filter(|one| one.path.ends_with(end))
            .count()
    };
    (asked("/products"), asked("/variations"))
}

#[tokio::test]
async fn a_group_or_one_failure_is_retried_alone_and_what_came_since_is_left_out() {
    let broken = Broken::store(120, 3).await;
    let (scene, first) = (&broken.scene, &broken.run);
    assert_eq!(first["items_failed"], 4, "{first}");
    let groups = scene
        .client
        .get(&broken.of(first, "/failures/groups"))
        .await
        .expect(200);
    let of: Vec<(&str, i64)> = groups["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            (
                group["code"].as_str().unwrap(),
                group["count"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(of, [("malformed_record", 3), ("price_negative", 1)]);

    // One of the group is good again.
    broken.shape(broken.misshapen[0], false);
    scene.shop.forget_calls();
    let group = broken
        .retry(first, &json!({ "code": "malformed_record" }))
        .await;
    assert_eq!(
        (&group["type"], &group["trigger"]),
        (&json!("retry"), &json!("retry"))
    );
    assert_eq!(group["status"], "partial", "{group}");
    assert_eq!(figures(&group), [3, 1, 2, 0, 0, 0], "{group}");
    assert_eq!(group["retry"]["of"], first["id"]);
    assert_eq!(group["retry"]["code"], "malformed_record");
    // Their products at once, and the variations of each.
    assert_eq!(calls(scene), (1, 3));
    assert!(broken.has(broken.misshapen[0]).await);
    assert!(!broken.has(broken.misshapen[1]).await);

    // What is left of the first run is three items.
    let plan = broken.plan(first, "").await;
    assert_eq!(
        (&plan["type"], &plan["items"], &plan["skipped"]),
        (&json!("retry"), &json!(3), &json!(1)),
        "{plan}"
    );
    broken.price("12.34");
    let failure = broken.failure_of(first, broken.negative).await;
    let one = broken.retry(first, &only(&failure)).await;
    assert_eq!(
        (&one["status"], figures(&one)),
        (&json!("success"), [1, 1, 0, 0, 0, 0]),
        "{one}"
    );
    assert!(broken.has(broken.negative).await);
    assert_eq!(
        broken.failure_of(first, broken.negative).await["state"],
        "resolved"
    );

    // There is nothing left of that group, and it is said.
    let wish = json!({ "code": "price_negative" });
    let refused = scene.client.post(&broken.of(first, "/retry"), &wish).await;
    let problem = refused.problem(409, "conflict");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("came through since"),
        "{problem}"
    );

    broken.mend();
    let rest = broken.retry(first, &Value::Null).await;
    assert_eq!(
        (&rest["status"], figures(&rest)),
        (&json!("success"), [2, 2, 0, 0, 2, 0]),
        "{rest}"
    );
    assert!(
        said(&rest).contains("2 items came through since and are left out."),
        "{rest}"
    );
    assert_eq!(
        scene
            .client
            .all(&Client::in_project("listings"))
            .await
            .len(),
        120
    );
}

#[tokio::test]
async fn items_that_are_gone_meanwhile_are_said_and_not_failed() {
    let broken = Broken::store(120, 2).await;
    broken.change(StoreChange::DeleteVariation {
        variation: broken.misshapen[0],
    });
    broken.shape(broken.misshapen[1], false);
    let truth = broken.scene.shop.woocommerce().truth(STORE).unwrap();
    let product = truth
        .into_iter()
        .find(|one| one.id == broken.negative)
        .unwrap()
        .product_id;
    broken.change(StoreChange::DeleteProduct { product });
    let retry = broken.retry(&broken.run, &json!({})).await;
    assert_eq!(
        (&retry["status"], figures(&retry)),
        (&json!("success"), [3, 1, 0, 2, 0, 0]),
        "{retry}"
    );
    assert!(
        said(&retry).contains("2 items are no longer in the store"),
        "{}",
        said(&retry)
    );
    let failing = "SELECT count(*) FROM failing_items";
    assert_eq!(broken.scene.database.number(failing).await, 0);
    // All of them at once: nothing is left and nothing failed.
    let plan = broken.plan(&broken.run, "").await;
    assert_eq!(
        (&plan["possible"], &plan["skipped"]),
        (&json!(false), &json!(3)),
        "{plan}"
    );
}

#[tokio::test]
async fn what_fails_the_same_way_again_and_again_is_parked_until_somebody_or_something_moves() {
    let broken = Broken::store(120, 1).await;
    let (scene, misshapen) = (&broken.scene, broken.misshapen[0]);
    let wish = json!({ "code": "malformed_record" });
    for _ in 0..2 {
        assert_eq!(broken.parked().await, Vec::<Value>::new());
        let retry = broken.retry(&broken.run, &wish).await;
        assert_eq!(
            (&retry["status"], &retry["error_code"]),
            (&json!("error"), &json!("all_failed")),
            "{retry}"
        );
    }
    let parked = broken.parked().await;
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (&parked[0]["external_id"], &parked[0]["times"]),
        (&json!(misshapen.to_string()), &json!(3))
    );
    assert_eq!(
        broken.failure_of(&broken.run, misshapen).await["state"],
        "parked"
    );

    // It is left out of a retry unless it is chosen.
    let plan = broken.plan(&broken.run, "").await;
    assert_eq!(
        (&plan["items"], &plan["parked"]),
        (&json!(1), &json!(1)),
        "{plan}"
    );
    let alone = scene
        .client
        .post(&broken.of(&broken.run, "/retry"), &wish)
        .await;
    let problem = alone.problem(409, "conflict");
    assert!(
        problem["detail"].as_str().unwrap().contains("parked"),
        "{problem}"
    );
    let rest = broken.retry(&broken.run, &json!({})).await;
    assert_eq!(figures(&rest), [1, 0, 1, 0, 0, 1], "{rest}");
    let chosen = json!({ "code": "malformed_record", "parked": true });
    let again = broken.retry(&broken.run, &chosen).await;
    assert_eq!(figures(&again), [1, 0, 1, 0, 0, 0], "{again}");
    assert_eq!(
        broken.parked().await,
        Vec::<Value>::new(),
        "a person begins the count anew"
    );

    // A person takes it up by hand.
    for _ in 0..2 {
        broken.retry(&broken.run, &wish).await;
    }
    let what = json!({ "kind": "listing", "external_id": misshapen.to_string() });
    let path = broken.at("/parked/unpark");
    assert_eq!(
        scene.client.post(&path, &what).await.expect(200)["unparked"],
        1
    );
    assert_eq!(broken.parked().await, Vec::<Value>::new());
    assert_eq!(
        broken.plan(&broken.run, "&code=malformed_record").await["items"],
        1
    );

    // Its own way: parked once more, and then changed in the store.
    for _ in 0..3 {
        broken.retry(&broken.run, &wish).await;
    }
    assert_eq!(broken.parked().await.len(), 1);
    broken.change(StoreChange::UpdateListing {
        listing: misshapen,
        regular_price: Some("9.99".to_owned()),
        sale_price: None,
        sku: None,
        stock: None,
    });
    scene.sync(&broken.integration, "incremental").await;
    let parked = broken.parked().await;
    assert!(
        parked
            .iter()
            .all(|one| one["external_id"] != json!(misshapen.to_string())),
        "{parked:?}"
    );
}

#[tokio::test]
async fn what_may_go_through_later_is_retried_by_itself_and_no_more_than_that() {
    let broken = Broken::store(120, 2).await;
    assert!(
        said(&broken.run).contains("2 items may go through later: a retry follows by itself"),
        "{}",
        said(&broken.run)
    );
    broken.shape(broken.misshapen[0], false);
    let first = broken.time_for_a_retry(&broken.run).await;
    // The price below zero waits for a person.
    assert_eq!(
        (&first["trigger"], figures(&first)),
        (&json!("retry"), [2, 1, 1, 0, 0, 0]),
        "{first}"
    );
    assert_eq!(
        (&first["triggered_by"], &first["retry"]["number"]),
        (&Value::Null, &json!(1))
    );
    let second = broken.time_for_a_retry(&first).await;
    assert_eq!(
        (&second["retry"]["number"], figures(&second)),
        (&json!(2), [1, 0, 1, 0, 0, 0]),
        "{second}"
    );
    // Three times the same way: it is parked, and nothing follows any more.
    assert!(!broken.a_retry_waits().await);
    assert_eq!(broken.parked().await.len(), 1);
}

#[tokio::test]
async fn no_retry_follows_into_a_store_that_is_paused_or_disconnected_or_was_read_since() {
    let broken = Broken::store(60, 1).await;
    let scene = &broken.scene;
    assert!(broken.a_retry_waits().await);
    // A later run that brought it: the job finds nothing to do.
    broken.mend();
    let later = scene.sync(&broken.integration, "full").await;
    assert_eq!(later["status"], "success", "{later}");
    broken.job_comes_to_nothing(&later).await;

    broken.shape(broken.misshapen[0], true);
    let failed = scene.sync(&broken.integration, "full").await;
    assert_eq!(failed["status"], "partial", "{failed}");
    hold(&broken, "pause_integration").await;
    broken.job_comes_to_nothing(&failed).await;

    hold(&broken, "resume_integration").await;
    scene.newest_run_ended(&broken.integration).await;
    let failed = scene.sync(&broken.integration, "full").await;
    assert_eq!(failed["status"], "partial", "{failed}");
    scene.client.delete(&broken.at("")).await.expect(200);
    broken.job_comes_to_nothing(&failed).await;
}

async fn hold(broken: &Broken, endpoint: &str) {
    let body = json!({ "project": PROJECT, "id": broken.integration });
    let path = format!("/api/fn/{endpoint}");
    broken.scene.client.post(&path, &body).await.expect(200);
}

impl Broken {
    /// Lets the time of the retry come, and sees that no run follows.
    async fn job_comes_to_nothing(&self, last: &Value) {
        assert!(self.a_retry_waits().await);
        let now = "UPDATE graphile_worker._private_jobs SET run_at = now()
                   WHERE key LIKE 'retry:%'";
        self.scene.database.run(now).await;
        until("the retry had its turn", async || {
            (!self.a_retry_waits().await).then_some(())
        })
        .await;
        assert_eq!(
            self.scene.newest_run(&self.integration).await["id"],
            last["id"]
        );
    }
}

#[tokio::test]
async fn new_credentials_bring_back_what_was_parked() {
    let broken = Broken::store(60, 1).await;
    for _ in 0..2 {
        broken.retry(&broken.run, &json!({})).await;
    }
    assert_eq!(broken.parked().await.len(), 2);
    let scene = &broken.scene;
    broken.mend();
    // The store tells of a new price, and the next sync reads it; of another form it tells nothing.
    let woocommerce = scene.shop.woocommerce();
    woocommerce.revoke_keys(STORE).unwrap();
    assert_eq!(scene.test(&broken.integration).await["ok"], false);
    let key = ApiKey::new("ck_another", "cs_another");
    woocommerce.add_key(STORE, key).unwrap();
    let form = store_form(&scene.shop.store_url(), "ck_another", "cs_another");
    assert_eq!(scene.connect_by(&form).await, broken.integration);
    let read = scene.newest_run_ended(&broken.integration).await;
    assert_eq!(read["type"], "incremental", "{read}");
    assert_eq!(broken.parked().await, Vec::<Value>::new());
    let retry = broken.time_for_a_retry(&read).await;
    assert_eq!(
        (&retry["status"], &retry["type"]),
        (&json!("success"), &json!("retry")),
        "{retry}"
    );
    assert!(broken.has(broken.misshapen[0]).await);
}

#[tokio::test]
async fn run_again_does_the_whole_run_once_more() {
    let broken = Broken::store(60, 1).await;
    let again = broken.retry(&broken.run, &json!({ "whole": true })).await;
    assert_eq!(
        (&again["type"], &again["items_failed"]),
        (&json!("full"), &json!(2)),
        "{again}"
    );
    broken.mend();
    let again = broken.retry(&again, &json!({ "whole": true })).await;
    assert_eq!(again["status"], "success", "{again}");
    assert_eq!(again["items_synced"], 60);
}
