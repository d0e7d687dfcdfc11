use std::net::TcpListener;

use calibr_sandbox::{
    Sandbox, Server,
    woocommerce::{ApiKey, StoreChange, StoreChanged, StoreSettings, WooCommerce},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Client, Console, Database, Launch, fresh_database, until};

const STORE: &str = "outlet";
const KEY: &str = "ck_1111111111111111111111111111111111111111";
const SECRET: &str = "cs_2222222222222222222222222222222222222222";

/// A store that sends messages, and a console that it reaches.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) launch: Launch,
    pub(crate) console: Console,
    pub(crate) client: Client,
}

impl Outlet {
    pub(crate) async fn open(variants: u32) -> Self {
        let settings = StoreSettings {
            variants,
            keys: vec![ApiKey::new(KEY, SECRET)],
            ..StoreSettings::new(STORE)
        };
        let builder = Sandbox::builder().store(settings);
        let server = builder.start("127.0.0.1:0").await.unwrap();
        let url = fresh_database().await;
        let port = free_port();
        let launch = Launch::on_database(&url)
            .variable("REQUESTS_PER_MINUTE", "100000")
            .variable("OUTBOUND_ALLOW", "127.0.0.1")
            .variable("PUBLIC_URL", format!("http://127.0.0.1:{port}"));
        let console = launch.start_at(port).await;
        let client = console.set_up().await;
        Self {
            server,
            database: Database::of(&url),
            launch,
            console,
            client,
        }
    }

    /// With the store connected by hand, its first sync done.
    pub(crate) async fn connected(variants: u32) -> (Self, String) {
        let outlet = Self::open(variants).await;
        let integration = outlet.connect().await;
        let run = outlet.quiet(&integration).await;
        assert_eq!(run["status"], "success", "{run}");
        (outlet, integration)
    }

