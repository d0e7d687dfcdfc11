//! The demo's stores: what they are made of, and how each is connected.

use std::collections::BTreeMap;

use calibr_sandbox::{
    Sandbox,
    amazon::{AmazonApp, SellerSettings},
    shopify::{App, ShopSettings},
    woocommerce::StoreSettings,
};
use url::Url;

use crate::{
    config::{AmazonTexts, Settings, ShopifyTexts},
    error::ServerError,
};

/// Where the sandbox is: the console there may call nothing else that is not on the public internet.
const LOOPBACK: &str = "127.0.0.1";

const BUSINESS: &str = "Nordlicht Outdoor";
/// All three sell the same goods, the smaller ones the first of them: a catalogue of 1,000 variants or more begins
/// alike however many follow.
const SEED: u64 = 20;
/// Some 300 products' worth, odd ones among them.
const VARIANTS: u32 = 1_930;
const LISTINGS: u32 = 1_200;
const VARIANTS_OF_OUTLET: u32 = 1_000;

const SHOP: &str = "nordlicht-outdoor.myshopify.com";
const SELLER: &str = "A1NORDLICHT7Q";
const OUTLET: &str = "nordlicht-outlet";

/// The apps, as the platforms know them. Their secrets guard nothing: the stores are made up.
const APP: &str = "calibr-demo";
const APP_SECRET: &str = "calibr-demo-secret";
const APP_NAME: &str = "Calibr Console";
const AMAZON_APPLICATION: &str = "amzn1.sp.solution.calibr-demo";

/// One of them, as its owner connects it.
#[derive(Debug)]
pub(super) struct DemoStore {
    /// The platform.
    pub(super) platform: &'static str,
    /// What the integration's address holds.
    pub(super) address: String,
    /// What is entered before the consent.
    pub(super) fields: BTreeMap<String, String>,
    /// What is filled in on the consent page.
    pub(super) answer: &'static [(&'static str, &'static str)],
}

/// The stores, not served yet.
///
/// # Errors
/// [`ServerError::Sandbox`].
pub(super) fn sandbox(console: &Url) -> Result<Sandbox, ServerError> {
    let redirect_prefixes = vec![console.as_str().trim_end_matches('/').to_owned()];
    let app = App {
        client_id: APP.to_owned(),
        client_secret: APP_SECRET.to_owned(),
        name: APP_NAME.to_owned(),
        redirect_prefixes: redirect_prefixes.clone(),
    };
    let shop = ShopSettings {
        name: BUSINESS.to_owned(),
        variants: VARIANTS,
        seed: SEED,
        oddities: true,
        ..ShopSettings::new(SHOP)
    };
    let amazon_app = AmazonApp {
        application_id: AMAZON_APPLICATION.to_owned(),
        client_id: APP.to_owned(),
        client_secret: APP_SECRET.to_owned(),
        name: APP_NAME.to_owned(),
        redirect_prefixes,
        secret_made_at: None,
    };
    let seller = SellerSettings {
        name: BUSINESS.to_owned(),
        listings: LISTINGS,
        seed: SEED,
        oddities: true,
        ..SellerSettings::new(SELLER)
    };
    let outlet = StoreSettings {
        title: "Nordlicht Outlet".to_owned(),
        variants: VARIANTS_OF_OUTLET,
        seed: SEED,
        oddities: true,
        ..StoreSettings::new(OUTLET)
    };
    let sandbox = Sandbox::builder()
        .app(app)
        .shop(shop)
        .amazon_app(amazon_app)
        .seller(seller)
        .store(outlet);
    Ok(sandbox.build()?)
}

/// Tells the console where the platforms are that are served at `origin`.
///
/// # Errors
/// None in practice: loopback can be allowed.
pub(super) fn tell(settings: &mut Settings, origin: &str) -> Result<(), ServerError> {
    settings.shopify = ShopifyTexts {
        api_key: Some(APP.to_owned()),
        api_secret: Some(APP_SECRET.into()),
        base_url: Some(format!("{origin}/{{shop}}")),
    };
    settings.amazon = AmazonTexts {
        application_id: Some(AMAZON_APPLICATION.to_owned()),
        client_id: Some(APP.to_owned()),
        client_secret: Some(APP_SECRET.into()),
        lwa_url: Some(format!("{origin}/amazon")),
        api_url: Some(format!("{origin}/amazon/{{region}}")),
    };
    let allow = std::mem::take(&mut settings.outbound.allow);
    settings.outbound.allow = allow.and(LOOPBACK.parse()?);
    Ok(())
}

/// The stores that are served at `origin`, in the order they are connected.
pub(super) fn all(origin: &str) -> [DemoStore; 3] {
    let entered = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
    let outlet = format!("{origin}/{OUTLET}");
    [
        DemoStore {
            platform: "shopify",
            address: SHOP.to_owned(),
            fields: entered("shop", SHOP.to_owned()),
            answer: &[("decision", "install")],
        },
        DemoStore {
            platform: "amazon",
            address: SELLER.to_owned(),
            fields: entered("marketplace_id", "amazon.de".to_owned()),
            answer: &[("decision", "confirm"), ("seller", SELLER)],
        },
        DemoStore {
            platform: "woocommerce",
            address: outlet.trim_start_matches("http://").to_owned(),
            fields: entered("url", outlet),
            answer: &[],
        },
    ]
}
