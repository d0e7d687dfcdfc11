//! The counts that figures are made of are those of the runs, however they end.

use calibr_model::{
    IntegrationId, ProjectId,
    status::{RunType, SyncStatus},
    views::{FailureCount, FailureSubject},
};
use calibr_store::runs::{CountPart, CountRow, CountSpan, NewRun, Outcome, RunFilter};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::support::{World, batch, failure, product, variant};

/// The project's days, which begin at 23:00 UTC in winter.
fn days(from: &str, count: i64) -> Vec<DateTime<Utc>> {
    let first: DateTime<Utc> = from.parse().unwrap();
    (0..=count)
        .map(|day| first + TimeDelta::days(day))
        .collect()
}

fn whole(span: CountSpan, bounds: &[DateTime<Utc>]) -> CountPart {
    CountPart {
        span,
        from: bounds[0],
        to: bounds[bounds.len() - 1],
    }
}

async fn counted(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
    span: CountSpan,
    bounds: &[DateTime<Utc>],
) -> Vec<CountRow> {
    let mut tx = world.tenant(project).await;
    let filter = RunFilter::default();
    let mut rows = tx
        .run_counts(integration, &filter, &[whole(span, bounds)], bounds)
        .await
        .unwrap();
    rows.sort_by_key(|row| (row.bucket, row.status, row.duration_step));
    rows
}

/// A run that took so long and ended so.
async fn ran(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
    seconds: i64,
    status: SyncStatus,
) {
    let run = world.run(project, integration).await;
    world.clock.advance(TimeDelta::seconds(seconds));
    let mut tx = world.tenant(project).await;
    let failed = status == SyncStatus::Error;
    let outcome = Outcome {
        status,
        error: failed.then(|| "It did not answer.".to_owned()),
        error_code: failed.then(|| "unreachable".to_owned()),
    };
    tx.finish_run(&run.claimed, &outcome, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn runs_are_counted_on_the_merchants_day_with_those_like_them(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    ran(&world, project, integration, 10, SyncStatus::Success).await;
    ran(&world, project, integration, 10, SyncStatus::Success).await;
    ran(&world, project, integration, 80, SyncStatus::Error).await;
    // In Berlin it is tomorrow.
    world.clock.advance(TimeDelta::hours(11));
    ran(&world, project, integration, 10, SyncStatus::Success).await;

    let days = days("2026-11-22T23:00:00Z", 2);
    let rows = counted(&world, project, integration, CountSpan::Day, &days).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.bucket, row.status, row.runs, row.milliseconds))
        .collect();
    assert_eq!(
        told,
        [
            (0, SyncStatus::Success, 2, 20_000),
            (0, SyncStatus::Error, 1, 80_000),
            (1, SyncStatus::Success, 1, 10_000),
        ]
    );
    // Eight steps to each doubling.
    assert_eq!(rows[1].duration_step - rows[0].duration_step, 24);

    let hours: Vec<DateTime<Utc>> = (0..=24)
        .map(|hour| days[0] + TimeDelta::hours(hour))
        .collect();
    let rows = counted(&world, project, integration, CountSpan::Hour, &hours).await;
    assert!(rows.iter().all(|row| row.bucket == 13), "{rows:?}");
    assert_eq!(rows.iter().map(|row| row.runs).sum::<i64>(), 3);

    // The month from days and from its own count, side by side.
    let month = days[0] - TimeDelta::days(22);
    let parts = [
        whole(CountSpan::Month, &[month, days[0]]),
        whole(CountSpan::Day, &days),
    ];
    let mut tx = world.tenant(project).await;
    let filter = RunFilter::default();
    let rows = tx
        .run_counts(integration, &filter, &parts, &[month, days[2]])
        .await
        .unwrap();
    let runs: i64 = rows.iter().map(|row| row.runs).sum();
    assert_eq!(runs, 4 + 4);
    assert_eq!(
        tx.first_counted_day(integration).await.unwrap(),
        Some(days[0])
    );
    let failed = RunFilter {
        status: vec![SyncStatus::Error],
        r#type: Some(RunType::Full),
        ..RunFilter::default()
    };
    let rows = tx
        .run_counts(integration, &failed, &[whole(CountSpan::Day, &days)], &days)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    let failures = tx
        .failure_counts(
            integration,
            &RunFilter::default(),
            &[whole(CountSpan::Day, &days)],
            5,
        )
        .await
        .unwrap();
    let unreachable = FailureCount {
        subject: FailureSubject::Run,
        code: "unreachable".to_owned(),
        count: 1,
    };
    assert_eq!(failures, [unreachable]);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn counts_are_what_the_runs_themselves_add_up_to(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    for number in 0..6_i64 {
        let run = world.run(project, integration).await;
        let mut records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
        records.failures = (0..number)
            .map(|item| {
                failure(
                    Some(&format!("v{item}")),
                    ["no_price", "too_long"][item as usize % 2],
                )
            })
            .collect();
        world.write(&run, &records).await;
        world.clock.advance(TimeDelta::minutes(70 * number));
        world.finish(&run, SyncStatus::Partial).await;
    }
    // One that was never started, one that was stopped, one that goes on.
    let waiting = world.queued(project, integration).await;
    let stop = async |run| {
        let mut tx = world.tenant(project).await;
        assert!(tx.cancel_run(run, world.now()).await.unwrap());
        tx.commit().await.unwrap();
    };
    stop(waiting).await;
    let running = world.run(project, integration).await;
    world.clock.advance(TimeDelta::seconds(5));
    stop(running.id).await;
    world.run(project, integration).await;

    for span in ["day", "hour", "month"] {
        let (runs, took, synced, failed): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT sum(runs)::bigint, sum(milliseconds)::bigint, sum(items_synced)::bigint,
                    sum(items_failed)::bigint
             FROM sync_run_counts WHERE span = $1",
        )
        .bind(span)
        .fetch_one(world.owner())
        .await
        .unwrap();
        assert_eq!((runs, synced, failed), (8, 6, 15), "{span}");
        assert_eq!(took, 1_000 * (70 * 60 * 15 + 5), "{span}");
    }
    let days = days("2026-11-22T23:00:00Z", 3);
    let rows = counted(&world, project, integration, CountSpan::Day, &days).await;
    let never_started: Vec<_> = rows.iter().filter(|row| row.duration_step == 0).collect();
    assert_eq!(never_started.len(), 1, "{rows:?}");
    assert_eq!(never_started[0].status, SyncStatus::Cancelled);

    let mut tx = world.tenant(project).await;
    let most = tx
        .failure_counts(
            integration,
            &RunFilter::default(),
            &[whole(CountSpan::Day, &days)],
            1,
        )
        .await
        .unwrap();
    let no_price = FailureCount {
        subject: FailureSubject::Item,
        code: "no_price".to_owned(),
        count: 9,
    };
    assert_eq!(most, [no_price], "the most frequent code alone");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn hours_are_forgotten_after_a_while_and_days_are_kept(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    ran(&world, project, integration, 10, SyncStatus::Error).await;
    world.clock.advance(TimeDelta::days(9));
    ran(&world, project, integration, 10, SyncStatus::Error).await;
    for table in ["sync_run_counts", "sync_failure_counts"] {
        assert_eq!(
            world.count(&format!("{table} WHERE span = 'hour'")).await,
            1
        );
        assert_eq!(world.count(&format!("{table} WHERE span = 'day'")).await, 2);
    }
}

/// What the clock says does not keep a run from ending.
#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_clock_that_is_set_back_counts_as_no_time(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    ran(&world, project, integration, -600, SyncStatus::Success).await;
    let days = days("2026-11-22T23:00:00Z", 1);
    let rows = counted(&world, project, integration, CountSpan::Day, &days).await;
    assert_eq!((rows[0].duration_step, rows[0].milliseconds), (1, 0));
}

