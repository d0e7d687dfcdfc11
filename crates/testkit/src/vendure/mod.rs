//! A real Vendure server with its seeded shop: 88 variants of 54 products, in
//! US dollars, net of tax, with a shipping and a payment method. `end2end/vendure` holds the server's side.

mod admin;
mod client;
mod orders;

use std::{path::Path, process::Stdio, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use url::Url;

pub use admin::{CreatedProduct, VendureAdmin};
pub use orders::{PlacedLine, PlacedOrder};

use crate::TestkitError;

/// How many variants the seeded shop has.
pub const SEEDED_VARIANTS: u64 = 88;

const WHO: &str = "Vendure";
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../end2end/vendure");
/// Seeding included, and others who seed at the same moment on a slow machine.
const READY_WITHIN: Duration = Duration::from_secs(180);
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// How the server is to be configured where the usual will not do.
#[derive(Debug, Clone, Default)]
pub struct VendureOptions {
    /// How sessions are carried: `bearer`, `cookie`, `api-key`; `bearer` and
    /// `api-key` where it is empty.
    pub token_methods: Vec<&'static str>,
    /// The most rows a query may take (`adminListQueryLimit`); 1000 where not
    /// set.
    pub list_limit: Option<u32>,
}

/// A running Vendure with a shop and a database of its own. It ends with the
/// test, also with one that panics; [`RealVendure::stop`] waits for that.
#[derive(Debug)]
pub struct RealVendure {
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    ready: Ready,
}

#[derive(Debug, Deserialize)]
struct Ready {
    url: Url,
    admin_api: Url,
    username: String,
    password: String,
}

impl RealVendure {
    /// Starts one on the PostgreSQL server of `database_url` (a superuser).
    ///
    /// # Errors
    /// [`TestkitError`] where it is not installed or does not come up.
    pub async fn start(database_url: &str) -> Result<Self, TestkitError> {
        Self::start_with(database_url, &VendureOptions::default()).await
    }

    /// As [`RealVendure::start`], configured otherwise.
    ///
    /// # Errors
    /// As [`RealVendure::start`].
    pub async fn start_with(
        database_url: &str,
        options: &VendureOptions,
    ) -> Result<Self, TestkitError> {
        let root = Path::new(ROOT);
        if !root
            .join("node_modules/@vendure/core/package.json")
            .exists()
        {
            return Err(TestkitError::NotInstalled(WHO));
        }
        let mut command = Command::new("node");
        command
            .arg(root.join("start.mjs"))
            .env("VENDURE_DATABASE_URL", database_url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if !options.token_methods.is_empty() {
            command.env("VENDURE_TOKEN_METHOD", options.token_methods.join(","));
        }
        if let Some(limit) = options.list_limit {
            command.env("VENDURE_LIST_LIMIT", limit.to_string());
        }
        let mut child = command.spawn().map_err(|source| TestkitError::Io {
            what: "node could not be started",
            source,
        })?;
        let (Some(commands), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(TestkitError::Ended(WHO));
        };
        let mut answers = BufReader::new(stdout).lines();
        let ready = next_answer(&mut answers, "Vendure's start", READY_WITHIN).await?;
        Ok(Self {
            child,
            commands,
            answers,
            ready,
        })
    }

    /// Where the server is, without a path.
    pub fn url(&self) -> &Url {
        &self.ready.url
    }

    /// Its admin API.
    pub fn admin_api_url(&self) -> &Url {
        &self.ready.admin_api
    }

    /// Its shop API, which the storefront asks.
    fn shop_api_url(&self) -> Result<Url, TestkitError> {
        let joined = self.url().join("shop-api");
        joined.map_err(|error| TestkitError::Unexpected(error.to_string()))
    }

    /// Who may do everything in the shop.
    pub fn username(&self) -> &str {
        &self.ready.username
    }

    /// Their password, made for this server.
    pub fn password(&self) -> &str {
        &self.ready.password
    }

    /// Signs in as the shop's own staff, to change things on Vendure's side.
    /// Needs `bearer` among the token methods.
    ///
    /// # Errors
    /// [`TestkitError`] where Vendure refuses.
    pub async fn admin(&self) -> Result<VendureAdmin, TestkitError> {
        VendureAdmin::sign_in(
            self.admin_api_url().clone(),
            self.username(),
            self.password(),
        )
        .await
    }

    /// Signs everybody out, as when sessions run out.
    ///
    /// # Errors
    /// [`TestkitError`] where the server does not do so.
    pub async fn end_sessions(&mut self) -> Result<(), TestkitError> {
        #[derive(Deserialize)]
        struct Outcome {
            done: Option<String>,
            message: Option<String>,
        }
        self.commands
            .write_all(b"end-sessions\n")
            .await
            .map_err(|source| TestkitError::Io {
                what: "Vendure takes no commands",
                source,
            })?;
        let outcome: Outcome =
            next_answer(&mut self.answers, "ending the sessions", ANSWERS_WITHIN).await?;
        match outcome.done {
            Some(_) => Ok(()),
            None => Err(TestkitError::Unexpected(
                outcome.message.unwrap_or_default(),
            )),
        }
    }

    /// Ends it and its database.
    ///
    /// # Errors
    /// [`TestkitError`] where it does not end.
    pub async fn stop(mut self) -> Result<(), TestkitError> {
        drop(self.commands);
        let ended = timeout(ANSWERS_WITHIN, self.child.wait())
            .await
            .map_err(|_| TestkitError::TooLong {
                what: "Vendure's end",
                limit: ANSWERS_WITHIN,
            })?;
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(TestkitError::Unexpected(format!(
                "Vendure ended with {status}"
            ))),
            Err(source) => Err(TestkitError::Io {
                what: "waiting for Vendure's end",
                source,
            }),
        }
    }
}

/// The next line of JSON that the server prints.
async fn next_answer<T: serde::de::DeserializeOwned>(
    answers: &mut Lines<BufReader<ChildStdout>>,
    what: &'static str,
    limit: Duration,
) -> Result<T, TestkitError> {
    let line = timeout(limit, answers.next_line())
        .await
        .map_err(|_| TestkitError::TooLong { what, limit })?
        .map_err(|source| TestkitError::Io { what, source })?
        .ok_or(TestkitError::Ended(WHO))?;
    serde_json::from_str(&line).map_err(|_| TestkitError::Unexpected(line))
}
