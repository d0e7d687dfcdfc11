//! A bad day for many stores: three consoles that are killed again and again, twelve stores that answer badly.

use std::{collections::BTreeMap, env, time::Duration};

use calibr_sandbox::{
    Fault, FaultKind, Sandbox,
    amazon::{ListingChange, SellerSettings},
    shopify::{Change, ShopSettings, StaticToken},
    woocommerce::{ApiKey, StoreChange, StoreSettings},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    Client, Console, Database, Launch, Shop, TOKEN, fresh_database,
    platforms::{CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, seller_form_of, usual_seller},
    until,
};

const REPLICAS: usize = 3;

/// A number from the environment: `make soak` asks for more than `make test`.
fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |value| value.parse().unwrap())
}

/// One store, at the sandbox and in the console.
enum Store {
    Shop(String),
    Woo(String),
    Seller(String),
}

impl Store {
    fn all() -> Vec<Self> {
        let shops = (1..=5).map(|number| Self::Shop(format!("soak-{number}.myshopify.com")));
        let woos = (1..=4).map(|number| Self::Woo(format!("soak-{number}")));
        let sellers = (1..=3).map(|number| Self::Seller(format!("A2SOAK{number}OUTDOOR")));
        shops.chain(woos).chain(sellers).collect()
    }

