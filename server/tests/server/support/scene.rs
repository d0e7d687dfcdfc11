use calibr_sandbox::{
    Sandbox,
    amazon::SellerSettings,
    shopify::{Pace, ShopSettings, StaticToken},
    woocommerce::StoreSettings,
};
use serde_json::{Value, json};

use super::{Client, Console, Database, Launch, PROJECT, SHOP, Shop, TOKEN, fresh_database, until};

/// A shop with this many variants, odd ones among them, and a custom app.
pub(crate) fn usual_shop(variants: u32) -> ShopSettings {
    ShopSettings {
        variants,
        oddities: true,
        tokens: vec![token(TOKEN, "read_products")],
        ..ShopSettings::new(SHOP)
    }
}

/// The same with exports that take until its clock is moved.
pub(crate) fn slow_export(variants: u32) -> ShopSettings {
    ShopSettings {
        bulk_pace: Pace::ObjectsPerSecond(1),
        ..usual_shop(variants)
    }
}

fn token(token: &str, scope: &str) -> StaticToken {
    StaticToken {
        token: token.to_owned(),
        scopes: scope.split(',').map(str::to_owned).collect(),
    }
}

/// A shop, a console on a database of its own, and the owner's browser.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) shop: Shop,
    pub(crate) database: Database,
    pub(crate) launch: Launch,
    pub(crate) console: Console,
    pub(crate) client: Client,
}

impl Scene {
    pub(crate) async fn of(settings: ShopSettings) -> Self {
        Self::around(Shop::open_as(settings).await).await
    }

    /// With a seller on Amazon and a WooCommerce store beside a small shop.
    pub(crate) async fn of_platforms(seller: SellerSettings, store: StoreSettings) -> Self {
        let sandbox = Sandbox::builder()
            .shop(usual_shop(60))
            .seller(seller)
            .store(store);
        Self::around(Shop::open_with(sandbox).await).await
    }

    /// Around a sandbox of one's own.
    pub(crate) async fn around(shop: Shop) -> Self {
        let url = fresh_database().await;
        let launch = shop
            .all_known_to(Launch::on_database(&url))
            .variable("REQUESTS_PER_MINUTE", "100000");
        let console = launch.start().await;
        shop.register(&console);
        shop.register_with_amazon(&console);
        let client = console.set_up().await;
        Self {
            shop,
            database: Database::of(&url),
            launch,
            console,
            client,
        }
    }

    /// With a shop that is connected by hand, its first sync done.
    pub(crate) async fn connected(settings: ShopSettings) -> (Self, String) {
        let scene = Self::of(settings).await;
        let integration = scene.connect().await;
        let run = scene.newest_run_ended(&integration).await;
        assert_eq!(run["status"], "success", "{run}");
        scene.shop.forget_calls();
        (scene, integration)
    }

    /// Its console dies as in a loss of power, and another one starts.
    pub(crate) async fn killed_and_started_again(self) -> Self {
        self.console.kill().await;
        let console = self.launch.start().await;
        let client = console.client();
        client.set_cookie(&self.client.cookie().unwrap());
        Self {
            console,
            client,
            ..self
        }
    }

    /// Gives the shop's custom app another token.
    pub(crate) fn give_token(&self, secret: &str, scope: &str) {
        let token = token(secret, scope);
        let shopify = self.shop.shopify();
        shopify.add_token(SHOP, "custom-app-1", token).unwrap();
    }

    /// Connects the shop by hand; gives the integration's id.
    pub(crate) async fn connect(&self) -> String {
        self.connect_by(&form(SHOP, TOKEN)).await
    }

    /// Connects a store by hand; gives the integration's id.
    pub(crate) async fn connect_by(&self, form: &Value) -> String {
        let integrations = Client::in_project("integrations");
        id(&self.client.post(&integrations, form).await.expect(201))
    }

    /// What the test of a form says, in the browser's way.
    pub(crate) async fn test_form(&self, form: &Value) -> Value {
        let body = json!({ "project": PROJECT, "form": form });
        let tested = self.client.post("/api/fn/test_connection", &body).await;
        tested.expect(200)
    }

