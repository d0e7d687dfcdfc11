//! Retries: which items of an earlier run are read again.

use calibr_model::{
    IntegrationId, ProjectId, SyncRunId,
    status::{FailureClass, FailureKind, RunType, SyncStatus},
};
use calibr_store::{
    catalogue::FailureInput,
    runs::{NewRetry, NewRun, RetryOutcome, RetrySelection},
};
use sqlx::PgPool;

use crate::support::{Run, World, batch, failure, product, variant};

fn broken(id: &str, of: &str, code: &str) -> FailureInput {
    FailureInput {
        product_external_id: Some(of.to_owned()),
        class: FailureClass::Retryable,
        ..failure(Some(id), code)
    }
}

/// A run in which a variant came through and these failed.
async fn partial(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
    all: &[FailureInput],
) -> Run {
    let run = world.run(project, integration).await;
    let mut records = batch(vec![product("p1", "Tent")], vec![variant("v1", "p1")]);
    records.failures = all.to_vec();
    world.write(&run, &records).await;
    world.finish(&run, SyncStatus::Partial).await;
    run
}

fn of(run: SyncRunId) -> RetrySelection {
    RetrySelection {
        run: Some(run),
        ..RetrySelection::default()
    }
}

/// A retry under way.
async fn retry(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
    selection: RetrySelection,
) -> Run {
    let new = NewRun {
        retry: Some(NewRetry {
            selection,
            number: 0,
        }),
        ..world.new_run(integration, RunType::Retry)
    };
    let mut tx = world.tenant(project).await;
    assert!(tx.add_run(&new, world.now()).await.unwrap());
    tx.commit().await.unwrap();
    world.take_up(project, new.id).await
}