    fn form(&self, shop: &Shop) -> Value {
        match self {
            Self::Shop(domain) => json!({
                "platform": "shopify", "name": domain,
                "config": { "shop": domain }, "credentials": { "access_token": TOKEN },
            }),
            Self::Woo(name) => json!({
                "platform": "woocommerce", "name": name,
                "config": { "url": format!("{}/{name}", shop.server.base_url()) },
                "credentials": { "consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET },
            }),
            Self::Seller(id) => seller_form_of(id, &format!("{REFRESH_TOKEN}-{id}")),
        }
    }

    /// Prices by id, as they are at the store.
    fn truth(&self, shop: &Shop) -> BTreeMap<String, String> {
        match self {
            Self::Shop(domain) => shop
                .shopify()
                .truth(domain)
                .unwrap()
                .map(|one| (one.variant_id, one.price))
                .collect(),
            Self::Woo(name) => shop
                .woocommerce()
                .truth(name)
                .unwrap()
                .map(|one| (one.id.to_string(), one.price))
                .collect(),
            Self::Seller(id) => shop
                .amazon()
                .truth(id)
                .unwrap()
                .into_iter()
                .map(|one| (one.sku, one.price.unwrap_or_default()))
                .collect(),
        }
    }

    /// Gives one of its goods another price.
    fn reprice(&self, shop: &Shop, round: u64) {
        let price = format!("{}.{:02}", 10 + round % 90, round % 100);
        let goods = self.truth(shop);
        let place = usize::try_from(round).unwrap() * 7 % goods.len();
        let id = goods.into_keys().nth(place).unwrap();
        match self {
            Self::Shop(domain) => {
                let change = Change::UpdateVariant {
                    variant: id,
                    price: Some(price),
                    compare_at_price: None,
                    sku: None,
                    stock: None,
                };
                shop.shopify().change(domain, change).unwrap();
            }
            Self::Woo(name) => {
                let change = StoreChange::UpdateListing {
                    listing: id.parse().unwrap(),
                    regular_price: Some(price),
                    sale_price: Some(String::new()),
                    sku: None,
                    stock: None,
                };
                shop.woocommerce().change(name, change).unwrap();
            }
            Self::Seller(seller) => {
                let change = ListingChange::Update {
                    sku: id,
                    price: Some(price),
                    stock: None,
                    title: None,
                };
                shop.amazon().change(seller, change).unwrap();
            }
        }
    }

    /// Lets it answer badly from now on, or well again.
    fn is_bad(&self, shop: &Shop, bad: bool) {
        let often = |kind, share| Fault {
            probability: Some(share),
            ..Fault::once(kind)
        };
        let faults = if bad {
            vec![
                often(FaultKind::ServerError { status: 503 }, 0.04),
                often(FaultKind::CutConnection, 0.03),
                often(FaultKind::Throttled, 0.03),
                often(
                    FaultKind::TooManyRequests {
                        retry_after_seconds: Some(1),
                    },
                    0.02,
                ),
                often(
                    FaultKind::Slow {
                        delay_milliseconds: 150,
                    },
                    0.05,
                ),
            ]
        } else {
            Vec::new()
        };
        match self {
            Self::Shop(domain) => {
                shop.shopify().clear_faults(domain).unwrap();
                for fault in faults {
                    shop.shopify().add_fault(domain, fault).unwrap();
                }
            }
            Self::Woo(name) => {
                shop.woocommerce().clear_faults(name).unwrap();
                for fault in faults {
                    shop.woocommerce().add_fault(name, fault).unwrap();
                }
            }
            Self::Seller(id) => {
                shop.amazon().clear_faults(id).unwrap();
                for fault in faults {
                    shop.amazon().add_fault(id, fault).unwrap();
                }
            }
        }
    }
}

/// The sandbox with all the stores.
async fn sandbox(stores: &[Store], variants: u32) -> Shop {
    let mut sandbox = Sandbox::builder();
    for store in stores {
        sandbox = match store {
            Store::Shop(domain) => sandbox.shop(ShopSettings {
                variants,
                tokens: vec![StaticToken {
                    token: TOKEN.to_owned(),
                    scopes: vec!["read_products".to_owned()],
                }],
                ..ShopSettings::new(domain)
            }),
            Store::Woo(name) => sandbox.store(StoreSettings {
                variants,
                keys: vec![ApiKey::new(CONSUMER_KEY, CONSUMER_SECRET)],
                ..StoreSettings::new(name)
            }),
            Store::Seller(id) => {
                let usual = usual_seller(variants);
                let mut tokens = usual.tokens.clone();
                for token in &mut tokens {
                    token.refresh_token = format!("{REFRESH_TOKEN}-{id}");
                }
                sandbox.seller(SellerSettings {
                    tokens,
                    seller_id: id.clone(),
                    ..usual
                })
            }
        };
    }
    Shop::open_with(sandbox).await
}

struct Soak {
    shop: Shop,
    stores: Vec<(Store, String)>,
    launch: Launch,
    consoles: Vec<Console>,
    cookie: String,
    database: Database,
}

impl Soak {
    async fn begin(variants: u32) -> Self {
        let stores = Store::all();
        let shop = sandbox(&stores, variants).await;
        let url = fresh_database().await;
        let launch = shop
            .all_known_to(Launch::on_database(&url))
            .variable("REQUESTS_PER_MINUTE", "100000");
        let mut consoles = Vec::new();
        for _ in 0..REPLICAS {
            consoles.push(launch.start().await);
        }
        shop.register(&consoles[0]);
        shop.register_with_amazon(&consoles[0]);
        let client = consoles[0].set_up().await;
        let mut connected = Vec::new();
        for store in stores {
            let integrations = Client::in_project("integrations");
            let made = client
                .post(&integrations, &store.form(&shop))
                .await
                .expect(201);
            store.is_bad(&shop, true);
            connected.push((store, made["id"].as_str().unwrap().to_owned()));
        }
        Self {
            shop,
            stores: connected,
            launch,
            consoles,
            cookie: client.cookie().unwrap(),
            database: Database::of(&url),
        }
    }

    /// The owner's browser at one of the replicas.
    fn client(&self, replica: usize) -> Client {
        let client = self.consoles[replica].client();
        client.set_cookie(&self.cookie);
        client
    }

    /// Asks for a sync of every store that has none under way.
    async fn ask_for_syncs(&self, replica: usize) {
        let client = self.client(replica);
        for (_, integration) in &self.stores {
            let syncs = Client::in_project(&format!("integrations/{integration}/syncs"));
            let asked = client.post(&syncs, &json!({ "type": "incremental" })).await;
            assert!([201, 409].contains(&asked.status), "{}", asked.text());
        }
    }

    /// Waits until work is under way, kills a replica in it, and starts another in its place.
    async fn kill(&mut self, replica: usize) {
        until("runs are under way", async || {
            let under_way = "SELECT count(*) FROM sync_runs
                             WHERE status = 'syncing' AND lease_until > now()";
            (self.database.number(under_way).await > 0).then_some(())
        })
        .await;
        self.consoles.remove(replica).kill().await;
        let fresh = self.launch.start().await;
        self.consoles.insert(replica, fresh);
    }