/// Runs of an earlier version are counted when the counts come in.
#[sqlx::test(migrations = false)]
async fn runs_from_before_are_counted_by_the_migration(pool: PgPool) {
    calibr_store::migrate(&pool).await.unwrap();
    let (world, project, integration) = World::with_store(pool).await;
    let started: DateTime<Utc> = sqlx::query_scalar("SELECT now() - interval '3 hours'")
        .fetch_one(world.owner())
        .await
        .unwrap();
    world.clock.advance(started - world.now());
    for status in [SyncStatus::Success, SyncStatus::Error] {
        let new = NewRun {
            ..world.new_run(integration, RunType::Full)
        };
        let mut tx = world.tenant(project).await;
        tx.add_run(&new, world.now()).await.unwrap();
        tx.commit().await.unwrap();
        let run = world.take_up(project, new.id).await;
        let mut records = batch(vec![], vec![]);
        records.failures = vec![failure(Some("v1"), "no_price")];
        world.write(&run, &records).await;
        world.clock.advance(TimeDelta::seconds(90));
        let mut tx = world.tenant(project).await;
        let outcome = Outcome {
            status,
            error: None,
            error_code: (status == SyncStatus::Error).then(|| "unreachable".to_owned()),
        };
        tx.finish_run(&run.claimed, &outcome, world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let rows = async |table: &str| {
        let rows = format!("SELECT t::text FROM {table} t ORDER BY 1");
        sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(rows))
            .fetch_all(world.owner())
            .await
            .unwrap()
    };
    let before = (
        rows("sync_run_counts").await,
        rows("sync_failure_counts").await,
    );
    assert_eq!((before.0.len(), before.1.len()), (6, 9));

    let step = calibr_store::MIGRATOR
        .iter()
        .find(|step| step.description == "run history")
        .unwrap();
    let undo = "DROP TABLE sync_run_counts, sync_failure_counts;
                DROP FUNCTION calibr_run_milliseconds, calibr_duration_step;
                DROP INDEX sync_runs_by_kind;";
    for statements in [undo, step.sql.as_str()] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()))
            .execute(world.owner())
            .await
            .unwrap();
    }
    let after = (
        rows("sync_run_counts").await,
        rows("sync_failure_counts").await,
    );
    assert_eq!(after, before);
}
