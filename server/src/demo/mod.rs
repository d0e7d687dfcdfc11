//! `serve --demo`: made-up stores, connected as real ones are.
//!
//! The stores are the sandbox, on loopback. It forgets its tokens when it stops, so every start goes through its
//! consent pages again; the integrations in the console stay the same.

mod consent;
mod owner;
mod port;
mod stores;

use std::path::{Path, PathBuf};

use calibr_model::{IntegrationId, PlatformId, Problem, Sources, status::IntegrationStatus};
use calibr_sandbox::Server;
use calibr_services::{Actor, Services, integrations};
use url::Url;

use self::stores::DemoStore;
use crate::{config::Settings, error::ServerError};

/// Whether a data directory holds a demo, whose password everybody knows.
pub(crate) fn is_in(data_dir: &Path) -> bool {
    port::file_in(data_dir).exists()
}

/// The demo's stores, running.
#[derive(Debug)]
pub(crate) struct Demo {
    server: Server,
    sources: Sources,
}

impl Demo {
    /// Starts the stores, on the port they had before where that is free.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn start(
        data_dir: &Path,
        console: &Url,
        sources: &Sources,
    ) -> Result<Self, ServerError> {
        let sandbox = stores::sandbox(console)?;
        let file: PathBuf = port::file_in(data_dir);
        let server = match port::read(&file) {
            Some(port) => match sandbox.clone().serve(&format!("127.0.0.1:{port}")).await {
                Ok(server) => server,
                Err(_taken) => sandbox.serve("127.0.0.1:0").await?,
            },
            None => sandbox.serve("127.0.0.1:0").await?,
        };
        port::write(&file, server.base_url())?;
        tracing::info!(stores = server.base_url(), "the demo's stores run");
        Ok(Self {
            server,
            sources: sources.clone(),
        })
    }

    /// Tells the console where the stores are.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) fn tell(&self, settings: &mut Settings) -> Result<(), ServerError> {
        stores::tell(settings, self.origin())
    }

    /// Where the stores' pictures come from.
    pub(crate) fn origin(&self) -> &str {
        self.server.base_url()
    }

    /// Sees to it that there is the demo's owner, and that their stores are connected; then the first syncs are asked
    /// for. A store that the person disconnected stays so. One that cannot be connected is no reason not to start.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn connect(&self, services: &Services) -> Result<(), ServerError> {
        let actor = owner::sign_in(services).await.map_err(ServerError::Demo)?;
        for store in stores::all(self.origin()) {
            match self.connect_one(services, &actor, &store).await {
                Ok(Some(integration)) => {
                    tracing::info!(platform = store.platform, %integration, "a store of the demo is connected");
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(platform = store.platform, %error, "a store of the demo was not connected");
                }
            }
        }
        Ok(())
    }

    async fn connect_one(
        &self,
        services: &Services,
        actor: &Actor,
        store: &DemoStore,
    ) -> Result<Option<IntegrationId>, ServerError> {
        let platform: PlatformId = store
            .platform
            .parse()
            .map_err(|error| ServerError::DemoStore(format!("{error}")))?;
        let known = known(services, actor, &platform, &store.address)
            .await
            .map_err(ServerError::Demo)?;
        if let Some((_, IntegrationStatus::Disconnected)) = known {
            return Ok(None);
        }
        let reconnect = known.map(|(id, _)| id);
        let fields = store.fields.clone();
        let start =
            integrations::start_one_click(services, actor, platform.clone(), fields, reconnect)
                .await
                .map_err(ServerError::Demo)?;
        let back = consent::give(&start.redirect_to, store.answer, &self.sources).await?;
        let done = integrations::complete_one_click(services, actor.user, platform, back)
            .await
            .map_err(|failed| ServerError::Demo(failed.problem))?;
        Ok(Some(done.integration_id))
    }

    /// Stops the stores.
    pub(crate) async fn stop(self) {
        self.server.shutdown().await;
    }
}

/// The integration that a store was connected as before.
async fn known(
    services: &Services,
    actor: &Actor,
    platform: &PlatformId,
    address: &str,
) -> Result<Option<(IntegrationId, IntegrationStatus)>, Problem> {
    let all = integrations::list(services, actor).await?;
    let of_store = all
        .into_iter()
        .filter(|one| one.platform == *platform && one.address.contains(address));
    // A store that was disconnected and connected again stands twice: the living one counts.
    let ranked = of_store.max_by_key(|one| one.status != IntegrationStatus::Disconnected);
    Ok(ranked.map(|one| (one.id, one.status)))
}
