//! What an actor may ask for: one file a use case. The server functions and the
//! REST API call the same functions; permission is decided here and nowhere
//! else.

pub mod account;
mod actor;
pub mod conflicts;
pub mod events;
pub mod failures;
pub mod integrations;
mod password;
pub mod platforms;
pub mod prices;
pub mod products;
pub mod retries;
pub mod sales;
mod sheet;
pub mod syncs;
pub mod webhooks;

use std::sync::Arc;

use calibr_connectors::{Connector, Registry};
use calibr_engine::{CredentialVault, WebhookKeeper};
use calibr_model::{PlatformId, Problem, ProblemKind, Sources};
use calibr_store::Db;
use tokio::sync::Semaphore;
use url::Url;

pub use actor::Actor;
pub use integrations::{OneClickDone, OneClickFailed};

/// What the services work with.
#[derive(Debug, Clone)]
pub struct ServicesSettings {
    /// The database.
    pub db: Db,
    /// The platforms.
    pub registry: Registry,
    /// Seals and opens credentials.
    pub vault: Arc<CredentialVault>,
    /// Time and randomness.
    pub sources: Sources,
    /// Where browsers and platforms reach this console.
    pub public_url: Url,
    /// Where platforms reach this console with messages, where they do.
    pub reached_at: Option<Url>,
}

/// The services. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// Time and randomness.
    pub sources: Sources,
    registry: Registry,
    vault: Arc<CredentialVault>,
    public_url: Url,
    webhooks: WebhookKeeper,
    passwords: password::Passwords,
    events: events::Events,
    /// The previews of prices that are filled at once.
    previews: Arc<Semaphore>,
}

impl Services {
    /// Starts the services. Must be called within a Tokio runtime: what happens
    /// in the database is listened to from here on.
    pub fn new(settings: ServicesSettings) -> Self {
        Self {
            webhooks: WebhookKeeper {
                db: settings.db.clone(),
                registry: settings.registry.clone(),
                vault: Arc::clone(&settings.vault),
                sources: settings.sources.clone(),
                reached_at: settings.reached_at,
            },
            events: events::Events::listen(settings.db.clone()),
            previews: Arc::new(Semaphore::new(prices::FILLED_AT_ONCE)),
            passwords: password::Passwords::new(settings.sources.clone()),
            db: settings.db,
            sources: settings.sources,
            registry: settings.registry,
            vault: settings.vault,
            public_url: settings.public_url,
        }
    }

    fn connector(&self, platform: &PlatformId) -> Result<&Arc<dyn Connector>, Problem> {
        self.registry.get(platform).ok_or_else(|| {
            Problem::new(
                ProblemKind::NotFound,
                format!("There is no platform \"{platform}\" here; GET /api/platforms lists them."),
            )
        })
    }
}
