//! The job queue: a run's job says which run, the run's row says the rest; a job
//! for messages says whose, the messages' rows say the rest.

use std::time::Duration;

use calibr_model::{IntegrationId, ProjectId, SyncRunId};
use calibr_store::Db;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, Worker, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    Engine, carry, competitors::CompetitorsJob, error::EngineError, price_check::PriceCheckJob,
    retry::RetryJob, webhooks,
};

/// The first and the longest wait before a queue that failed is started again.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Carries a run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SyncRunJob {
    pub(crate) project: ProjectId,
    pub(crate) run: SyncRunId,
}

impl SyncRunJob {
    pub(crate) const TASK: &'static str = "sync_run";

    pub(crate) fn payload(self) -> serde_json::Value {
        serde_json::json!({ "project": self.project, "run": self.run })
    }
}

impl TaskHandler for SyncRunJob {
    const IDENTIFIER: &'static str = Self::TASK;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(engine) = context.get_ext::<Engine>() else {
            return Err("the worker was started without an engine".to_owned());
        };
        // The run's row keeps what happened and when it is tried again: the
        // job itself is done either way, unless the database is away.
        carry::carry(engine, self.project, self.run)
            .await
            .map_err(|error| error.to_string())
    }
}

/// Handles the messages of a store.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct MessagesJob {
    pub(crate) project: ProjectId,
    pub(crate) integration: IntegrationId,
}

impl MessagesJob {
    pub(crate) const TASK: &'static str = "webhook_messages";

    pub(crate) fn payload(self) -> serde_json::Value {
        serde_json::json!({ "project": self.project, "integration": self.integration })
    }
}

impl TaskHandler for MessagesJob {
    const IDENTIFIER: &'static str = Self::TASK;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(engine) = context.get_ext::<Engine>() else {
            return Err("the worker was started without an engine".to_owned());
        };
        webhooks::handle(engine, self.project, self.integration)
            .await
            .map_err(|error| error.to_string())
    }
}

/// Who works on what: messages do not wait behind long runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lane {
    /// Sync runs.
    Runs,
    /// Messages from platforms, and asking for retries: both are quick.
    Messages,
    /// Competitors' offers, which wait for a platform's rate most of the time.
    Competitors,
    /// Checks of prices by their platforms, which somebody waits for.
    PriceChecks,
}

impl Lane {
    pub(crate) const ALL: [Self; 4] = [
        Self::Runs,
        Self::Messages,
        Self::Competitors,
        Self::PriceChecks,
    ];

    /// How many jobs it does at once.
    const fn width(self, runs: usize) -> usize {
        match self {
            Self::Runs => runs,
            Self::Messages | Self::PriceChecks => 2,
            Self::Competitors => 1,
        }
    }

    fn options(self, db: &Db) -> WorkerOptions {
        let options = options(db);
        match self {
            Self::Runs => options.define_job::<SyncRunJob>(),
            Self::Messages => options.define_job::<MessagesJob>().define_job::<RetryJob>(),
            Self::Competitors => options.define_job::<CompetitorsJob>(),
            Self::PriceChecks => options.define_job::<PriceCheckJob>(),
        }
    }
}

fn options(db: &Db) -> WorkerOptions {
    WorkerOptions::default()
        .pg_pool(db.owner_pool().clone())
        .listen_os_shutdown_signals(false)
}

/// Makes or updates the queue's own tables.
///
/// # Errors
/// [`EngineError::Queue`].
pub async fn prepare_queue(db: &Db) -> Result<(), EngineError> {
    options(db)
        .define_job::<SyncRunJob>()
        .define_job::<MessagesJob>()
        .define_job::<CompetitorsJob>()
        .define_job::<RetryJob>()
        .define_job::<PriceCheckJob>()
        .init()
        .await
        .map(drop)
        .map_err(|error| EngineError::Queue(error.to_string()))
}

pub(crate) async fn worker(engine: &Engine, lane: Lane) -> Result<Worker, EngineError> {
    let stopping = engine.stopping.clone();
    lane.options(&engine.settings.db)
        .concurrency(lane.width(engine.settings.concurrency))
        .poll_interval(Duration::from_secs(1))
        .heartbeat_interval(Duration::from_secs(5))
        .sweep_interval(Duration::from_secs(15))
        .sweep_threshold(Duration::from_secs(30))
        .recovery_delay(Duration::from_secs(1))
        .shutdown_grace_period(Duration::from_secs(20))
        .shutdown_signal(async move { stopping.cancelled().await })
        .add_extension(engine.clone())
        .init()
        .await
        .map_err(|error| EngineError::Queue(error.to_string()))
}

/// Works until told to stop. A worker that failed once (the database restarts)
/// does no more work, so another takes its place.
pub(crate) async fn work(engine: Engine, lane: Lane, first: Worker) {
    let mut next = Some(first);
    let mut wait = FIRST_WAIT;
    while !engine.stopping.is_cancelled() {
        let begun = Instant::now();
        let done = match next.take() {
            Some(worker) => run(&worker).await,
            None => match worker(&engine, lane).await {
                Ok(worker) => run(&worker).await,
                Err(error) => Err(error),
            },
        };
        if engine.stopping.is_cancelled() {
            return;
        }
        match done {
            Ok(()) => tracing::warn!("the job queue ended by itself; starting it again"),
            Err(error) => tracing::warn!(%error, "the job queue failed; starting it again"),
        }
        if begun.elapsed() > LONGEST_WAIT {
            wait = FIRST_WAIT;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            () = engine.stopping.cancelled() => return,
        }
    }
}

async fn run(worker: &Worker) -> Result<(), EngineError> {
    let done = worker.run().await;
    done.map_err(|error| EngineError::Queue(error.to_string()))
}
