//! A first import as a merchant gets it: the release binary, the connector, a
//! store over HTTP on loopback, PostgreSQL, all on the same cores.

use std::time::Duration;

use calibr_sandbox::{
    Sandbox,
    shopify::{ShopSettings, StaticToken},
};
use serde_json::json;

use crate::{
    Settings, database,
    error::BenchError,
    figure::{Aim, Report, note},
    person::Person,
    process::Console,
};

const SHOP: &str = "bench.myshopify.com";
const TOKEN: &str = "shpat_00000000000000000000000000000001";
/// The console comes to rest after its start.
const REST: Duration = Duration::from_secs(3);

pub(crate) async fn measure(settings: &Settings, report: &mut Report) -> Result<(), BenchError> {
    let shop = ShopSettings {
        variants: settings.variants,
        tokens: vec![StaticToken {
            token: TOKEN.to_owned(),
            // A whole import reads orders too.
            scopes: vec!["read_products".to_owned(), "read_orders".to_owned()],
        }],
        ..ShopSettings::new(SHOP)
    };
    let store = Sandbox::builder().shop(shop).start("127.0.0.1:0").await?;
    let url = database::empty(&settings.database, "bench_end_to_end").await?;
    let console = Console::start(
        &settings.binary,
        &url,
        &[("SHOPIFY_BASE_URL", format!("{}/{{shop}}", store.base_url()))],
    )
    .await?;
    tokio::time::sleep(REST).await;
    report.aim("memory, idle", console.resident()?, "MB", Aim::AtMost(60.0));

    let person = Person::set_up(&console.url).await?;
    let form = json!({
        "platform": "shopify", "config": { "shop": SHOP },
        "credentials": { "access_token": TOKEN },
    });
    let first = person.connect(&form).await?;
    let variants = f64::from(settings.variants);
    note(&format!("  first import {first:.2?}"));
    let again = person.sync_again().await?;
    note(&format!("  full sync of an unchanged store {again:.2?}"));
    report.add(
        "first import, variants a second",
        variants / first.as_secs_f64(),
        "1/s",
    );
    report.add(
        "full sync of an unchanged store, variants a second",
        variants / again.as_secs_f64(),
        "1/s",
    );
    report.aim(
        "memory, most during import",
        console.peak()?,
        "MB",
        Aim::AtMost(300.0),
    );
    console.stop().await?;
    store.shutdown().await;
    Ok(())
}
