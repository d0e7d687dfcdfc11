//! A run's life: queued, carried by one worker at a time, ended once.

use std::time::Duration;

use calibr_model::{
    IntegrationId, ProjectId, SyncRunId,
    status::{RunPhase, RunType, SyncStatus},
};
use calibr_store::{
    StoreError,
    runs::{Claim, Outcome, Reclaimed, Requeue},
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::support::{Run, World, batch, failure, product, somebody_waits, variant};

const AT_ONCE: Requeue<'static> = Requeue {
    reason: None,
    wait: Duration::ZERO,
    counts: true,
};

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_second_run_waits_for_the_end_of_the_first(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let other = world.integration(project, "other.example").await;
    let first = world.run(project, integration).await;
    let mut tx = world.tenant(project).await;
    let second = world.new_run(integration, RunType::Full);
    assert!(!tx.add_run(&second, world.now()).await.unwrap());
    let elsewhere = world.new_run(other, RunType::Full);
    assert!(tx.add_run(&elsewhere, world.now()).await.unwrap());
    let active = tx.active_run(integration).await.unwrap().unwrap();
    assert_eq!(active.id, first.id);
    tx.commit().await.unwrap();

    world.finish(&first, SyncStatus::Success).await;
    let mut tx = world.tenant(project).await;
    assert!(tx.active_run(integration).await.unwrap().is_none());
    assert!(tx.add_run(&second, world.now()).await.unwrap());
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn one_worker_has_a_run_until_it_ends(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    assert_eq!(
        (run.claimed.fruitless, run.claimed.r#type),
        (1, RunType::Full)
    );
    let other = world.worker();
    assert!(matches!(
        world.claim(project, run.id, other).await,
        Claim::Taken
    ));
    world.finish(&run, SyncStatus::Success).await;
    assert!(matches!(
        world.claim(project, run.id, other).await,
        Claim::Over
    ));
    let unknown = world.sources.id();
    assert!(matches!(
        world.claim(project, unknown, other).await,
        Claim::Over
    ));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn two_workers_that_grasp_at_once_do_not_both_get_it(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool.clone()).await;
    let run = world.queued(project, integration).await;
    let mut first = world.tenant(project).await;
    let claim = first.claim_run(run, world.worker(), world.now()).await;
    assert!(matches!(claim.unwrap(), Claim::Claimed(_)));
    let second = tokio::spawn({
        let world = world.clone();
        async move { world.claim(project, run, world.worker()).await }
    });
    somebody_waits(&pool).await;
    first.commit().await.unwrap();
    assert!(matches!(second.await.unwrap(), Claim::Taken));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_lost_worker_is_found_and_another_goes_on_where_it_was(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let lost = world.run(project, integration).await;
    let mut records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    records.checkpoint = Some(serde_json::json!({"page": 2}));
    world.write(&lost, &records).await;
    let nobody_is_lost = world.db.system().await.unwrap().lost_runs().await.unwrap();
    assert_eq!(nobody_is_lost, []);

    world.let_lease_lapse(lost.id).await;
    let found = world.db.system().await.unwrap().lost_runs().await.unwrap();
    assert_eq!(found, [(project, lost.id)]);
    let mut tx = world.tenant(project).await;
    let reclaimed = tx.reclaim_lost_run(lost.id, world.now()).await.unwrap();
    assert_eq!(reclaimed, Some(Reclaimed::FromWorker));
    let again = tx.reclaim_lost_run(lost.id, world.now()).await.unwrap();
    assert_eq!(again, None, "it has time to be taken up");
    tx.commit().await.unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    let heir = world.take_up(project, lost.id).await.claimed;
    assert_eq!(heir.checkpoint, records.checkpoint);
    assert_eq!((heir.items_synced, heir.fruitless), (1, 1));
    assert_eq!(heir.started_at, lost.claimed.started_at);
    assert_eq!(heir.watermark, lost.claimed.watermark);

    let mut tx = world.tenant(project).await;
    let error = tx.renew_lease(lost.id, lost.worker).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost), "{error}");
    tx.renew_lease(lost.id, heir.worker).await.unwrap();
    let run = tx.run(integration, lost.id).await.unwrap().unwrap();
    assert_eq!(run.attempts, 2);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_lapsed_run_may_be_taken_up_at_once_and_its_late_worker_ends_nothing(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let late = world.run(project, integration).await;
    world.let_lease_lapse(late.id).await;
    let heir = world.take_up(project, late.id).await;
    let now = world.now();
    let outcome = Outcome {
        status: SyncStatus::Success,
        error: None,
        error_code: None,
    };
    let mut tx = world.tenant(project).await;
    let (id, worker) = (late.id, late.worker);
    let refusals = [
        tx.enter_phase(id, worker, RunPhase::Finish, now).await,
        tx.requeue_run(id, worker, &AT_ONCE, now).await,
        tx.drop_checkpoint(id, worker).await,
        tx.finish_run(&late.claimed, &outcome, now).await,
        tx.mark_gone(&world.context(&late)).await.map(|_| ()),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(StoreError::LeaseLost)), "{refusal:?}");
    }
    // Even where the worker went on to commit.
    tx.commit().await.unwrap();
    let run = world.run_view(&heir).await;
    assert_eq!(
        (run.status, run.phase),
        (SyncStatus::Syncing, RunPhase::Authenticate)
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_worker_that_is_only_late_goes_on_where_nobody_took_over(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    world.let_lease_lapse(run.id).await;
    world.write(&run, &batch(vec![], vec![])).await;
    let found = world.db.system().await.unwrap().lost_runs().await.unwrap();
    assert_eq!(found, [], "a batch is a sign of life");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_process_alone_on_the_database_ends_the_leases_of_its_forerunner(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    assert_eq!(world.db.end_all_leases().await.unwrap(), 1);
    let found = world.db.system().await.unwrap().lost_runs().await.unwrap();
    assert_eq!(found, [(project, run.id)]);
}

async fn cancel(world: &World, project: ProjectId, run: SyncRunId) -> bool {
    let mut tx = world.tenant(project).await;
    let ended = tx.cancel_run(run, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    ended
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_cancelled_run_is_over_whether_it_waited_or_ran(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let queued = world.queued(project, integration).await;
    assert!(cancel(&world, project, queued).await);
    assert!(!cancel(&world, project, queued).await, "it is over already");
    assert!(matches!(
        world.claim(project, queued, world.worker()).await,
        Claim::Over
    ));

    let running = world.run(project, integration).await;
    assert!(cancel(&world, project, running.id).await);
    let view = world.run_view(&running).await;
    assert_eq!(
        (view.status, view.completed_at),
        (SyncStatus::Cancelled, Some(world.now()))
    );
    let mut tx = world.tenant(project).await;
    let error = tx
        .renew_lease(running.id, running.worker)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost), "{error}");
    let late = world.try_write(&running, &batch(vec![], vec![])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    world.run(project, integration).await;
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_person_who_cancels_waits_for_the_batch_that_is_being_written(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool.clone()).await;
    let run = world.run(project, integration).await;
    let records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    let mut writing = world.tenant(project).await;
    writing
        .write_batch(&records, &world.context(&run))
        .await
        .unwrap();
    let cancelled = tokio::spawn({
        let (world, run) = (world.clone(), run.id);
        async move { cancel(&world, project, run).await }
    });
    somebody_waits(&pool).await;
    writing.commit().await.unwrap();
    assert!(cancelled.await.unwrap());
    let view = world.run_view(&run).await;
    assert_eq!(
        (view.status, view.items_created),
        (SyncStatus::Cancelled, 1)
    );
    assert_eq!(figures(&world, project, integration).await.0, 1);
}

/// Whoever writes a run and its integration takes them in the same order.
#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn disconnecting_while_a_run_ends_blocks_neither(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool.clone()).await;
    let run = world.run(project, integration).await;
    let mut disconnecting = world.tenant(project).await;
    disconnecting
        .disconnect_integration(integration, world.now())
        .await
        .unwrap();
    let finished = tokio::spawn({
        let (world, run) = (world.clone(), run.clone());
        async move {
            let mut tx = world.tenant(project).await;
            let outcome = Outcome {
                status: SyncStatus::Success,
                error: None,
                error_code: None,
            };
            tx.finish_run(&run.claimed, &outcome, world.now()).await
        }
    });
    somebody_waits(&pool).await;
    assert!(disconnecting.cancel_run(run.id, world.now()).await.unwrap());
    disconnecting.commit().await.unwrap();
    let late = finished.await.unwrap();
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
}

async fn requeue(world: &World, project: ProjectId, run: &Run) {
    let mut tx = world.tenant(project).await;
    let reason = Some(("throttled", "The store asks for patience."));
    let back = Requeue {
        reason,
        wait: Duration::from_secs(5),
        counts: true,
    };
    tx.requeue_run(run.id, run.worker, &back, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_run_given_back_says_why_and_counts_attempts_without_fruit(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    requeue(&world, project, &run).await;
    let view = world.run_view(&run).await;
    assert_eq!(view.status, SyncStatus::Queued);
    assert_eq!(view.error_code.as_deref(), Some("throttled"));

    let again = world.take_up(project, run.id).await;
    assert_eq!(again.claimed.fruitless, 2);
    assert_eq!(world.run_view(&run).await.error, None);
    world.write(&again, &batch(vec![], vec![])).await;
    requeue(&world, project, &again).await;
    let third = world.take_up(project, run.id).await;
    assert_eq!(third.claimed.fruitless, 3, "nothing came through yet");
    let mut records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    records.checkpoint = Some(serde_json::json!(1));
    world.write(&third, &records).await;
    requeue(&world, project, &third).await;
    assert_eq!(world.take_up(project, run.id).await.claimed.fruitless, 1);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_run_cancelled_while_it_waits_to_go_on_leaves_true_figures(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    enter(&world, project, &run, RunPhase::PullCatalogue).await;
    let records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    world.write(&run, &records).await;
    requeue(&world, project, &run).await;
    assert!(cancel(&world, project, run.id).await);
    let mut tx = world.tenant(project).await;
    let view = tx.integration_view(integration).await.unwrap().unwrap();
    assert_eq!((view.item_count, view.last_sync_at), (1, None));
    let phases = tx.run_phases(run.id).await.unwrap();
    assert!(phases.iter().all(|phase| phase.ended_at.is_some()));
}

async fn figures(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
) -> (i64, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let mut tx = world.tenant(project).await;
    let view = tx.integration_view(integration).await.unwrap().unwrap();
    (view.item_count, view.last_sync_at, view.data_fresh_as_of)
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_end_of_a_run_sets_the_integrations_figures(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let begun = world.now();
    let first = world.run(project, integration).await;
    let records = batch(
        vec![product("p", "Tent")],
        vec![variant("v1", "p"), variant("v2", "p")],
    );
    world.write(&first, &records).await;
    world.clock.advance(TimeDelta::minutes(5));
    let ended = world.now();
    world.finish(&first, SyncStatus::Partial).await;
    let after_first = (2, Some(ended), Some(begun));
    assert_eq!(figures(&world, project, integration).await, after_first);

    world.clock.advance(TimeDelta::minutes(5));
    for status in [SyncStatus::Error, SyncStatus::Cancelled] {
        let run = world.run(project, integration).await;
        world.finish(&run, status).await;
        assert_eq!(figures(&world, project, integration).await, after_first);
    }
    // A worker whose clock is slow does not make the data older.
    world.clock.advance(TimeDelta::hours(-1));
    let slow = world.run(project, integration).await;
    world.finish(&slow, SyncStatus::Success).await;
    assert_eq!(figures(&world, project, integration).await.2, Some(begun));
    assert_eq!(world.count("sync_run_seen").await, 0);
}

async fn enter(world: &World, project: ProjectId, run: &Run, phase: RunPhase) {
    let mut tx = world.tenant(project).await;
    tx.enter_phase(run.id, run.worker, phase, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.clock.advance(TimeDelta::seconds(10));
}

async fn checkpoint(world: &World, run: SyncRunId) -> Option<serde_json::Value> {
    sqlx::query_scalar("SELECT checkpoint FROM sync_runs WHERE id = $1")
        .bind(run.0)
        .fetch_one(world.owner())
        .await
        .unwrap()
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_timeline_tells_when_each_phase_began_and_ended(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let start = world.now();
    let seconds = |count| start + TimeDelta::seconds(count);
    enter(&world, project, &run, RunPhase::Authenticate).await;
    enter(&world, project, &run, RunPhase::PullCatalogue).await;
    let mut records = batch(vec![], vec![]);
    records.checkpoint = Some(serde_json::json!("page 7"));
    world.write(&run, &records).await;
    // Another worker proves the credentials again, then goes on.
    enter(&world, project, &run, RunPhase::PullCatalogue).await;
    assert_eq!(checkpoint(&world, run.id).await, records.checkpoint);
    enter(&world, project, &run, RunPhase::Reconcile).await;
    assert_eq!(
        checkpoint(&world, run.id).await,
        None,
        "it was the other phase's"
    );
    world.finish(&run, SyncStatus::Success).await;
    let mut tx = world.tenant(project).await;
    let phases: Vec<_> = tx
        .run_phases(run.id)
        .await
        .unwrap()
        .into_iter()
        .map(|phase| (phase.phase, phase.started_at, phase.ended_at.unwrap()))
        .collect();
    assert_eq!(
        phases,
        [
            (RunPhase::Authenticate, seconds(0), seconds(10)),
            (RunPhase::PullCatalogue, seconds(10), seconds(30)),
            (RunPhase::Reconcile, seconds(30), seconds(40)),
        ]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_catalogue_read_anew_forgets_failures_and_counts_each_record_once(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let mut records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    records.checkpoint = Some(serde_json::json!(1));
    records.failures = vec![failure(None, "malformed"), failure(Some("v9"), "no_price")];
    world.write(&run, &records).await;
    let mut tx = world.tenant(project).await;
    tx.drop_checkpoint(run.id, run.worker).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(checkpoint(&world, run.id).await, None);
    assert_eq!(world.count("item_failures").await, 0);
    world.write(&run, &records).await;
    let view = world.run_view(&run).await;
    assert_eq!(
        (view.items_created, view.items_synced, view.items_failed),
        (1, 1, 2)
    );
}
