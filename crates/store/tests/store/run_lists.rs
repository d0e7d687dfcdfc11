//! Lists of runs and of failures, page by page.

use calibr_model::{
    IntegrationId, PageRequest, ProjectId, SyncRunId,
    status::{FailureClass, RunType, SyncStatus},
    views::{FailureQuery, RunQuery, RunView},
};
use calibr_store::StoreError;
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{World, batch, failure};

/// Runs that ended, oldest first; three share each millisecond.
async fn history(world: &World, project: ProjectId, integration: IntegrationId) -> Vec<SyncRunId> {
    let mut ids = Vec::new();
    for number in 0..7 {
        let run = world.run(project, integration).await;
        let status = match number % 2 {
            0 => SyncStatus::Success,
            _ => SyncStatus::Error,
        };
        world.finish(&run, status).await;
        ids.push(run.id);
        if number % 3 == 2 {
            world.clock.advance(TimeDelta::milliseconds(1));
        }
    }
    ids
}

async fn all_pages(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
    query: &RunQuery,
) -> Vec<RunView> {
    let mut runs = Vec::new();
    let mut page = PageRequest {
        limit: Some(2),
        cursor: None,
    };
    loop {
        let mut tx = world.tenant(project).await;
        let found = tx.runs(integration, query, &page).await.unwrap();
        runs.extend(found.items);
        // What is added at the top does not shift the pages below.
        world.sync(project, integration, &[]).await;
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return runs,
        }
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn pages_of_runs_give_each_once_newest_first_while_runs_are_added(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let other = world.integration(project, "other.example").await;
    world.sync(project, other, &[]).await;
    let mut ids = history(&world, project, integration).await;
    ids.reverse();
    let runs = all_pages(&world, project, integration, &RunQuery::default()).await;
    let listed: Vec<SyncRunId> = runs.iter().map(|run| run.id).collect();
    assert_eq!(listed, ids);
    assert_eq!(runs[0].integration_name, "acme.example");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn runs_are_filtered_by_status_and_type(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let mut ids = history(&world, project, integration).await;
    ids.reverse();
    let failed = RunQuery {
        status: vec![SyncStatus::Error],
        ..RunQuery::default()
    };
    let runs = all_pages(&world, project, integration, &failed).await;
    let listed: Vec<SyncRunId> = runs.iter().map(|run| run.id).collect();
    assert_eq!(listed, [ids[1], ids[3], ids[5]]);
    let either = RunQuery {
        status: vec![SyncStatus::Error, SyncStatus::Cancelled],
        r#type: Some(RunType::Full),
    };
    assert_eq!(
        all_pages(&world, project, integration, &either).await.len(),
        3
    );
    let incremental = RunQuery {
        r#type: Some(RunType::Incremental),
        ..RunQuery::default()
    };
    assert_eq!(
        all_pages(&world, project, integration, &incremental).await,
        []
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn recent_runs_are_those_of_all_integrations(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let other = world.integration(project, "other.example").await;
    let first = world.sync(project, integration, &[]).await;
    let second = world.sync(project, other, &[]).await;
    let mut tx = world.tenant(project).await;
    let recent = tx.recent_runs(10).await.unwrap();
    assert_eq!(recent, [second, first]);
    assert_eq!(tx.recent_runs(1).await.unwrap().len(), 1);
    let of_another = tx.run(other, recent[1].id).await.unwrap();
    assert!(
        of_another.is_none(),
        "a run is found under its own integration"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn failures_are_listed_in_the_order_they_were_met(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    for half in [["v1", "v2", "v3"], ["v4", "v5", "v6"]] {
        let mut records = batch(vec![], vec![]);
        records.failures = half.map(|id| failure(Some(id), "no_price")).to_vec();
        world.write(&run, &records).await;
    }
    let mut listed = Vec::new();
    let mut page = PageRequest {
        limit: Some(4),
        cursor: None,
    };
    let mut tx = world.tenant(project).await;
    loop {
        let found = tx
            .item_failures(run.id, &FailureQuery::default(), &page)
            .await
            .unwrap();
        listed.extend(found.items);
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    let ids: Vec<_> = listed
        .iter()
        .map(|one| one.external_id.as_deref().unwrap())
        .collect();
    assert_eq!(ids, ["v1", "v2", "v3", "v4", "v5", "v6"]);
    assert!(
        listed
            .iter()
            .all(|one| one.class == FailureClass::NeedsAction)
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_cursor_of_another_list_is_refused(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let page = PageRequest {
        limit: None,
        cursor: Some(calibr_model::Cursor::encode(&"not a run")),
    };
    let mut tx = world.tenant(project).await;
    let refused = [
        tx.runs(integration, &RunQuery::default(), &page)
            .await
            .map(|_| ()),
        tx.listings(None, None, &page).await.map(|_| ()),
        tx.products(&Default::default(), &page).await.map(|_| ()),
        tx.item_failures(world.sources.id(), &FailureQuery::default(), &page)
            .await
            .map(|_| ()),
    ];
    for answer in refused {
        assert!(
            matches!(answer, Err(StoreError::BadCursor(_))),
            "{answer:?}"
        );
    }
}
