use std::net::SocketAddr;

use calibr_sandbox::{
    Sandbox,
    amazon::{AmazonApp, SellerSettings, SellerToken},
    shopify::{App, ShopSettings, StaticToken},
    woocommerce::{ApiKey, StoreSettings},
};
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::output::say;
use crate::{error::ServerError, startup::cancel_on_signal};

/// What `calibr sandbox` takes.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "CALIBR_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:4010"
    )]
    listen: SocketAddr,
    /// The shop's address
    #[arg(
        long,
        env = "CALIBR_SHOP",
        value_name = "NAME.myshopify.com",
        default_value = "sandbox.myshopify.com"
    )]
    shop: String,
    /// How many variants each store has
    #[arg(
        long,
        env = "CALIBR_VARIANTS",
        value_name = "COUNT",
        default_value_t = 1_000
    )]
    variants: u32,
    /// Where the console is that may be connected
    #[arg(
        long,
        env = "CALIBR_CONSOLE",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    console: String,
}

/// A custom app's token that is always good here; it opens nothing anywhere else.
const TOKEN: &str = "shpat_00000000000000000000000000000000";
/// The folder of the WooCommerce store.
const STORE: &str = "woo";
/// A key that is always good at the WooCommerce store, and nowhere else.
const CONSUMER_KEY: &str = "ck_0000000000000000000000000000000000000000";
/// Its secret.
const CONSUMER_SECRET: &str = "cs_0000000000000000000000000000000000000000";
/// How many orders the last 90 days brought each store.
const ORDERS: u32 = 600;

/// A seller's refresh token, likewise.
const REFRESH_TOKEN: &str = "Atzr|calibr-sandbox";
/// The seller it is of.
const SELLER: &str = "A2SANDBOX12345";

/// Serves the sandbox until SIGTERM or SIGINT.
///
/// # Errors
/// [`ServerError::Sandbox`].
pub(super) async fn run(args: SandboxArgs) -> Result<(), ServerError> {
    let stopping = CancellationToken::new();
    cancel_on_signal(stopping.clone()).map_err(ServerError::Runtime)?;
    let app = App {
        client_id: "calibr-sandbox".to_owned(),
        client_secret: "calibr-sandbox-secret".to_owned(),
        name: "Calibr Console".to_owned(),
        redirect_prefixes: vec![args.console.trim_end_matches('/').to_owned()],
    };
    let token = StaticToken {
        token: TOKEN.to_owned(),
        scopes: ["write_products", "read_orders"]
            .map(str::to_owned)
            .to_vec(),
    };
    let shop = ShopSettings {
        variants: args.variants,
        oddities: true,
        orders: ORDERS,
        tokens: vec![token],
        ..ShopSettings::new(&args.shop)
    };
    let store = StoreSettings {
        title: "Sandbox Store".to_owned(),
        variants: args.variants,
        oddities: true,
        orders: ORDERS,
        keys: vec![ApiKey::new(CONSUMER_KEY, CONSUMER_SECRET)],
        ..StoreSettings::new(STORE)
    };
    let amazon_app = AmazonApp {
        application_id: "amzn1.sp.solution.calibr-sandbox".to_owned(),
        client_id: "calibr-sandbox".to_owned(),
        client_secret: "calibr-sandbox-secret".to_owned(),
        name: "Calibr Console".to_owned(),
        redirect_prefixes: vec![args.console.trim_end_matches('/').to_owned()],
        secret_made_at: None,
    };
    let seller = SellerSettings {
        listings: args.variants,
        orders: args.variants / 2,
        oddities: true,
        tokens: vec![SellerToken {
            refresh_token: REFRESH_TOKEN.to_owned(),
            client_id: amazon_app.client_id.clone(),
        }],
        ..SellerSettings::new(SELLER)
    };
    let server = Sandbox::builder()
        .app(app.clone())
        .shop(shop)
        .store(store)
        .amazon_app(amazon_app.clone())
        .seller(seller)
        .start(&args.listen.to_string())
        .await?;
    let base = server.base_url();
    say(&format!("listening on {base}"));
    say(&format!(
        "\nStart the console on it:\n  SHOPIFY_BASE_URL='{base}/{{shop}}' SHOPIFY_API_KEY={} SHOPIFY_API_SECRET={} \
         OUTBOUND_ALLOW={} calibr serve\nThen connect the shop {} with one click, or by hand with the token {TOKEN}.\n\
         See what the shop holds: {base}/_sandbox/shopify/shops/{}/truth\n\n\
         Connect the WooCommerce store {base}/{STORE} with the key {CONSUMER_KEY} and the secret {CONSUMER_SECRET}.\n\
         See what it holds: {base}/_sandbox/woocommerce/stores/{STORE}/truth",
        app.client_id,
        app.client_secret,
        args.listen.ip(),
        args.shop,
        args.shop
    ));
    say(&format!(
        "\nFor Amazon, start it with\n  AMAZON_LWA_URL={base}/amazon AMAZON_API_URL='{base}/amazon/{{region}}' \
         AMAZON_APPLICATION_ID={} AMAZON_CLIENT_ID={} AMAZON_CLIENT_SECRET={}\nThen connect the seller {SELLER} on \
         amazon.de with one click, or by hand with the refresh token {REFRESH_TOKEN}.",
        amazon_app.application_id, amazon_app.client_id, amazon_app.client_secret
    ));
    stopping.cancelled().await;
    server.shutdown().await;
    Ok(())
}
