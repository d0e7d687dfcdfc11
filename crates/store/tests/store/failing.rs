//! Items that fail in run after run: parked after the third time, and taken up
//! again when something about them changes.

use calibr_model::{
    IntegrationId, PageRequest, ProjectId,
    status::{FailureClass, FailureKind, FailureState, RunType, SyncStatus},
    views::{FailureQuery, ItemFailureView, ParkedItemView, ParkedQuery},
};
use calibr_store::catalogue::FailureInput;
use sqlx::PgPool;

use crate::support::{Run, World, batch, failure, product, variant};

/// A variant that cannot be read, as its product was when the store changed it
/// last.
fn broken(id: &str, code: &str, version: &str) -> FailureInput {
    FailureInput {
        version: Some(version.to_owned()),
        ..failure(Some(id), code)
    }
}

/// A run in which these fail and nothing else is.
async fn fail(world: &World, store: (ProjectId, IntegrationId), all: &[FailureInput]) -> Run {
    let run = world.run(store.0, store.1).await;
    let mut records = batch(vec![], vec![]);
    records.failures = all.to_vec();
    world.write(&run, &records).await;
    world.finish(&run, SyncStatus::Partial).await;
    run
}

async fn failures(world: &World, run: &Run) -> Vec<ItemFailureView> {
    let mut tx = world.tenant(run.claimed.project).await;
    let (query, page) = (FailureQuery::default(), PageRequest::default());
    tx.item_failures(run.id, &query, &page).await.unwrap().items
}

