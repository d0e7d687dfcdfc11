//! What open browsers hear, and when.

use calibr_model::{
    event::{Addressed, ProjectEvent},
    status::{IntegrationStatus, RunType, SyncStatus},
};
use calibr_store::events::{EventListener, Heard};
use sqlx::PgPool;

use crate::support::{World, batch, product, variant};

async fn next_event(listener: &mut EventListener) -> Addressed {
    match listener.next().await.unwrap() {
        Heard::Event(event) => event,
        Heard::Gap => panic!("the line was not cut"),
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn events_are_heard_when_what_they_tell_of_is_committed(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let mut listener = EventListener::open(&world.db).await.unwrap();
    let run = world.new_run(integration, RunType::Full);
    let mut rolled_back = world.tenant(project).await;
    assert!(rolled_back.add_run(&run, world.now()).await.unwrap());
    drop(rolled_back);
    let mut tx = world.tenant(project).await;
    let changed = ProjectEvent::IntegrationChanged {
        integration_id: integration,
        status: IntegrationStatus::Connected,
    };
    tx.notify(changed.clone()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        next_event(&mut listener).await,
        Addressed {
            project_id: project,
            event: changed
        }
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_run_tells_how_far_it_is(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let mut listener = EventListener::open(&world.db).await.unwrap();
    let run = world.run(project, integration).await;
    let mut records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    records.expected = Some(4);
    world.write(&run, &records).await;
    world.finish(&run, SyncStatus::Success).await;
    let mut heard = Vec::new();
    for _ in 0..3 {
        let ProjectEvent::SyncProgress(progress) = next_event(&mut listener).await.event else {
            panic!("progress is told of and nothing else");
        };
        assert_eq!(
            (progress.run_id, progress.integration_id),
            (run.id, integration)
        );
        heard.push((
            progress.status,
            progress.items_synced,
            progress.items_expected,
        ));
    }
    assert_eq!(
        heard,
        [
            (SyncStatus::Queued, 0, None),
            (SyncStatus::Syncing, 1, Some(4)),
            (SyncStatus::Success, 1, Some(4)),
        ]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_cut_line_is_told_of_and_heals(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool.clone()).await;
    let mut listener = EventListener::open(&world.db).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    )
    .execute(&pool)
    .await
    .unwrap();
    let heard = loop {
        // The error itself may be told of first; a gap follows it.
        match listener.next().await {
            Ok(heard) => break heard,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    };
    assert_eq!(heard, Heard::Gap);
    world.queued(project, integration).await;
    assert_eq!(next_event(&mut listener).await.project_id, project);
}
