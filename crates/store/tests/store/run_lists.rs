//! Lists of runs and of failures, page by page.

use calibr_model::{
    IntegrationId, PageRequest, ProjectId, SyncRunId,
    status::{FailureClass, RunTrigger, RunType, SyncStatus},
    time_range::Between,
    views::{FailureQuery, RunView},
};
use calibr_store::{
    StoreError,
    runs::{NewRun, RunFilter},
};
use chrono::{DateTime, TimeDelta};
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
    query: &RunFilter,
) -> Vec<RunView> {
    pages_while(world, project, integration, query, async || ()).await
}

/// All pages, with something happening after each.
async fn pages_while(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
    query: &RunFilter,
    meanwhile: impl AsyncFn(),
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
        drop(tx);
        meanwhile().await;
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
    // What is added at the top does not shift the pages below.
    let added = async || drop(world.sync(project, integration, &[]).await);
    let all = RunFilter::default();
    let runs = pages_while(&world, project, integration, &all, added).await;
    let listed: Vec<SyncRunId> = runs.iter().map(|run| run.id).collect();
    assert_eq!(listed, ids);
    assert_eq!(runs[0].integration_name, "acme.example");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn runs_are_filtered_by_status_and_type(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let mut ids = history(&world, project, integration).await;
    ids.reverse();
    let failed = RunFilter {
        status: vec![SyncStatus::Error],
        ..RunFilter::default()
    };
    let runs = all_pages(&world, project, integration, &failed).await;
    let listed: Vec<SyncRunId> = runs.iter().map(|run| run.id).collect();
    assert_eq!(listed, [ids[1], ids[3], ids[5]]);
    let either = RunFilter {
        status: vec![SyncStatus::Error, SyncStatus::Cancelled],
        r#type: Some(RunType::Full),
        ..RunFilter::default()
    };
    assert_eq!(
        all_pages(&world, project, integration, &either).await.len(),
        3
    );
    let incremental = RunFilter {
        r#type: Some(RunType::Incremental),
        ..RunFilter::default()
    };
    assert_eq!(
        all_pages(&world, project, integration, &incremental).await,
        []
    );
}

/// Runs of every state, kind and cause that a run can have, a minute after each
/// other.
async fn one_of_each(world: &World, project: ProjectId, integration: IntegrationId) {
    let ended = |status: &&SyncStatus| status.is_final();
    for status in SyncStatus::ALL.iter().filter(ended) {
        for kind in RunType::ALL {
            for trigger in RunTrigger::ALL {
                let run = NewRun {
                    trigger: *trigger,
                    ..world.new_run(integration, *kind)
                };
                let mut tx = world.tenant(project).await;
                assert!(tx.add_run(&run, world.now()).await.unwrap());
                tx.commit().await.unwrap();
                let run = world.take_up(project, run.id).await;
                world.finish(&run, *status).await;
                world.clock.advance(TimeDelta::minutes(1));
            }
        }
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn every_filter_gives_what_fits_it_in_order_page_by_page(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let begun = world.now();
    one_of_each(&world, project, integration).await;
    let everything = RunFilter::default();
    let all = all_pages(&world, project, integration, &everything).await;
    assert_eq!(all.len(), 4 * RunType::ALL.len() * RunTrigger::ALL.len());
    let hour = Between {
        from: Some(begun + TimeDelta::minutes(10)),
        to: Some(begun + TimeDelta::minutes(40)),
    };
    for status in [vec![], vec![SyncStatus::Error, SyncStatus::Success]] {
        for kind in [None, Some(RunType::Incremental)] {
            for trigger in [None, Some(RunTrigger::Webhook)] {
                for time in [Between::default(), hour] {
                    let filter = RunFilter {
                        status: status.clone(),
                        r#type: kind,
                        trigger,
                        time,
                    };
                    let fits = |run: &&RunView| {
                        (status.is_empty() || status.contains(&run.status))
                            && kind.is_none_or(|kind| kind == run.r#type)
                            && trigger.is_none_or(|trigger| trigger == run.trigger)
                            && time.from.is_none_or(|from| from <= run.queued_at)
                            && time.to.is_none_or(|to| run.queued_at < to)
                    };
                    let expected: Vec<SyncRunId> =
                        all.iter().filter(fits).map(|run| run.id).collect();
                    let found = all_pages(&world, project, integration, &filter).await;
                    let found: Vec<SyncRunId> = found.iter().map(|run| run.id).collect();
                    assert_eq!(found, expected, "{filter:?}");
                }
            }
        }
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_range_of_time_is_exact_to_the_millisecond(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.clock.advance(TimeDelta::microseconds(1_700));
    let run = world.sync(project, integration, &[]).await;
    let queued: i64 = run.queued_at.timestamp_millis();
    assert_eq!(queued, world.now().timestamp_millis());
    let found = async |from: i64, to: i64| {
        let moment = |milliseconds| DateTime::from_timestamp_millis(queued + milliseconds);
        let filter = RunFilter {
            time: Between {
                from: moment(from),
                to: moment(to),
            },
            ..RunFilter::default()
        };
        let mut tx = world.tenant(project).await;
        let page = PageRequest::default();
        tx.runs(integration, &filter, &page)
            .await
            .unwrap()
            .items
            .len()
    };
    assert_eq!(found(0, 1).await, 1);
    assert_eq!(found(-1, 0).await, 0, "the end is not part of it");
    assert_eq!(found(1, 2).await, 0);
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
        tx.runs(integration, &RunFilter::default(), &page)
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
