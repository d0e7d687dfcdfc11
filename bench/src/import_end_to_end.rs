//! A first import as a merchant gets it: the release binary, the connector, a
//! store over HTTP on loopback, PostgreSQL, all on the same cores.

use std::time::{Duration, Instant};

use calibr_sandbox::{
    Sandbox,
    shopify::{ShopSettings, StaticToken},
};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use crate::{
    Settings, database,
    error::BenchError,
    figure::{Aim, Report, note},
    process::Console,
};

const SHOP: &str = "bench.myshopify.com";
const TOKEN: &str = "shpat_00000000000000000000000000000001";
/// Read from time to time: often enough for the clock, seldom enough to cost
/// nothing.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The console comes to rest after its start.
const REST: Duration = Duration::from_secs(3);

pub(crate) async fn measure(settings: &Settings, report: &mut Report) -> Result<(), BenchError> {
    let shop = ShopSettings {
        variants: settings.variants,
        tokens: vec![StaticToken {
            token: TOKEN.to_owned(),
            scopes: vec!["read_products".to_owned()],
        }],
        ..ShopSettings::new(SHOP)
    };
    let store = Sandbox::builder().shop(shop).start("127.0.0.1:0").await?;
    let url = database::empty(&settings.database, "bench_end_to_end").await?;
    let console = Console::start(
        &settings.binary,
        &[
            ("DATABASE_URL", url.to_string()),
            ("ENCRYPTION_KEY", "7".repeat(64)),
            ("SHOPIFY_BASE_URL", format!("{}/{{shop}}", store.base_url())),
            ("RUST_LOG", "warn".to_owned()),
            // The waiting asks more often than a person does.
            ("REQUESTS_PER_MINUTE", "100000".to_owned()),
        ],
    )
    .await?;
    tokio::time::sleep(REST).await;
    report.aim("memory, idle", console.resident()?, "MB", Aim::AtMost(60.0));

    let person = Person::set_up(&console.url).await?;
    let first = person.connect().await?;
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

/// The owner, signed in.
struct Person {
    http: reqwest::Client,
    base: Url,
    cookie: String,
}

impl Person {
    async fn set_up(base: &Url) -> Result<Self, BenchError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a client of the console on loopback, not of a merchant's store"
        )]
        let http = reqwest::Client::builder().build()?;
        let form = json!({ "form": {
            "name": "Owner", "email": "owner@bench.example", "password": "a bench password",
            "project_name": "Bench", "project_slug": "bench", "time_zone": "UTC",
        }});
        let made = http
            .post(at(base, "/api/fn/set_up")?)
            .header(header::ORIGIN, origin(base))
            .json(&form)
            .send()
            .await?;
        let cookie = made
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|cookie| cookie.to_str().ok()?.split(';').next())
            .map(str::to_owned);
        let status = made.status();
        let Some(cookie) = cookie else {
            return Err(BenchError::Unfit(format!(
                "the set-up was answered {status}: {}",
                made.text().await?
            )));
        };
        Ok(Self {
            http,
            base: base.clone(),
            cookie,
        })
    }

    /// Connects the store and waits for its first import.
    async fn connect(&self) -> Result<Duration, BenchError> {
        let begun = Instant::now();
        let form = json!({
            "platform": "shopify", "config": { "shop": SHOP },
            "credentials": { "access_token": TOKEN },
        });
        self.post("/api/projects/bench/integrations", &form).await?;
        self.until_synced().await?;
        Ok(begun.elapsed())
    }

    async fn sync_again(&self) -> Result<Duration, BenchError> {
        let integration = self.integration().await?;
        let id = integration["id"].as_str().unwrap_or_default();
        let begun = Instant::now();
        let syncs = format!("/api/projects/bench/integrations/{id}/syncs");
        self.post(&syncs, &json!({ "type": "full" })).await?;
        self.until_synced().await?;
        Ok(begun.elapsed())
    }

    async fn until_synced(&self) -> Result<(), BenchError> {
        loop {
            let integration = self.integration().await?;
            match integration["sync_status"].as_str() {
                Some("success") => return Ok(()),
                Some("queued" | "syncing") => tokio::time::sleep(LOOK_EVERY).await,
                _ => return Err(BenchError::Unfit(format!("no success: {integration}"))),
            }
        }
    }

    async fn integration(&self) -> Result<Value, BenchError> {
        let answer = self
            .http
            .get(at(&self.base, "/api/projects/bench/integrations")?)
            .header(header::COOKIE, &self.cookie)
            .send()
            .await?;
        let all: Value = checked(answer).await?;
        Ok(all["items"][0].clone())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, BenchError> {
        let answer = self
            .http
            .post(at(&self.base, path)?)
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, origin(&self.base))
            .json(body)
            .send()
            .await?;
        checked(answer).await
    }
}

async fn checked(answer: reqwest::Response) -> Result<Value, BenchError> {
    let status = answer.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(BenchError::Unfit(
            "the console's own limit was met".to_owned(),
        ));
    }
    let text = answer.text().await?;
    serde_json::from_str(&text)
        .ok()
        .filter(|_| status.is_success())
        .ok_or_else(|| BenchError::Unfit(format!("answered {status}: {text}")))
}

fn at(base: &Url, path: &str) -> Result<Url, BenchError> {
    base.join(path)
        .map_err(|error| BenchError::Unfit(error.to_string()))
}

fn origin(base: &Url) -> String {
    base.as_str().trim_end_matches('/').to_owned()
}
