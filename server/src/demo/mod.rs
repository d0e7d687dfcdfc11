//! `serve --demo`: a made-up store, connected as a real one is.
//!
//! The store is the sandbox, on loopback. It forgets its tokens when it stops, so every start goes through its
//! consent page again; the integration in the console stays the same.

mod consent;
mod owner;
mod port;

use std::path::{Path, PathBuf};

use calibr_model::{IntegrationId, PlatformId, Problem, Sources, status::IntegrationStatus};
use calibr_sandbox::{
    Sandbox, Server,
    shopify::{App, ShopSettings},
};
use calibr_services::{Actor, Services, integrations};
use url::Url;

use crate::{config::ShopifyTexts, error::ServerError};

/// The store's address.
const SHOP: &str = "nordlicht-outdoor.myshopify.com";
const SHOP_NAME: &str = "Nordlicht Outdoor";
/// Some 300 products' worth, odd ones among them.
const VARIANTS: u32 = 1_930;
const SEED: u64 = 20;
/// The app, as the store knows it. The secret guards nothing: the store is made up.
const API_KEY: &str = "calibr-demo";
const API_SECRET: &str = "calibr-demo-secret";

/// Whether a data directory holds a demo, whose password everybody knows.
pub(crate) fn is_in(data_dir: &Path) -> bool {
    port::file_in(data_dir).exists()
}

/// The demo's store, running.
#[derive(Debug)]
pub(crate) struct Demo {
    store: Server,
    sources: Sources,
}

impl Demo {
    /// Starts the store, on the port it had before where that is free.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn start(
        data_dir: &Path,
        console: &Url,
        sources: &Sources,
    ) -> Result<Self, ServerError> {
        let app = App {
            client_id: API_KEY.to_owned(),
            client_secret: API_SECRET.to_owned(),
            name: "Calibr Console".to_owned(),
            redirect_prefixes: vec![console.as_str().trim_end_matches('/').to_owned()],
        };
        let shop = ShopSettings {
            name: SHOP_NAME.to_owned(),
            variants: VARIANTS,
            seed: SEED,
            oddities: true,
            ..ShopSettings::new(SHOP)
        };
        let sandbox = Sandbox::builder().app(app).shop(shop).build()?;
        let file: PathBuf = port::file_in(data_dir);
        let store = match port::read(&file) {
            Some(port) => match sandbox.clone().serve(&format!("127.0.0.1:{port}")).await {
                Ok(store) => store,
                Err(_taken) => sandbox.serve("127.0.0.1:0").await?,
            },
            None => sandbox.serve("127.0.0.1:0").await?,
        };
        port::write(&file, store.base_url())?;
        tracing::info!(store = store.base_url(), "the demo's store runs");
        Ok(Self {
            store,
            sources: sources.clone(),
        })
    }

    /// What the console has to be told to find the store.
    pub(crate) fn shopify(&self) -> ShopifyTexts {
        ShopifyTexts {
            api_key: Some(API_KEY.to_owned()),
            api_secret: Some(API_SECRET.into()),
            base_url: Some(format!("{}/{{shop}}", self.origin())),
        }
    }

    /// Where the store's pictures come from.
    pub(crate) fn origin(&self) -> &str {
        self.store.base_url()
    }

    /// Sees to it that there is the demo's owner, and that their store is connected; then the first sync is asked
    /// for. A store that the person disconnected stays so.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn connect(&self, services: &Services) -> Result<(), ServerError> {
        let actor = owner::sign_in(services).await.map_err(ServerError::Demo)?;
        let platform: PlatformId = "shopify"
            .parse()
            .map_err(|error| ServerError::DemoStore(format!("{error}")))?;
        let known = self
            .known(services, &actor, &platform)
            .await
            .map_err(ServerError::Demo)?;
        if let Some((_, IntegrationStatus::Disconnected)) = known {
            return Ok(());
        }
        let reconnect = known.map(|(id, _)| id);
        let fields = [("shop".to_owned(), SHOP.to_owned())].into();
        let start =
            integrations::start_one_click(services, &actor, platform.clone(), fields, reconnect)
                .await
                .map_err(ServerError::Demo)?;
        let answer = consent::give(&start.redirect_to, &self.sources).await?;
        let done = integrations::complete_one_click(services, actor.user, platform, answer)
            .await
            .map_err(|failed| ServerError::Demo(failed.problem))?;
        tracing::info!(integration = %done.integration_id, "the demo's store is connected");
        Ok(())
    }

    /// The integration that the store was connected as before.
    async fn known(
        &self,
        services: &Services,
        actor: &Actor,
        platform: &PlatformId,
    ) -> Result<Option<(IntegrationId, IntegrationStatus)>, Problem> {
        let all = integrations::list(services, actor).await?;
        let of_shop = all
            .into_iter()
            .filter(|one| one.platform == *platform && one.address.contains(SHOP));
        // A store that was disconnected and connected again stands twice: the living one counts.
        let ranked = of_shop.max_by_key(|one| one.status != IntegrationStatus::Disconnected);
        Ok(ranked.map(|one| (one.id, one.status)))
    }

    /// Stops the store.
    pub(crate) async fn stop(self) {
        self.store.shutdown().await;
    }
}
