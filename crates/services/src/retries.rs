//! Retrying what failed, and what a run would cost before it is asked for.

mod estimate;

use calibr_engine::NewSync;
use calibr_model::{
    FieldError, IntegrationId, Problem, ProblemKind, Role, SyncRunId,
    platform::Capability,
    status::{RunTrigger, RunType, SyncStatus},
    views::{PricePushView, RetryWish, RunView, SyncPlanView},
};
use calibr_store::{
    TenantTx,
    integrations::IntegrationRecord,
    runs::{NewRetry, RetryCounts, RetrySelection},
};

use crate::{Actor, Services, integrations, prices, syncs};

/// Most prices that are previewed again at once.
const MOST_PRICES: i64 = 10_000;

/// What a wish comes to.
enum Decision {
    /// These items are read again, and nothing else.
    Items {
        selection: RetrySelection,
        counts: RetryCounts,
    },
    /// A run like any other, and why it is that.
    Run {
        r#type: RunType,
        counts: RetryCounts,
        why: Option<String>,
    },
    /// There is nothing that a run could do.
    Nothing { counts: RetryCounts, why: String },
}

/// Asks for a run that reads again what failed in an earlier one, or all of it.
/// What came through since is left out.
///
/// # Errors
/// `forbidden` below editor; `conflict` where nothing is left to retry, the run
/// is under way, or another one is; `not-found`.
pub async fn retry(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
    wish: RetryWish,
) -> Result<RunView, Problem> {
    actor.must_be(Role::Editor, "retry a sync")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let record = syncs::held(&mut tx, integration).await?;
    let before = syncs::one(&mut tx, integration, run).await?;
    let (r#type, retry) = match decide(services, &mut tx, &record, &before, &wish).await? {
        Decision::Items { selection, .. } => {
            let retry = NewRetry {
                selection,
                number: 0,
            };
            (RunType::Retry, Some(retry))
        }
        Decision::Run { r#type, .. } => (r#type, None),
        Decision::Nothing { why, .. } => return Err(Problem::new(ProblemKind::Conflict, why)),
    };
    let wanted = NewSync {
        integration,
        r#type,
        trigger: RunTrigger::Retry,
        triggered_by: Some(actor.user),
        watermark: record.watermark,
        retry,
    };
    syncs::begin(services, tx, &record, wanted).await
}

/// Previews prices again that a run's stores did not take: by today's prices and
/// bounds, to be looked at and applied like any other push.
///
/// # Errors
/// `forbidden` below editor; `conflict` where no price is left; `not-found`.
pub async fn preview_prices(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
    wish: RetryWish,
) -> Result<PricePushView, Problem> {
    actor.must_be(Role::Editor, "set prices")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    syncs::one(&mut tx, integration, run).await?;
    let selection = selection_of(run, &wish);
    let untaken = tx
        .prices_to_preview(integration, &selection, MOST_PRICES + 1)
        .await?;
    if untaken.len() as i64 > MOST_PRICES {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "More than 10,000 prices were not taken. Preview them group by group, or upload them \
             as a table.",
        ));
    }
    if untaken.is_empty() {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "No price of these is left that was wanted and not taken.",
        ));
    }
    tx.commit().await?;
    prices::preview_again(services, actor, untaken).await
}

/// What a run of some type would do, and cost, if it was asked for now. Nothing is
/// asked of the store.
///
/// # Errors
/// `not-found`; `invalid` where a retry is planned of no run.
pub async fn plan(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    r#type: RunType,
    run: Option<SyncRunId>,
    wish: RetryWish,
) -> Result<SyncPlanView, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let record = tx
        .integration(integration)
        .await?
        .ok_or_else(integrations::missing)?;
    let decision = match (r#type, run) {
        (RunType::Retry, None) => {
            return Err(Problem::invalid(vec![FieldError {
                field: "run".to_owned(),
                message: "Say which run is to be retried.".to_owned(),
            }]));
        }
        (RunType::Retry, Some(run)) => {
            let before = syncs::one(&mut tx, integration, run).await?;
            decide(services, &mut tx, &record, &before, &wish).await?
        }
        (RunType::Incremental, _) if record.watermark.is_none() => Decision::Run {
            r#type: RunType::Full,
            counts: RetryCounts::default(),
            why: Some(
                "Nothing has come through whole from this store yet, so everything is read."
                    .to_owned(),
            ),
        },
        (r#type, _) => Decision::Run {
            r#type,
            counts: RetryCounts::default(),
            why: None,
        },
    };
    let active = tx.active_run(integration).await?.is_some();
    let mut view = estimate::view(services, &mut tx, &record, decision).await?;
    if active {
        view.possible = false;
        view.notes.push(format!(
            "{} is being synced already. Wait for that sync to end, or cancel it.",
            record.name
        ));
    }
    if record.status == calibr_model::status::IntegrationStatus::Disconnected {
        view.possible = false;
        view.notes.push(format!(
            "{} is disconnected. Reconnect it to sync.",
            record.name
        ));
    }
    Ok(view)
}