async fn parked(world: &World, store: (ProjectId, IntegrationId)) -> Vec<ParkedItemView> {
    let mut tx = world.tenant(store.0).await;
    tx.parked_items(store.1, &PageRequest::default())
        .await
        .unwrap()
        .items
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_fails_the_same_way_three_times_in_a_row_is_parked(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let store = (project, integration);
    let since = world.now();
    for times in 1..=3 {
        assert_eq!(parked(&world, store).await, []);
        let run = fail(&world, store, &[broken("v1", "no_price", "noon")]).await;
        let seen = failures(&world, &run).await;
        assert_eq!(seen[0].attempts, times);
        let state = if times == 3 {
            FailureState::Parked
        } else {
            FailureState::Open
        };
        assert_eq!(seen[0].state, state);
        world.clock.advance(chrono::TimeDelta::hours(1));
    }
    let left_alone = parked(&world, store).await;
    assert_eq!(left_alone.len(), 1);
    let item = &left_alone[0];
    assert_eq!(
        (item.external_id.as_str(), item.code.as_str()),
        ("v1", "no_price")
    );
    assert_eq!((item.times, item.since), (3, since));
    let mut tx = world.tenant(project).await;
    assert_eq!(tx.parked_count(integration).await.unwrap(), 1);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn another_code_or_a_change_in_the_store_begins_to_count_anew(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let store = (project, integration);
    for _ in 0..2 {
        fail(
            &world,
            store,
            &[
                broken("v1", "no_price", "noon"),
                broken("v2", "no_price", "noon"),
            ],
        )
        .await;
    }
    let third = fail(
        &world,
        store,
        &[
            broken("v1", "no_sku", "noon"),
            broken("v2", "no_price", "one"),
        ],
    )
    .await;
    let seen = failures(&world, &third).await;
    assert_eq!(
        seen.iter().map(|one| one.attempts).collect::<Vec<_>>(),
        [1, 1]
    );
    assert_eq!(parked(&world, store).await, []);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_parked_item_that_was_changed_in_the_store_is_parked_no_more(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let store = (project, integration);
    for _ in 0..3 {
        fail(&world, store, &[broken("v1", "no_price", "noon")]).await;
    }
    assert_eq!(parked(&world, store).await.len(), 1);
    let run = fail(&world, store, &[broken("v1", "no_price", "evening")]).await;
    assert_eq!(parked(&world, store).await, []);
    assert_eq!(failures(&world, &run).await[0].state, FailureState::Open);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn one_run_counts_once_however_often_it_meets_an_item(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    for code in ["no_price", "no_sku", "no_price"] {
        let mut records = batch(vec![], vec![]);
        records.failures = vec![broken("v1", code, "noon"), broken("v1", "no_title", "noon")];
        world.write(&run, &records).await;
    }
    let seen = failures(&world, &run).await;
    let codes: Vec<_> = seen
        .iter()
        .map(|one| (one.code.as_str(), one.attempts))
        .collect();
    assert_eq!(codes, [("no_price", 1), ("no_title", 1), ("no_sku", 1)]);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_comes_through_or_is_gone_fails_no_more(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let store = (project, integration);
    let first = fail(
        &world,
        store,
        &[
            broken("v1", "no_price", "noon"),
            broken("v2", "no_price", "noon"),
        ],
    )
    .await;
    let second = world.run(project, integration).await;
    world
        .write(
            &second,
            &batch(vec![product("p1", "Tent")], vec![variant("v1", "p1")]),
        )
        .await;
    let states = |seen: Vec<ItemFailureView>| seen.iter().map(|one| one.state).collect::<Vec<_>>();
    assert_eq!(
        states(failures(&world, &first).await),
        [FailureState::Resolved, FailureState::Open]
    );
    // A clean full run that does not meet the other: the store has it no more.
    world.mark_gone(&second).await;
    world.finish(&second, SyncStatus::Success).await;
    assert_eq!(
        states(failures(&world, &first).await),
        [FailureState::Resolved, FailureState::Resolved]
    );
    assert_eq!(world.count("failing_items").await, 0);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_person_takes_one_parked_item_up_again_or_all(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let store = (project, integration);
    let all = ["v1", "v2", "v3"].map(|id| broken(id, "no_price", "noon"));
    for _ in 0..3 {
        fail(&world, store, &all).await;
    }
    let one = ParkedQuery {
        kind: Some(FailureKind::Listing),
        external_id: Some("v2".to_owned()),
    };
    for (which, taken, left) in [
        (one, 1, vec!["v1", "v3"]),
        (ParkedQuery::default(), 2, vec![]),
    ] {
        let mut tx = world.tenant(project).await;
        assert_eq!(tx.unpark(integration, &which).await.unwrap(), taken);
        tx.commit().await.unwrap();
        let ids: Vec<String> = parked(&world, store)
            .await
            .into_iter()
            .map(|item| item.external_id)
            .collect();
        assert_eq!(ids, left);
    }
    // It takes three more times.
    fail(&world, store, &all).await;
    fail(&world, store, &all).await;
    assert_eq!(parked(&world, store).await, []);
    fail(&world, store, &all).await;
    assert_eq!(parked(&world, store).await.len(), 3);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_is_parked_does_not_hold_the_watermark_back(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let retryable = FailureInput {
        class: FailureClass::Retryable,
        ..broken("v1", "timed_out", "noon")
    };
    for times in 1..=3 {
        let begun = world.now();
        fail(
            &world,
            (project, integration),
            std::slice::from_ref(&retryable),
        )
        .await;
        let watermark: Option<chrono::DateTime<chrono::Utc>> =
            sqlx::query_scalar("SELECT watermark FROM integrations")
                .fetch_one(world.owner())
                .await
                .unwrap();
        assert_eq!(
            watermark.is_some(),
            times == 3,
            "after {times}, begun {begun}"
        );
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_clock_set_back_makes_no_duration_negative(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let id = world.queued(project, integration).await;
    world.clock.advance(-chrono::TimeDelta::minutes(5));
    let run = world.take_up(project, id).await;
    let mut tx = world.tenant(project).await;
    tx.enter_phase(run.id, run.worker, run.claimed.phase, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.clock.advance(-chrono::TimeDelta::hours(2));
    world.finish(&run, SyncStatus::Success).await;
    let view = world.run_view(&run).await;
    let started = view.started_at.unwrap();
    assert!(view.queued_at <= started, "{view:?}");
    assert!(started <= view.completed_at.unwrap(), "{view:?}");
    let odd: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sync_run_phases WHERE ended_at < started_at")
            .fetch_one(world.owner())
            .await
            .unwrap();
    assert_eq!(odd, 0);
    // The lease is by the database's clock: nobody takes it from a live worker.
    let next = world.new_run(integration, RunType::Incremental);
    let mut tx = world.tenant(project).await;
    assert!(tx.add_run(&next, world.now()).await.unwrap());
}
