//! The owner of a console, who does over HTTP what a browser would do.

use std::time::{Duration, Instant};

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use crate::error::BenchError;

/// Read from time to time: often enough for the clock, seldom enough to cost
/// nothing.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The owner, signed in.
pub(crate) struct Person {
    http: reqwest::Client,
    base: Url,
    cookie: String,
}

impl Person {
    pub(crate) async fn set_up(base: &Url) -> Result<Self, BenchError> {
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

    /// Connects a store and waits for its first import. Gives how long the
    /// person waited.
    pub(crate) async fn connect(&self, form: &Value) -> Result<Duration, BenchError> {
        let begun = Instant::now();
        self.post("/api/projects/bench/integrations", form).await?;
        self.until_synced().await?;
        Ok(begun.elapsed())
    }

    /// Syncs all of the store that is connected, and waits for it.
    pub(crate) async fn sync_again(&self) -> Result<Duration, BenchError> {
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
        let all = self.get("/api/projects/bench/integrations").await?;
        Ok(all["items"][0].clone())
    }

    /// What is answered at a path.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, BenchError> {
        checked(self.ask(path).await?).await
    }

    /// How many lines a file has, which is read as it comes and not kept.
    pub(crate) async fn count_lines(&self, path: &str) -> Result<u64, BenchError> {
        let mut answer = self.ask(path).await?.error_for_status()?;
        let mut lines = 0;
        while let Some(piece) = answer.chunk().await? {
            lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        Ok(lines)
    }

    async fn ask(&self, path: &str) -> Result<reqwest::Response, BenchError> {
        let request = self.http.get(at(&self.base, path)?);
        Ok(request.header(header::COOKIE, &self.cookie).send().await?)
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
