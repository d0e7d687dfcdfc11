//! Turns: a project with much to do does not keep one with little waiting.

use std::time::Duration;

use calibr_model::{ProjectId, SyncRunId, status::RunEvent};
use calibr_store::{
    StoreError,
    runs::{Claim, ClaimedRun},
};

use super::notes;
use crate::{Engine, schedule};

/// A run is carried for so long before it gives way to anybody.
const SLICE: Duration = Duration::from_secs(30);

/// So long another has waited in vain: nobody is idle, then.
const WAITED: Duration = Duration::from_secs(3);

/// How often another worker may be quicker before this one looks for a job anew.
const TRIES: usize = 4;

/// Takes up the run whose turn it is. The one that the job is for goes back to the
/// queue where it is another's.
pub(super) async fn take(
    engine: &Engine,
    project: ProjectId,
    run: SyncRunId,
) -> Result<Option<Box<ClaimedRun>>, StoreError> {
    let own = (project, run);
    let mut is_put_back = false;
    for _ in 0..TRIES {
        let mut tx = engine.settings.db.system().await?;
        let next = tx.next_run().await?.unwrap_or(own);
        tx.commit().await?;
        if next != own && !is_put_back {
            put_back(engine, own).await?;
            is_put_back = true;
        }
        let (project, run) = next;
        let now = engine.settings.sources.now();
        let mut tx = engine.settings.db.tenant(project).await?;
        let claim = tx.claim_run(run, engine.worker, now).await?;
        if let Claim::Claimed(run) = &claim {
            tx.log_run(run.id, RunEvent::TakenUp, &notes::taken_up(run), now)
                .await?;
        }
        tx.commit().await?;
        match claim {
            Claim::Claimed(run) => return Ok(Some(run)),
            Claim::Taken | Claim::Over if next == own => return Ok(None),
            Claim::Taken | Claim::Over => {}
        }
    }
    Ok(None)
}

async fn put_back(
    engine: &Engine,
    (project, run): (ProjectId, SyncRunId),
) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.tenant(project).await?;
    schedule::enqueue_again(&mut tx, run).await?;
    tx.commit().await
}

/// Whether a run of a project that has been carried for so long makes room.
pub(super) async fn gives_way(engine: &Engine, project: ProjectId, carried: Duration) -> bool {
    if carried < SLICE {
        return false;
    }
    let asked = async {
        let mut tx = engine.settings.db.system().await?;
        let waits = tx.someone_waits(project, WAITED).await?;
        tx.commit().await?;
        Ok::<bool, StoreError>(waits)
    };
    asked.await.unwrap_or_else(|error| {
        tracing::debug!(%error, "whose turn it is could not be asked");
        false
    })
}