async fn items(world: &World, run: &Run) -> Vec<String> {
    let mut tx = world.tenant(run.claimed.project).await;
    let items = tx.next_retry_items(run.id, false, 100).await.unwrap();
    items.into_iter().map(|item| item.external_id).collect()
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_retry_reads_what_failed_and_leaves_out_what_came_since_or_is_parked(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    for _ in 0..2 {
        partial(
            &world,
            project,
            integration,
            &[broken("v9", "p9", "no_sku")],
        )
        .await;
    }
    let run = partial(
        &world,
        project,
        integration,
        &[
            broken("v2", "p2", "no_price"),
            broken("v3", "p2", "no_price"),
            broken("v4", "p1", "no_sku"),
            broken("v9", "p9", "no_sku"),
            failure(None, "unreadable"),
        ],
    )
    .await;
    // One of them came through since.
    let later = world.run(project, integration).await;
    world
        .write(
            &later,
            &batch(vec![product("p2", "Tarp")], vec![variant("v2", "p2")]),
        )
        .await;
    world.finish(&later, SyncStatus::Success).await;
    let mut tx = world.tenant(project).await;
    let counts = tx.count_retry(integration, &of(run.id)).await.unwrap();
    assert_eq!((counts.listings, counts.products_of_listings), (2, 2));
    assert_eq!((counts.skipped, counts.parked, counts.unnamed), (1, 1, 1));
    let group = RetrySelection {
        code: Some("no_price".to_owned()),
        ..of(run.id)
    };
    let counts = tx.count_retry(integration, &group).await.unwrap();
    assert_eq!((counts.by_id(), counts.skipped, counts.parked), (1, 1, 0));
    let chosen = RetrySelection {
        failure: Some(3),
        parked: true,
        ..of(run.id)
    };
    let counts = tx.count_retry(integration, &chosen).await.unwrap();
    assert_eq!((counts.by_id(), counts.skipped, counts.parked), (1, 0, 0));
    drop(tx);

    let again = retry(&world, project, integration, of(run.id)).await;
    // Those of one product stand together.
    assert_eq!(items(&world, &again).await, ["v4", "v3"]);
    let mut tx = world.tenant(project).await;
    let view = tx.retry_view(again.id).await.unwrap().unwrap();
    assert_eq!((view.of, view.items), (Some(run.id), 2));
    assert_eq!((view.skipped, view.parked), (1, 1));
    drop(tx);
    world.finish(&again, SyncStatus::Success).await;
    // A person asked for the parked one: it counts from the start.
    let again = retry(&world, project, integration, chosen).await;
    assert_eq!(items(&world, &again).await, ["v9"]);
    let mut tx = world.tenant(project).await;
    assert_eq!(tx.parked_count(integration).await.unwrap(), 0);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_became_of_each_item_adds_up_and_what_is_gone_goes_from_the_catalogue(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world
        .sync(
            project,
            integration,
            &[batch(
                vec![product("p1", "Tent"), product("p2", "Tarp")],
                vec![
                    variant("v1", "p1"),
                    variant("v2", "p2"),
                    variant("v3", "p1"),
                ],
            )],
        )
        .await;
    let failed = ["v2", "v3", "v4"].map(|id| broken(id, "p1", "no_price"));
    let run = partial(&world, project, integration, &failed).await;
    let again = retry(&world, project, integration, of(run.id)).await;
    let mut tx = world.tenant(project).await;
    let context = world.context(&again);
    let items = tx.next_retry_items(again.id, false, 100).await.unwrap();
    let ids: Vec<_> = items.iter().map(|item| item.external_id.as_str()).collect();
    assert_eq!(ids, ["v2", "v3", "v4"]);
    let mut brought = batch(vec![product("p1", "Tent")], vec![variant("v4", "p1")]);
    brought.failures = vec![broken("v3", "p1", "no_price")];
    tx.write_batch(&brought, &context).await.unwrap();
    let outcomes = [
        RetryOutcome::Gone,
        RetryOutcome::Failed,
        RetryOutcome::Synced,
    ];
    let settled: Vec<_> = items.into_iter().zip(outcomes).collect();
    let gone = tx.settle_retry_items(&settled, &context).await.unwrap();
    assert_eq!(gone, 1);
    tx.commit().await.unwrap();
    world.finish(&again, SyncStatus::Partial).await;

    let mut tx = world.tenant(project).await;
    assert_eq!(tx.next_retry_items(again.id, false, 100).await.unwrap(), []);
    let view = tx.retry_view(again.id).await.unwrap().unwrap();
    assert_eq!(
        (view.items, view.came_through, view.failed, view.gone),
        (3, 1, 1, 1)
    );
    let figures = world.run_view(&again).await;
    assert_eq!((figures.items_removed, figures.items_failed), (1, 1));
    let listing = world.listing(project, "v2").await;
    assert_eq!(listing.state, calibr_model::status::ListingState::Gone);
    // The one that is left is the only one that the next retry reads.
    let counts = tx.count_retry(integration, &of(run.id)).await.unwrap();
    assert_eq!((counts.by_id(), counts.skipped), (1, 2));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_retry_that_brings_the_rest_moves_the_watermark_of_its_run(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = partial(
        &world,
        project,
        integration,
        &[
            broken("v2", "p1", "timed_out"),
            broken("v3", "p1", "timed_out"),
        ],
    )
    .await;
    let watermark = async || -> Option<chrono::DateTime<chrono::Utc>> {
        sqlx::query_scalar("SELECT watermark FROM integrations")
            .fetch_one(world.owner())
            .await
            .unwrap()
    };
    for (id, is_whole) in [("v2", false), ("v3", true)] {
        assert_eq!(watermark().await, None);
        let again = retry(&world, project, integration, of(run.id)).await;
        let records = batch(vec![], vec![variant(id, "p1")]);
        world.write(&again, &records).await;
        world.finish(&again, SyncStatus::Success).await;
        let moved = is_whole.then_some(run.claimed.watermark);
        assert_eq!(watermark().await, moved, "{id}");
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_fails_now_is_retried_without_a_run_that_it_failed_in(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let all = ["v2", "v3"].map(|id| broken(id, "p1", "no_price"));
    partial(&world, project, integration, &all).await;
    let mut tx = world.tenant(project).await;
    for (kind, count) in [(FailureKind::Listing, 2), (FailureKind::Order, 0)] {
        let selection = RetrySelection {
            kind: Some(kind),
            ..RetrySelection::default()
        };
        let counts = tx.count_retry(integration, &selection).await.unwrap();
        assert_eq!(counts.by_id(), count, "{kind:?}");
    }
}