    pub(crate) async fn connect(&self) -> String {
        let form = json!({
            "platform": "woocommerce", "name": "Outlet",
            "config": { "url": format!("{}/{STORE}", self.server.base_url()) },
            "credentials": { "consumer_key": KEY, "consumer_secret": SECRET },
        });
        let path = Client::in_project("integrations");
        let view = self.client.post(&path, &form).await.expect(201);
        view["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn woo(&self) -> &WooCommerce {
        self.server.woocommerce()
    }

    pub(crate) fn change(&self, change: StoreChange) -> StoreChanged {
        self.woo().change(STORE, change).unwrap()
    }

    /// Gives a listing another price.
    pub(crate) fn reprice(&self, listing: u64, price: &str) {
        self.change(StoreChange::UpdateListing {
            listing,
            regular_price: Some(price.to_owned()),
            sale_price: Some(String::new()),
            sku: None,
            stock: None,
        });
    }

    pub(crate) fn fails(&self, fault: calibr_sandbox::Fault) {
        self.woo().add_fault(STORE, fault).unwrap();
    }

    /// How often the store's API was called.
    pub(crate) fn requests(&self) -> u64 {
        self.woo().counters(STORE).unwrap().requests
    }

    /// Ends the store's keys and makes another with the same name.
    pub(crate) fn replace_secret(&self, secret: &str) {
        self.woo().revoke_keys(STORE).unwrap();
        self.woo().add_key(STORE, ApiKey::new(KEY, secret)).unwrap();
    }

    /// The listings as they are at the store: id, product, and price.
    pub(crate) fn truth(&self) -> Vec<(u64, u64, String)> {
        let truth = self.woo().truth(STORE).unwrap();
        truth
            .map(|one| (one.id, one.product_id, one.price))
            .collect()
    }

    /// Everything the store has stands there, at its price.
    pub(crate) async fn is_in_step(&self) {
        until("the console shows what the store has", async || {
            let mut shown: Vec<(String, Option<i64>)> = Vec::new();
            for listing in self.client.all(&Client::in_project("listings")).await {
                if listing["state"] != "gone" {
                    let id = listing["external_id"].as_str().unwrap().to_owned();
                    shown.push((id, listing["price"]["amount_minor"].as_i64()));
                }
            }
            shown.sort();
            let mut truth: Vec<(String, Option<i64>)> = self
                .truth()
                .into_iter()
                .map(|(id, _, price)| (id.to_string(), price.replace('.', "").parse().ok()))
                .collect();
            truth.sort();
            (shown == truth).then_some(())
        })
        .await;
    }

    /// Waits until neither a run nor a message is under way; gives the newest run.
    pub(crate) async fn quiet(&self, integration: &str) -> Value {
        let run = self.until_quiet(integration).await;
        let id = run["id"].as_str().unwrap();
        self.client.assert_it_adds_up(id).await;
        run
    }

    async fn until_quiet(&self, integration: &str) -> Value {
        until("nothing is under way", async || {
            let waiting =
                "SELECT (SELECT count(*) FROM sync_runs WHERE status IN ('queued', 'syncing'))
                                + (SELECT count(*) FROM webhook_deliveries WHERE state = 'queued')";
            if self.database.number(waiting).await > 0 {
                return None;
            }
            Some(self.runs(integration).await.swap_remove(0))
        })
        .await
    }

    /// The runs of an integration, newest first.
    pub(crate) async fn runs(&self, integration: &str) -> Vec<Value> {
        self.client.all(&Self::at(integration, "/syncs")).await
    }

    pub(crate) fn at(integration: &str, rest: &str) -> String {
        Client::in_project(&format!("integrations/{integration}{rest}"))
    }

    pub(crate) async fn webhooks(&self, integration: &str) -> Value {
        let path = Self::at(integration, "/webhooks");
        self.client.get(&path).await.expect(200)
    }

    /// The log, newest first.
    pub(crate) async fn log(&self, integration: &str) -> Vec<Value> {
        let path = Self::at(integration, "/webhooks/deliveries");
        self.client.all(&path).await
    }

    /// Waits for a message in the log.
    pub(crate) async fn logged(
        &self,
        integration: &str,
        what: &str,
        is_it: impl Fn(&Value) -> bool,
    ) -> Value {
        until(what, async || {
            let log = self.log(integration).await;
            log.into_iter().find(&is_it)
        })
        .await
    }

    /// The subscriptions as the store has them: id, topic, address.
    pub(crate) fn all_subscriptions(&self) -> Vec<(u64, String, String)> {
        self.woo().webhooks(STORE).unwrap()
    }

    /// The ids of the subscriptions of a topic, as the store has them.
    pub(crate) fn subscriptions(&self, topic: &str) -> Vec<u64> {
        let all = self.all_subscriptions();
        all.into_iter()
            .filter(|(_, of, _)| of == topic)
            .map(|(id, ..)| id)
            .collect()
    }

    /// Stops the store from sending, as it does after failures.
    pub(crate) fn disable(&self, webhook: u64) {
        let woo = self.woo();
        assert!(woo.set_webhook_status(STORE, webhook, "disabled").unwrap());
    }

    /// Sends a message as the store would, signed by the subscription of its topic.
    pub(crate) async fn send(
        &self,
        integration: &str,
        topic: &str,
        delivery_id: &str,
        body: &str,
    ) -> Answer {
        let webhook = self.subscriptions(topic)[0];
        let signature = self
            .woo()
            .webhook_signature(STORE, webhook, body.as_bytes())
            .unwrap()
            .unwrap();
        let headers = [
            ("x-wc-webhook-topic", topic),
            ("x-wc-webhook-signature", &signature),
            ("x-wc-webhook-delivery-id", delivery_id),
        ];
        self.post(
            &format!("/api/webhooks/woocommerce/{integration}"),
            &headers,
            body,
        )
        .await
    }

    /// Posts what anybody could, from elsewhere: without a session and with a foreign origin.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let stranger = self.console.client();
        let mut request = stranger
            .request(Method::POST, path)
            .header("origin", "https://shop.example")
            .header("content-type", "application/json")
            .body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        stranger.send(request).await
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