fn selection_of(run: SyncRunId, wish: &RetryWish) -> RetrySelection {
    RetrySelection {
        run: Some(run),
        code: wish.code.clone(),
        kind: wish.kind,
        class: None,
        failure: wish.failure,
        parked: wish.parked || wish.failure.is_some(),
    }
}

async fn decide(
    services: &Services,
    tx: &mut TenantTx,
    integration: &IntegrationRecord,
    before: &RunView,
    wish: &RetryWish,
) -> Result<Decision, Problem> {
    let selection = selection_of(before.id, wish);
    let counts = tx.count_retry(integration.id, &selection).await?;
    let nothing = |why: &str| Decision::Nothing {
        counts,
        why: why.to_owned(),
    };
    let run = |r#type, why: Option<String>| Decision::Run {
        r#type,
        counts,
        why,
    };
    if before.status.is_active() {
        return Ok(nothing(
            "This sync is still under way. Wait for its end, or cancel it.",
        ));
    }
    if wish.whole && before.r#type.reads_changes() {
        return Ok(run(before.r#type, None));
    }
    let platform = services.connector(&integration.platform)?.info();
    if counts.by_id() > 0 && platform.can(Capability::ReadById) {
        return Ok(Decision::Items { selection, counts });
    }
    if counts.by_id() > 0 {
        let why = format!(
            "{} does not give single items, so a retry reads everything.",
            platform.name
        );
        return Ok(run(RunType::Full, Some(why)));
    }
    if counts.unnamed > 0 {
        let why = "What failed has no id that could be read, so a retry reads everything.";
        return Ok(run(RunType::Full, Some(why.to_owned())));
    }
    if counts.unnamed_orders > 0 {
        let why = "What failed has no id that could be read, so a retry reads all that changed.";
        return Ok(run(RunType::Incremental, Some(why.to_owned())));
    }
    if counts.prices > 0 || before.r#type == RunType::Prices {
        return Ok(nothing(
            "Prices that were not taken are not sent again by themselves. Preview them again.",
        ));
    }
    if counts.parked > 0 {
        return Ok(nothing(
            "All that is left of this failed the same way three times in a row and is parked. \
             Retry it together with what is parked, or change something first.",
        ));
    }
    if counts.skipped > 0 {
        return Ok(nothing(
            "All that failed here came through since; there is nothing to retry.",
        ));
    }
    if wish.code.is_some() || wish.kind.is_some() || wish.failure.is_some() {
        return Ok(nothing("There is no such failure in this sync."));
    }
    Ok(match (before.status, before.r#type) {
        (SyncStatus::Success, _) => {
            nothing("Everything came through in this sync; there is nothing to retry.")
        }
        // What failed may lie before what an incremental run reads.
        (SyncStatus::Partial, _) => run(RunType::Full, None),
        (_, RunType::Retry) => again(tx, integration, before, counts).await?,
        (_, r#type) => run(r#type, None),
    })
}

/// A retry that ended before it had read anything: what it was to read.
async fn again(
    tx: &mut TenantTx,
    integration: &IntegrationRecord,
    before: &RunView,
    counts: RetryCounts,
) -> Result<Decision, Problem> {
    let earlier = tx.retry_view(before.id).await?;
    let selection = RetrySelection {
        run: earlier.as_ref().and_then(|retry| retry.of),
        code: earlier.and_then(|retry| retry.code),
        ..RetrySelection::default()
    };
    let left = tx.count_retry(integration.id, &selection).await?;
    Ok(if left.by_id() > 0 {
        Decision::Items {
            selection,
            counts: left,
        }
    } else {
        Decision::Nothing {
            counts,
            why: "All that this was to retry came through since.".to_owned(),
        }
    })
}