    async fn is_quiet(&self) {
        // Each replica's runs are taken over within a minute of its death, one after the other.
        for _ in 0..4 {
            let quiet = tokio::time::timeout(Duration::from_secs(90), async {
                loop {
                    let active =
                        "SELECT count(*) FROM sync_runs WHERE status IN ('queued', 'syncing')";
                    if self.database.number(active).await == 0 {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
            if quiet.await.is_ok() {
                return;
            }
        }
        let stuck: Vec<(String, String)> = self
            .database
            .rows("SELECT id::text, coalesce(error, phase) FROM sync_runs WHERE status IN ('queued', 'syncing')")
            .await;
        panic!("runs are stuck: {stuck:?}");
    }

    async fn assert_every_store_is_as_it_is(&self) {
        let client = self.client(0);
        let mut shown: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for listing in client.all(&Client::in_project("listings")).await {
            if listing["state"] == "gone" {
                continue;
            }
            let text = |field: &str| listing[field].as_str().unwrap().to_owned();
            let minor = listing["price"]["amount_minor"]
                .as_i64()
                .unwrap_or_default();
            let price = format!("{}.{:02}", minor / 100, minor % 100);
            let of_store = shown.entry(text("integration_id")).or_default();
            let id = text("external_id");
            assert!(
                of_store.insert(id.clone(), price).is_none(),
                "{id} stands twice"
            );
        }
        for (store, integration) in &self.stores {
            let truth = store.truth(&self.shop);
            assert_eq!(shown.get(integration), Some(&truth), "{integration}");
        }
    }

    /// What runs and integrations say of themselves is what is in the tables.
    async fn assert_counters_are_true(&self) {
        for wrong in [
            "SELECT count(*) FROM sync_runs r WHERE r.items_failed <>
                 (SELECT count(*) FROM item_failures f
                  WHERE f.project_id = r.project_id AND f.run_id = r.id)",
            "SELECT count(*) FROM integrations i WHERE i.item_count <>
                 (SELECT count(*) FROM listings l WHERE l.project_id = i.project_id
                  AND l.integration_id = i.id AND l.state <> 'gone')",
            "SELECT count(*) FROM sync_runs WHERE status NOT IN ('queued', 'syncing')
                 AND (completed_at IS NULL OR lease_owner IS NOT NULL OR checkpoint IS NOT NULL)",
            "SELECT count(*) FROM sync_run_phases p JOIN sync_runs r
                 ON r.project_id = p.project_id AND r.id = p.run_id
                 WHERE r.completed_at IS NOT NULL AND p.ended_at IS NULL",
            "SELECT count(*) FROM sync_run_seen",
            // An import counts each of its items once, however often it was taken up.
            "SELECT count(*) FROM sync_runs r JOIN integrations i
                 ON i.project_id = r.project_id AND i.id = r.integration_id
                 WHERE r.type = 'full' AND r.status = 'success'
                   AND r.items_created + r.items_updated + r.items_unchanged <> i.item_count",
        ] {
            assert_eq!(self.database.number(wrong).await, 0, "{wrong}");
        }
    }
}

/// `CALIBR_SOAK_KILLS` says how often each replica is killed, and `CALIBR_SOAK_MINUTES` over how long.
#[tokio::test]
async fn stores_that_answer_badly_and_consoles_that_are_killed_end_in_step() {
    let kills = setting("CALIBR_SOAK_KILLS", 1);
    let minutes = setting("CALIBR_SOAK_MINUTES", 0);
    let variants = u32::try_from(setting("CALIBR_SOAK_VARIANTS", 60)).unwrap();
    let mut soak = Soak::begin(variants).await;
    let begun = Instant::now();
    let (mut round, all) = (0, kills * REPLICAS as u64);
    while round < all {
        for (store, _) in &soak.stores {
            store.reprice(&soak.shop, round);
        }
        let replica = usize::try_from(round).unwrap() % REPLICAS;
        soak.ask_for_syncs((replica + 1) % REPLICAS).await;
        soak.kill(replica).await;
        round += 1;
        let due = begun + Duration::from_secs(60 * minutes * round / all);
        tokio::time::sleep_until(due).await;
    }
    for (store, _) in &soak.stores {
        store.is_bad(&soak.shop, false);
    }
    soak.is_quiet().await;
    // What was asked for while another run was under way.
    soak.ask_for_syncs(0).await;
    soak.is_quiet().await;
    soak.assert_every_store_is_as_it_is().await;
    soak.assert_counters_are_true().await;
}
