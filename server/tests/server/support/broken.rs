//! A WooCommerce store with records that cannot be read.

use std::collections::BTreeMap;

use calibr_sandbox::woocommerce::StoreChange;
use serde_json::{Value, json};

use super::{
    Scene,
    platforms::{CONSUMER_KEY, CONSUMER_SECRET, STORE, store_form, usual_seller, usual_store},
    until,
};

/// A store that is connected and was read once, but for what is broken in it.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) scene: Scene,
    pub(crate) integration: String,
    /// The first run.
    pub(crate) run: Value,
    /// Ids of the variations that have another form than agreed; of several products.
    pub(crate) misshapen: Vec<u64>,
    /// A variation that costs less than nothing.
    pub(crate) negative: u64,
}

impl Broken {
    /// A store with this many variants of which some cannot be read.
    pub(crate) async fn store(variants: u32, misshapen: usize) -> Self {
        let scene = Scene::of_platforms(usual_seller(1), usual_store(variants)).await;
        let mut variations = variations(&scene).into_values();
        let (first, mut left) = (variations.next().unwrap(), variations.map(|of| of[0]));
        let negative = first[0];
        let misshapen: Vec<u64> = left.by_ref().take(misshapen).collect();
        let mut broken = Self {
            scene,
            integration: String::new(),
            run: Value::Null,
            misshapen,
            negative,
        };
        for variation in broken.misshapen.clone() {
            broken.shape(variation, true);
        }
        broken.price("-3");
        let form = store_form(
            &broken.scene.shop.store_url(),
            CONSUMER_KEY,
            CONSUMER_SECRET,
        );
        broken.integration = broken.scene.connect_by(&form).await;
        broken.run = broken.scene.newest_run_ended(&broken.integration).await;
        assert_eq!(broken.run["status"], "partial", "{}", broken.run);
        broken.scene.shop.forget_calls();
        broken
    }

    /// Gives a record another form, or its own again.
    pub(crate) fn shape(&self, record: u64, misshapen: bool) {
        self.change(StoreChange::Misshape { record, misshapen });
    }

    /// Gives the variation that costs less than nothing another price.
    pub(crate) fn price(&self, price: &str) {
        self.change(StoreChange::UpdateListing {
            listing: self.negative,
            regular_price: Some(price.to_owned()),
            sale_price: Some(String::new()),
            sku: None,
            stock: None,
        });
    }

    pub(crate) fn change(&self, change: StoreChange) {
        let woocommerce = self.scene.shop.woocommerce();
        woocommerce.change(STORE, change).unwrap();
    }

    /// Makes everything good again.
    pub(crate) fn mend(&self) {
        for record in &self.misshapen {
            self.shape(*record, false);
        }
        self.price("12.34");
    }

    /// An address below that of the integration.
    pub(crate) fn at(&self, rest: &str) -> String {
        Scene::at(&self.integration, rest)
    }

    /// An address below that of a run.
    pub(crate) fn of(&self, run: &Value, rest: &str) -> String {
        self.at(&format!("/syncs/{}{rest}", run["id"].as_str().unwrap()))
    }

    /// Asks for a retry and waits for its end; gives what its page shows.
    pub(crate) async fn retry(&self, run: &Value, wish: &Value) -> Value {
        let asked = self.scene.client.post(&self.of(run, "/retry"), wish).await;
        let asked = asked.expect(201);
        let id = asked["id"].as_str().unwrap();
        self.scene.run_ended(&self.integration, id).await
    }

    /// What a retry would do.
    pub(crate) async fn plan(&self, run: &Value, more: &str) -> Value {
        let run = run["id"].as_str().unwrap();
        let path = self.at(&format!("/syncs/plan?type=retry&run={run}{more}"));
        self.scene.client.get(&path).await.expect(200)
    }

    /// A run's failures.
    pub(crate) async fn failures(&self, run: &Value, query: &str) -> Vec<Value> {
        let path = self.of(run, &format!("/failures{query}"));
        self.scene.client.all(&path).await
    }

    /// The one failure of an item.
    pub(crate) async fn failure_of(&self, run: &Value, item: u64) -> Value {
        let mut all = self.failures(run, "").await;
        all.retain(|failure| failure["external_id"] == json!(item.to_string()));
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    pub(crate) async fn parked(&self) -> Vec<Value> {
        self.scene.client.all(&self.at("/parked")).await
    }

    /// Whether the variation stands in the catalogue, and is not gone.
    pub(crate) async fn has(&self, variation: u64) -> bool {
        let listed = format!(
            "SELECT count(*) FROM listings WHERE external_id = '{variation}' AND state <> 'gone'"
        );
        self.scene.database.number(&listed).await == 1
    }

    /// Lets the time come that a retry waits for, and gives the run that follows.
    pub(crate) async fn time_for_a_retry(&self, after: &Value) -> Value {
        assert!(self.a_retry_waits().await);
        let now = "UPDATE graphile_worker._private_jobs SET run_at = now()
                   WHERE key LIKE 'retry:%'";
        self.scene.database.run(now).await;
        let run = until("a retry follows", async || {
            let run = self.scene.newest_run(&self.integration).await;
            (run["id"] != after["id"]).then_some(run)
        })
        .await;
        let id = run["id"].as_str().unwrap();
        self.scene.run_ended(&self.integration, id).await
    }

    /// Whether a retry is to follow by itself.
    pub(crate) async fn a_retry_waits(&self) -> bool {
        let waiting = "SELECT count(*) FROM graphile_worker._private_jobs WHERE key LIKE 'retry:%'";
        self.scene.database.number(waiting).await > 0
    }
}

/// The variations of each variable product, by the product.
fn variations(scene: &Scene) -> BTreeMap<u64, Vec<u64>> {
    let mut found = BTreeMap::<u64, Vec<u64>>::new();
    let truth = scene.shop.woocommerce().truth(STORE).unwrap();
    for one in truth.filter(|one| one.id != one.product_id) {
        found.entry(one.product_id).or_default().push(one.id);
    }
    found
}

/// A wish to retry one failure.
pub(crate) fn only(failure: &Value) -> Value {
    json!({ "failure": failure["id"] })
}
