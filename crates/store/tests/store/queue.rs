//! Work is queued in the transaction that decides on it, through one door.

use calibr_model::ProjectId;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::World;

/// In place of the job library's own: notes what it is called with.
const STAND_IN: &str = "
    CREATE SCHEMA graphile_worker;
    CREATE TABLE graphile_worker.jobs
        (identifier text, payload json, run_at timestamptz, max_attempts int, job_key text);
    CREATE FUNCTION graphile_worker.add_job(identifier text, payload json,
            run_at timestamptz, max_attempts int, job_key text) RETURNS void
        LANGUAGE sql AS 'INSERT INTO graphile_worker.jobs VALUES ($1, $2, $3, $4, $5)'";

async fn enqueue(world: &World, project: ProjectId, key: &str, keep: bool) {
    let mut tx = world.tenant(project).await;
    let run_at = Some(world.now());
    tx.enqueue("sync_run", &json!({"run": key}), key, run_at)
        .await
        .unwrap();
    if keep {
        tx.commit().await.unwrap();
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn work_is_queued_with_the_transaction_that_asked_for_it(pool: PgPool) {
    sqlx::raw_sql(STAND_IN).execute(&pool).await.unwrap();
    let (world, project, _) = World::with_store(pool.clone()).await;
    enqueue(&world, project, "rolled back", false).await;
    enqueue(&world, project, "kept", true).await;
    type Job = (String, Value, chrono::DateTime<chrono::Utc>, String);
    let jobs: Vec<Job> =
        sqlx::query_as("SELECT identifier, payload, run_at, job_key FROM graphile_worker.jobs")
            .fetch_all(&pool)
            .await
            .unwrap();
    let kept: Job = (
        "sync_run".to_owned(),
        json!({"run": "kept"}),
        world.now(),
        "kept".to_owned(),
    );
    assert_eq!(jobs, [kept]);
    let other_doors: bool =
        sqlx::query_scalar("SELECT has_schema_privilege('calibr_app', 'graphile_worker', 'USAGE')")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert!(!other_doors);
}
