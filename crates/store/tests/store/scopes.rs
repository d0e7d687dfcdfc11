//! Scoped transactions and callers who go away.

use calibr_store::Db;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::World;

/// A request can be dropped at any await: the browser went elsewhere.
#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_caller_who_goes_away_leaves_no_scope_behind(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let pool = options
        .max_connections(1)
        .connect_with(connect)
        .await
        .unwrap();
    let (world, project, _) = World::with_store(pool.clone()).await;
    let db: Db = world.db.clone();

    // Somewhere in here lies the moment between the statement and its answer.
    for turns in (0..1_500).step_by(3) {
        tokio::select! {
            biased;
            begun = db.tenant(project) => drop(begun),
            () = take_turns(turns) => {}
        }
        let (role, scope): (String, String) = sqlx::query_as(
            "SELECT current_user::text, coalesce(current_setting('calibr.project_id', true), '')",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_ne!(role, "calibr_app", "after {turns} turns");
        assert_eq!(scope, "", "after {turns} turns");
    }
}

async fn take_turns(turns: u32) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}
