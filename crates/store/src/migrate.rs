//! Bringing the schema up to date.

use sqlx::{
    PgPool,
    migrate::{Migrate, MigrateError, Migrator},
};

use crate::error::StoreError;

/// The schema's steps, compiled in.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Applies the steps that are missing, under a lock that lets one process at a
/// time do so. Runs as the schema's owner.
///
/// # Errors
/// [`StoreError::SchemaNewer`] where the database has steps this program does
/// not know: nothing is touched. [`StoreError::Migration`] where a step fails
/// or one that was applied has changed since.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let known = MIGRATOR.iter().map(|step| step.version).max().unwrap_or(0);
    let mut connection = pool.acquire().await?;
    connection
        .ensure_migrations_table("_sqlx_migrations")
        .await
        .map_err(StoreError::Migration)?;
    let found = connection
        .list_applied_migrations("_sqlx_migrations")
        .await
        .map_err(StoreError::Migration)?
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0);
    drop(connection);
    if found > known {
        return Err(StoreError::SchemaNewer { found, known });
    }
    MIGRATOR.run(pool).await.map_err(|error| match error {
        // Another process, of a newer version, was quicker.
        MigrateError::VersionMissing(found) => StoreError::SchemaNewer { found, known },
        other => StoreError::Migration(other),
    })
}
