use std::collections::BTreeMap;

use calibr_sandbox::{
    Builder, Fault, Sandbox, Server,
    shopify::{App, Change, Changed, Pace, ShopSettings, Shopify},
};
use chrono::TimeDelta;
use serde_json::Value;
use url::Url;

use super::{Client, Console, Launch, consent, usual_shop};

/// The shop's address.
pub(crate) const SHOP: &str = "acme.myshopify.com";
/// A custom app's token that the shop knows.
pub(crate) const TOKEN: &str = "shpat_11111111111111111111111111111111";
const API_KEY: &str = "calibr-test";
pub(crate) const API_SECRET: &str = "calibr-test-secret";

/// A made-up shop.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) server: Server,
}

/// A variant: price, SKU and title of its product.
pub(crate) type Good = (Option<String>, Option<String>, String);

/// Variants by their id at the shop.
pub(crate) type Goods = BTreeMap<String, Good>;

impl Shop {
    /// A shop with this many variants, odd ones among them.
    pub(crate) async fn open(variants: u32) -> Self {
        Self::open_at_pace(variants, Pace::default()).await
    }

    pub(crate) async fn open_at_pace(variants: u32, bulk_pace: Pace) -> Self {
        Self::open_as(ShopSettings {
            bulk_pace,
            ..usual_shop(variants)
        })
        .await
    }

    pub(crate) async fn open_as(settings: ShopSettings) -> Self {
        Self::open_with(Sandbox::builder().shop(settings)).await
    }

    /// A shop in a sandbox where more is.
    pub(crate) async fn open_with(sandbox: Builder) -> Self {
        let server = sandbox.start("127.0.0.1:0").await.unwrap();
        Self { server }
    }

    /// What the shop's owner and Shopify do.
    pub(crate) fn shopify(&self) -> &Shopify {
        self.server.shopify()
    }

    /// Lets something go wrong.
    pub(crate) fn fails(&self, fault: Fault) {
        self.shopify().add_fault(SHOP, fault).unwrap();
    }

    /// Changes the goods.
    pub(crate) fn change(&self, change: Change) -> Changed {
        self.shopify().change(SHOP, change).unwrap()
    }

    /// Lets time go by at the shop.
    pub(crate) fn advance(&self, step: TimeDelta) {
        self.server.sandbox().clock().advance(step);
    }

    /// How often an operation was asked for, in vain or not.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        let requests = self.server.sandbox().requests();
        requests
            .iter()
            .filter(|request| request.operation.as_deref() == Some(operation))
            .count()
    }

    /// How often tokens were asked for.
    pub(crate) fn token_calls(&self) -> usize {
        let requests = self.server.sandbox().requests();
        requests
            .iter()
            .filter(|request| request.path.ends_with("/oauth/access_token"))
            .count()
    }

    /// Begins to count calls anew.
    pub(crate) fn forget_calls(&self) {
        self.server.sandbox().forget_requests();
    }

    /// Lets a console be connected to it.
    pub(crate) fn known_to(&self, launch: Launch) -> Launch {
        launch
            .variable(
                "SHOPIFY_BASE_URL",
                format!("{}/{{shop}}", self.server.base_url()),
            )
            .variable("SHOPIFY_API_KEY", API_KEY)
            .variable("SHOPIFY_API_SECRET", API_SECRET)
    }

    /// Registers the app of a console, now that its address is known.
    pub(crate) fn register(&self, console: &Console) {
        self.server.shopify().register_app(App {
            client_id: API_KEY.to_owned(),
            client_secret: API_SECRET.to_owned(),
            name: "Calibr Console".to_owned(),
            redirect_prefixes: vec![console.url().to_owned()],
        });
    }

    /// Begins a one-click connect in the owner's browser; gives the consent page's address.
    pub(crate) async fn begin(&self, client: &Client) -> Url {
        consent::begin(client, "shopify", &[("shop", SHOP)]).await
    }

    /// Opens the consent page and answers it (`install` or `cancel`); gives where the browser is sent back to.
    pub(crate) async fn answer(&self, client: &Client, consent: &Url, decision: &str) -> String {
        consent::answer(client, consent, &[("decision", decision)]).await
    }

    /// Connects the shop with one click; gives the integration's id.
    pub(crate) async fn connect(&self, client: &Client) -> String {
        let consent = self.begin(client).await;
        let callback = self.answer(client, &consent, "install").await;
        consent::connected(&client.get(&callback).await)
    }

    /// What the shop really holds.
    pub(crate) fn truth(&self) -> Goods {
        let truth = self.server.shopify().truth(SHOP).unwrap();
        truth
            .map(|one| {
                (
                    number(&one.variant_id),
                    (Some(one.price), filled(one.sku), one.title),
                )
            })
            .collect()
    }

    /// What the console shows of it, but for what is gone; a variant that stands twice is a failure.
    pub(crate) async fn shown(client: &Client) -> Goods {
        let mut goods = Goods::new();
        let listings = client.all(&Client::in_project("listings")).await;
        for listing in listings.iter().filter(|listing| listing["state"] != "gone") {
            let id = number(listing["external_id"].as_str().unwrap());
            let price = listing["price"]["amount_minor"].as_i64();
            let price = price.map(|minor| format!("{}.{:02}", minor / 100, minor % 100));
            let sku = listing["sku"].as_str().map(str::to_owned);
            let title = text(&listing["product_title"]);
            assert!(
                goods.insert(id.clone(), (price, sku, title)).is_none(),
                "variant {id} stands twice"
            );
        }
        goods
    }
}

/// `gid://shopify/ProductVariant/1` and `1` are the same variant.
fn number(id: &str) -> String {
    id.rsplit('/').next().unwrap().to_owned()
}

fn filled(sku: Option<String>) -> Option<String> {
    sku.filter(|sku| !sku.is_empty())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
