//! Bringing the schema up to date.

use sqlx::{
    PgConnection, PgPool,
    migrate::{Migrate, Migrator},
};

use crate::error::StoreError;

/// The schema's steps, compiled in.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Where the migrator notes which steps were applied.
const APPLIED_STEPS: &str = "_sqlx_migrations";

/// Applies the steps that are missing, under a lock that lets one process at a
/// time do so. Runs as the schema's owner.
///
/// # Errors
/// [`StoreError::SchemaNewer`] where the database has steps this program does
/// not know: nothing is touched. [`StoreError::Migration`] where a step fails
/// or one that was applied has changed since.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let done = migrate_alone(&mut connection).await;
    if done.is_err() {
        // The lock is the session's: it must not go back to the pool with it.
        connection.close().await?;
    }
    done
}

async fn migrate_alone(connection: &mut PgConnection) -> Result<(), StoreError> {
    connection.lock().await.map_err(StoreError::Migration)?;
    refuse_newer(connection).await?;
    MIGRATOR
        .run_direct(None, connection, false)
        .await
        .map_err(StoreError::Migration)?;
    connection.unlock().await.map_err(StoreError::Migration)
}

async fn refuse_newer(connection: &mut PgConnection) -> Result<(), StoreError> {
    let begun: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(APPLIED_STEPS)
        .fetch_one(&mut *connection)
        .await?;
    if !begun {
        return Ok(());
    }
    let applied = connection
        .list_applied_migrations(APPLIED_STEPS)
        .await
        .map_err(StoreError::Migration)?;
    let newest = |steps: &mut dyn Iterator<Item = i64>| steps.max().unwrap_or(0);
    let found = newest(&mut applied.iter().map(|step| step.version));
    let known = newest(&mut MIGRATOR.iter().map(|step| step.version));
    if found > known {
        return Err(StoreError::SchemaNewer { found, known });
    }
    Ok(())
}
