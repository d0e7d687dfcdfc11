//! Amazon and WooCommerce beside the shop.

use std::collections::BTreeMap;

use calibr_sandbox::{
    amazon::{Amazon, AmazonApp, SellerSettings, SellerToken},
    woocommerce::{ApiKey, StoreSettings, WooCommerce},
};
use serde_json::{Value, json};
use url::Url;

use super::{Client, Console, Launch, Shop, consent};

/// A seller on amazon.de, and their private application's token.
pub(crate) const SELLER: &str = "A2ACMEOUTDOOR";
pub(crate) const REFRESH_TOKEN: &str = "Atzr|calibr-test";
/// A WooCommerce store's folder, and a key of it.
pub(crate) const STORE: &str = "acme";
pub(crate) const CONSUMER_KEY: &str = "ck_1111111111111111111111111111111111111111";
pub(crate) const CONSUMER_SECRET: &str = "cs_1111111111111111111111111111111111111111";

const APPLICATION: &str = "amzn1.sp.solution.calibr-test";
const CLIENT_ID: &str = "amzn1.application-oa2-client.calibr-test";
pub(crate) const CLIENT_SECRET: &str = "amzn1.oa2-cs.v1.calibr-test";

/// Listings by their id at the store: price, SKU, title of the product.
pub(crate) type Listings = BTreeMap<String, (Option<String>, Option<String>, String)>;

/// A seller with this many listings, whom Amazon admits a thousand times the published rates.
pub(crate) fn usual_seller(listings: u32) -> SellerSettings {
    SellerSettings {
        name: "Acme".to_owned(),
        listings,
        faster: 1_000.0,
        polls: 1,
        tokens: vec![SellerToken {
            refresh_token: REFRESH_TOKEN.to_owned(),
            client_id: CLIENT_ID.to_owned(),
        }],
        ..SellerSettings::new(SELLER)
    }
}

/// A WooCommerce store with this many variants.
pub(crate) fn usual_store(variants: u32) -> StoreSettings {
    StoreSettings {
        title: "Acme Outlet".to_owned(),
        variants,
        keys: vec![ApiKey::new(CONSUMER_KEY, CONSUMER_SECRET)],
        ..StoreSettings::new(STORE)
    }
}

impl Shop {
    pub(crate) fn amazon(&self) -> &Amazon {
        self.server.amazon()
    }

    pub(crate) fn woocommerce(&self) -> &WooCommerce {
        self.server.woocommerce()
    }

    /// Where the WooCommerce store is.
    pub(crate) fn store_url(&self) -> String {
        format!("{}/{STORE}", self.server.base_url())
    }

    /// Lets a console be connected to Amazon here, and to stores on this machine.
    pub(crate) fn all_known_to(&self, launch: Launch) -> Launch {
        let base = self.server.base_url();
        self.known_to(launch)
            .variable("AMAZON_LWA_URL", format!("{base}/amazon"))
            .variable("AMAZON_API_URL", format!("{base}/amazon/{{region}}"))
            .variable("AMAZON_APPLICATION_ID", APPLICATION)
            .variable("AMAZON_CLIENT_ID", CLIENT_ID)
            .variable("AMAZON_CLIENT_SECRET", CLIENT_SECRET)
            .variable("OUTBOUND_ALLOW", "127.0.0.1")
    }

    /// Registers the Amazon application of a console, now that its address is known.
    pub(crate) fn register_with_amazon(&self, console: &Console) {
        self.amazon().register_app(AmazonApp {
            application_id: APPLICATION.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            name: "Calibr Console".to_owned(),
            redirect_prefixes: vec![console.url().to_owned()],
            secret_made_at: None,
        });
    }

    /// What the seller really offers.
    pub(crate) fn seller_truth(&self) -> Listings {
        let truth = self.amazon().truth(SELLER).unwrap();
        truth
            .into_iter()
            .map(|one| (one.sku.clone(), (one.price, Some(one.sku), one.title)))
            .collect()
    }

    /// What the WooCommerce store really sells.
    pub(crate) fn store_truth(&self) -> Listings {
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let truth = self.woocommerce().truth(STORE).unwrap();
        truth
            .map(|one| {
                let good = (filled(one.price), filled(one.sku), one.title);
                (one.id.to_string(), good)
            })
            .collect()
    }
}

/// What the console shows of a platform's listings, but for those that are gone.
pub(crate) async fn shown(client: &Client, platform: &str) -> Listings {
    let listings = client.all(&Client::in_project("listings")).await;
    let of_platform = listings
        .iter()
        .filter(|listing| listing["platform"] == platform && listing["state"] != "gone");
    let mut shown = Listings::new();
    for listing in of_platform {
        let text = |field: &str| listing[field].as_str().map(str::to_owned);
        let price = listing["price"]["amount_minor"].as_i64();
        let price = price.map(|minor| format!("{}.{:02}", minor / 100, minor % 100));
        let good = (price, text("sku"), text("product_title").unwrap());
        let id = text("external_id").unwrap();
        assert!(
            shown.insert(id.clone(), good).is_none(),
            "{id} stands twice"
        );
    }
    shown
}

/// A form to connect the seller by hand.
pub(crate) fn seller_form(refresh_token: &str) -> Value {
    seller_form_of(SELLER, refresh_token)
}

/// The same for another seller.
pub(crate) fn seller_form_of(seller: &str, refresh_token: &str) -> Value {
    json!({
        "platform": "amazon", "name": "",
        "config": { "marketplace_id": "amazon.de", "seller_id": seller },
        "credentials": { "refresh_token": refresh_token },
    })
}

/// A form to connect the WooCommerce store by hand.
pub(crate) fn store_form(url: &str, key: &str, secret: &str) -> Value {
    json!({
        "platform": "woocommerce", "name": "",
        "config": { "url": url },
        "credentials": { "consumer_key": key, "consumer_secret": secret },
    })
}

/// Begins to connect the seller with one click.
pub(crate) async fn begin_amazon(client: &Client) -> Url {
    consent::begin(client, "amazon", &[("marketplace_id", "amazon.de")]).await
}

/// Begins to connect the WooCommerce store with one click.
pub(crate) async fn begin_woocommerce(shop: &Shop, client: &Client) -> Url {
    consent::begin(client, "woocommerce", &[("url", &shop.store_url())]).await
}
