//! Databases of the measurement's own.

use calibr_store::{Db, migrate};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use url::Url;

use crate::error::BenchError;

/// A new, empty database on the server of `server`; gives its address.
pub(crate) async fn empty(server: &Url, name: &str) -> Result<Url, BenchError> {
    let mut connection = PgConnection::connect(server.as_str()).await?;
    for statement in [
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        format!("CREATE DATABASE {name}"),
        // What comes next is not to pay for what was there before.
        "CHECKPOINT".to_owned(),
    ] {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    let mut url = server.clone();
    url.set_path(name);
    Ok(url)
}

/// The same with the schema in it.
pub(crate) async fn migrated(server: &Url, name: &str) -> Result<Db, BenchError> {
    let url = empty(server, name).await?;
    let options: PgConnectOptions = url.as_str().parse()?;
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await?;
    migrate(&pool).await?;
    Ok(Db::from_pool(pool))
}

/// Writes out what is dirty, so that the next measurement does not pay for this
/// one.
pub(crate) async fn settle(db: &Db) -> Result<(), BenchError> {
    sqlx::query("CHECKPOINT").execute(db.owner_pool()).await?;
    Ok(())
}
