//! The sync pipeline and the jobs that run it.
//!
//! A run is a row in the database and a job in the queue. A worker on any
//! replica claims the run by a lease, goes through its phases, and writes every
//! batch together with the checkpoint. When it is lost, its lease lapses, the
//! look-out gives the run back to the queue, and the next worker goes on from
//! the checkpoint.

mod calls;
mod carry;
mod competitors;
mod credentials;
mod error;
mod lookout;
mod price_check;
mod queue;
mod records;
mod retry;
mod rounds;
mod schedule;
mod scheduler;
mod shared_budget;
mod timetable;
mod webhooks;

use std::{sync::Arc, time::Duration};

use calibr_connectors::Registry;
use calibr_model::Sources;
use calibr_store::{Db, runs::WorkerId};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

pub use calls::of as call_settings;
pub use credentials::{CredentialVault, StoredCredentials};
pub use error::EngineError;
pub use lookout::PREVIEW_HOLDS;
pub use price_check::schedule_price_checks;
pub use queue::prepare_queue;
pub use retry::retry_what_was_parked;
pub use schedule::{NewSync, schedule_prices, schedule_run};
pub use shared_budget::SharedBudget;
pub use timetable::{next_run, set_the_clock};
pub use webhooks::{
    Checked, WebhookKeeper, enqueue_messages, read_the_gap, read_what_was_held_back, to_keep,
};

/// What the engine works with.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The database.
    pub db: Db,
    /// The platforms.
    pub registry: Registry,
    /// Seals and opens credentials.
    pub vault: Arc<CredentialVault>,
    /// Time and randomness.
    pub sources: Sources,
    /// Where platforms reach this console with messages, where they do.
    pub reached_at: Option<Url>,
    /// Runs that this process carries at once.
    pub concurrency: usize,
    /// Whether no other process works on this database: leases of an earlier
    /// process then end at once.
    pub alone: bool,
}

impl EngineSettings {
    pub(crate) fn keeper(&self) -> WebhookKeeper {
        WebhookKeeper {
            db: self.db.clone(),
            registry: self.registry.clone(),
            vault: Arc::clone(&self.vault),
            sources: self.sources.clone(),
            reached_at: self.reached_at.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) settings: EngineSettings,
    pub(crate) worker: WorkerId,
    /// Runs are to be handed over: this process ends.
    pub(crate) stopping: CancellationToken,
}

/// A running engine.
#[derive(Debug)]
pub struct EngineHandle {
    stopping: CancellationToken,
    tasks: TaskTracker,
    vault: Arc<CredentialVault>,
}

impl EngineHandle {
    /// Hands the runs over and waits for the workers to end and for refreshed
    /// credentials to be kept, for as long as `patience`.
    pub async fn shutdown(self, patience: Duration) {
        self.stopping.cancel();
        self.tasks.close();
        let ended = async {
            self.tasks.wait().await;
            self.vault.settled().await;
        };
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!(
                seconds = patience.as_secs(),
                "workers did not end in time; their leases lapse and others go on"
            );
        }
    }
}

/// Starts workers, the look-out for lost ones, the scheduler, and the guardian of
/// webhooks.
///
/// # Errors
/// [`EngineError`] where the database or the queue's tables are not to be had.
pub async fn start(settings: EngineSettings) -> Result<EngineHandle, EngineError> {
    if settings.alone {
        let ended = settings.db.end_all_leases().await?;
        if ended > 0 {
            tracing::info!(runs = ended, "taking up the runs of the process before");
        }
    }
    let engine = Engine {
        worker: WorkerId(settings.sources.uuid()),
        stopping: CancellationToken::new(),
        settings,
    };
    let tasks = TaskTracker::new();
    for lane in queue::Lane::ALL {
        let worker = queue::worker(&engine, lane).await?;
        tasks.spawn(queue::work(engine.clone(), lane, worker));
    }
    tasks.spawn(lookout::watch(engine.clone()));
    tasks.spawn(scheduler::watch(engine.clone()));
    tasks.spawn(webhooks::guardian::watch(engine.clone()));
    Ok(EngineHandle {
        stopping: engine.stopping,
        tasks,
        vault: engine.settings.vault,
    })
}
