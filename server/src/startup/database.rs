use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use calibr_model::Sources;
use calibr_store::{Db, PoolSettings, StoreError};
use sqlx::postgres::PgConnectOptions;
use tokio::time::sleep;

use super::random;
use crate::{
    embedded::{DataDir, EmbeddedOptions, EmbeddedPostgres},
    error::ServerError,
};

/// How often a database that does not answer is asked again before giving up; it may be starting, too.
const TRIES: u32 = 15;
/// Time between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// The database this process works on: the embedded one, or the one that DATABASE_URL names.
#[derive(Debug)]
pub(crate) struct Database {
    /// Connections to it.
    pub(crate) db: Db,
    embedded: Option<(EmbeddedPostgres, PathBuf)>,
}

impl Database {
    /// For `serve`: with no database named, holds the data directory and runs a server in it.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn open(
        named: Option<PgConnectOptions>,
        data_dir: &Path,
        sources: &Sources,
    ) -> Result<Self, ServerError> {
        let Some(options) = named else {
            let held = DataDir::lock(data_dir)?;
            let path = held.path().to_owned();
            tracing::info!(directory = %path.display(), "starting PostgreSQL");
            let server =
                EmbeddedPostgres::start(held, EmbeddedOptions::default(), &mut random(sources))
                    .await?;
            return Self::embedded(server, path).await;
        };
        Self::named(options).await
    }

    /// For commands beside a running `serve`: uses its server, or runs one for as long.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn attach(
        named: Option<PgConnectOptions>,
        data_dir: &Path,
        sources: &Sources,
    ) -> Result<Self, ServerError> {
        let Some(options) = named else {
            let server = EmbeddedPostgres::attach_or_start(
                data_dir,
                EmbeddedOptions::default(),
                &mut random(sources),
            )
            .await?;
            return Self::embedded(server, data_dir.to_owned()).await;
        };
        Self::named(options).await
    }

    async fn embedded(server: EmbeddedPostgres, data_dir: PathBuf) -> Result<Self, ServerError> {
        match Db::connect(server.connect_options(), &PoolSettings::default()).await {
            Ok(db) => Ok(Self {
                db,
                embedded: Some((server, data_dir)),
            }),
            Err(error) => {
                server.stop().await?;
                Err(error.into())
            }
        }
    }

    async fn named(options: PgConnectOptions) -> Result<Self, ServerError> {
        let mut failed = 0;
        loop {
            match Db::connect(options.clone(), &PoolSettings::default()).await {
                Ok(db) => return Ok(Self { db, embedded: None }),
                Err(error @ StoreError::Unavailable(_)) if failed < TRIES => {
                    failed += 1;
                    tracing::warn!(%error, "waiting for the database");
                    sleep(BETWEEN_TRIES).await;
                }
                Err(error) => return Err(ServerError::Database(error)),
            }
        }
    }

    /// Brings the schema and the job queue's tables up to date.
    ///
    /// # Errors
    /// [`ServerError`] in words, as where a newer version has been here.
    pub(crate) async fn migrate(&self) -> Result<(), ServerError> {
        calibr_store::migrate(self.db.owner_pool()).await?;
        Ok(calibr_engine::prepare_queue(&self.db).await?)
    }

    /// The data directory, where the database is in it: then this process alone works on it, and keys may be kept
    /// beside it.
    pub(crate) fn own_directory(&self) -> Option<&Path> {
        self.embedded
            .as_ref()
            .map(|(_, data_dir)| data_dir.as_path())
    }

    /// Closes the connections, and stops the server where this process runs it.
    ///
    /// # Errors
    /// [`ServerError::Embedded`] where it does not stop.
    pub(crate) async fn close(self) -> Result<(), ServerError> {
        self.db.close().await;
        if let Some((server, _)) = self.embedded {
            server.stop().await?;
        }
        Ok(())
    }
}
