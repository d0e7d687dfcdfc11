use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use calibr_engine::{CredentialVault, EngineHandle, EngineSettings, SharedBudget};
use calibr_model::Sources;
use calibr_services::{Services, ServicesSettings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Database, PlatformSettings, housekeeping::keep_house, keys::open_keys, registry};
use crate::{
    config::Settings,
    demo::Demo,
    error::ServerError,
    http::{self, AppState, HttpSettings, Limits, OwnOrigin},
};

/// Sync runs that this process carries at once.
const RUNS_AT_ONCE: usize = 4;
/// How long workers may take to hand over their runs.
const HAND_OVER: Duration = Duration::from_secs(25);

/// What a console is started with.
#[derive(Debug)]
pub(crate) struct ConsoleSettings {
    /// What the operator set.
    pub(crate) settings: Settings,
    /// The address that is listened on.
    pub(crate) address: SocketAddr,
    /// Where data is kept.
    pub(crate) data_dir: PathBuf,
    /// Whether a made-up store is shown.
    pub(crate) is_demo: bool,
    /// Cancelled when all is to end.
    pub(crate) stopping: CancellationToken,
}

/// The running console, but for HTTP.
#[derive(Debug)]
pub(crate) struct Console {
    database: Database,
    parts: Parts,
}

#[derive(Debug)]
struct Parts {
    state: AppState,
    engine: EngineSettings,
    workers: Option<EngineHandle>,
    housekeeping: JoinHandle<()>,
    demo: Option<Demo>,
}

impl Console {
    /// Starts everything but the workers: afterwards requests can be answered, and are to be before [`Console::work`].
    ///
    /// # Errors
    /// [`ServerError`] in words; what had been started is stopped again.
    pub(crate) async fn start(
        wanted: ConsoleSettings,
        sources: Sources,
    ) -> Result<Self, ServerError> {
        let named = wanted.settings.database.clone();
        let database = Database::open(named, &wanted.data_dir, &sources).await?;
        match Parts::start(wanted, sources, &database).await {
            Ok(parts) => Ok(Self { database, parts }),
            Err(error) => {
                if let Err(also) = database.close().await {
                    tracing::error!(error = %also, "PostgreSQL was not stopped");
                }
                Err(error)
            }
        }
    }

    /// What answers requests.
    pub(crate) fn router(&self) -> Router {
        http::router(self.parts.state.clone())
    }

    /// Starts the workers; with a demo, once its stores are connected, for which they reach this console over HTTP.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn work(&mut self) -> Result<(), ServerError> {
        let parts = &mut self.parts;
        if let Some(demo) = &parts.demo {
            // Before the workers begin: the stores have forgotten the tokens of the start before.
            demo.connect(&parts.state.services).await?;
        }
        parts.workers = Some(calibr_engine::start(parts.engine.clone()).await?);
        Ok(())
    }

    /// Hands the runs over and stops everything, the database last.
    ///
    /// # Errors
    /// [`ServerError`] where the database does not stop.
    pub(crate) async fn stop(self) -> Result<(), ServerError> {
        let Parts {
            state,
            engine: _,
            workers,
            housekeeping,
            demo,
        } = self.parts;
        state.stopping.cancel();
        if let Some(workers) = workers {
            workers.shutdown(HAND_OVER).await;
        }
        housekeeping.abort();
        if let Some(demo) = demo {
            demo.stop().await;
        }
        self.database.close().await
    }
}

impl Parts {
    async fn start(
        wanted: ConsoleSettings,
        sources: Sources,
        database: &Database,
    ) -> Result<Self, ServerError> {
        let ConsoleSettings {
            mut settings,
            address,
            data_dir,
            is_demo,
            stopping,
        } = wanted;
        database.migrate().await?;
        let own_directory = database.own_directory();
        let keyring = open_keys(&settings.keys, own_directory, &database.db, &sources).await?;

        let public_url = settings
            .public_url
            .clone()
            .unwrap_or_else(|| reached_at(address));
        let mut demo = None;
        if is_demo {
            let started = Demo::start(&data_dir, &public_url, &sources).await?;
            started.tell(&mut settings)?;
            demo = Some(started);
        }

        // A platform cannot find an address that nobody has named, unless it is on this machine, as a demo's is.
        let reached_at = settings
            .public_url
            .clone()
            .or_else(|| is_demo.then(|| public_url.clone()));
        let platforms = PlatformSettings {
            shopify: settings.shopify,
            amazon: settings.amazon,
            outbound: settings.outbound,
        };
        let budget = SharedBudget::new(database.db.clone());
        let registry = registry(platforms, Arc::new(budget), &sources)?;
        let vault = Arc::new(CredentialVault::new(keyring, sources.clone()));
        let services = Services::new(ServicesSettings {
            db: database.db.clone(),
            registry: registry.clone(),
            vault: Arc::clone(&vault),
            sources: sources.clone(),
            public_url: public_url.clone(),
            reached_at: reached_at.clone(),
        });
        calibr_app::register();
        let engine = EngineSettings {
            db: database.db.clone(),
            registry,
            vault,
            sources,
            reached_at,
            concurrency: RUNS_AT_ONCE,
            alone: own_directory.is_some(),
        };

        let state = AppState {
            http: Arc::new(HttpSettings {
                https: public_url.scheme() == "https",
                own_origin: match settings.public_url {
                    Some(url) => OwnOrigin::Set(url),
                    None => OwnOrigin::WhateverWasAsked,
                },
                trusted_proxies: settings.trusted_proxies,
                pictures_from: demo.as_ref().map(|demo| demo.origin().to_owned()),
            }),
            limits: Limits::new(settings.rates),
            services,
            stopping,
        };
        let housekeeping = tokio::spawn(keep_house(
            state.services.clone(),
            state.limits.clone(),
            state.stopping.clone(),
        ));
        Ok(Self {
            state,
            engine,
            workers: None,
            housekeeping,
            demo,
        })
    }
}

/// Where people reach the console if nobody says: at the address listened on, from this machine if that is all of
/// them.
#[expect(clippy::expect_used, reason = "an address and a port make a URL")]
fn reached_at(address: SocketAddr) -> Url {
    let url = if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    };
    url.parse().expect("an address and a port make a URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_is_reached_where_it_listens() {
        let url = |address: &str| reached_at(address.parse().unwrap()).to_string();
        assert_eq!(url("127.0.0.1:8080"), "http://127.0.0.1:8080/");
        assert_eq!(url("[::1]:8080"), "http://[::1]:8080/");
        assert_eq!(url("0.0.0.0:80"), "http://localhost/");
    }
}