    /// An address below an integration's.
    pub(crate) fn at(integration: &str, rest: &str) -> String {
        Client::in_project(&format!("integrations/{integration}{rest}"))
    }

    pub(crate) async fn integration(&self, integration: &str) -> Value {
        self.client
            .get(&Self::at(integration, ""))
            .await
            .expect(200)
    }

    /// What the connection test says.
    pub(crate) async fn test(&self, integration: &str) -> Value {
        let path = Self::at(integration, "/test");
        self.client.post(&path, &json!({})).await.expect(200)
    }

    /// Asks for a run; gives its id.
    pub(crate) async fn start_run(&self, integration: &str, kind: &str) -> String {
        let path = Self::at(integration, "/syncs");
        let answer = self.client.post(&path, &json!({ "type": kind })).await;
        id(&answer.expect(201))
    }

    /// Asks for a run and waits for its end.
    pub(crate) async fn sync(&self, integration: &str, kind: &str) -> Value {
        let run = self.start_run(integration, kind).await;
        self.run_ended(integration, &run).await
    }

    pub(crate) async fn run(&self, integration: &str, run: &str) -> Value {
        let path = Self::at(integration, &format!("/syncs/{run}"));
        self.client.get(&path).await.expect(200)
    }

    /// Waits until a run has come to this status.
    pub(crate) async fn run_is(&self, integration: &str, run: &str, status: &str) -> Value {
        until(&format!("the run is {status}"), async || {
            let run = self.run(integration, run).await;
            (run["status"] == status).then_some(run)
        })
        .await
    }

    /// Waits until a run is in a phase.
    pub(crate) async fn run_reaches(&self, integration: &str, run: &str, phase: &str) {
        until(&format!("the run reaches {phase}"), async || {
            let run = self.run(integration, run).await;
            assert!(is_active(&run), "{run}");
            (run["status"] == "syncing" && run["phase"] == phase).then_some(())
        })
        .await;
    }

    /// Waits for a run's end.
    pub(crate) async fn run_ended(&self, integration: &str, run: &str) -> Value {
        let ended = until("the run ends", async || {
            let run = self.run(integration, run).await;
            (!is_active(&run)).then_some(run)
        })
        .await;
        self.client.assert_it_adds_up(run).await;
        ended
    }

    /// Waits until the shop works on so many exports since calls are counted.
    pub(crate) async fn export_begins(&self, exports: usize) {
        until("the export begins", async || {
            (self.shop.calls("CalibrStartExport") == exports).then_some(())
        })
        .await;
    }

    pub(crate) async fn newest_run(&self, integration: &str) -> Value {
        let path = Self::at(integration, "/syncs");
        self.client.all(&path).await.swap_remove(0)
    }

    pub(crate) async fn newest_run_ended(&self, integration: &str) -> Value {
        let run = id(&self.newest_run(integration).await);
        self.run_ended(integration, &run).await
    }

    /// Waits until the console's log says this.
    pub(crate) async fn console_says(&self, words: &str) {
        let log = async || self.console.log().contains(words).then_some(());
        until(&format!("the log says {words:?}"), log).await;
    }

    /// Everything the shop has stands there, once.
    pub(crate) async fn assert_all_there(&self) {
        assert_eq!(Shop::shown(&self.client).await, self.shop.truth());
    }

    /// A form to connect a shop by hand.
    pub(crate) fn form(shop: &str, token: &str) -> Value {
        form(shop, token)
    }
}

fn form(shop: &str, token: &str) -> Value {
    json!({
        "platform": "shopify", "name": "Acme Shop",
        "config": { "shop": shop }, "credentials": { "access_token": token },
    })
}

fn id(view: &Value) -> String {
    view["id"].as_str().unwrap().to_owned()
}

fn is_active(run: &Value) -> bool {
    run["status"] == "queued" || run["status"] == "syncing"
}
