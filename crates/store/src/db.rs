//! Connections, and the scoped transactions that are the only way to data.

use std::time::Duration;

use calibr_model::{ProjectId, UserId};
use sqlx::{
    AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use tokio::task::JoinError;

use crate::error::StoreError;

/// How many connections are kept.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Most connections at once.
    pub max_connections: u32,
    /// How long a caller waits for one before it is told that the database is
    /// not available.
    pub acquire_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
        }
    }
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
}

impl Db {
    /// Opens a pool as the role that owns the schema.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the database does not answer.
    pub async fn connect(
        options: PgConnectOptions,
        settings: &PoolSettings,
    ) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout)
            .connect_with(options.application_name("calibr"))
            .await?;
        Ok(Self { pool })
    }

    /// Works on a pool that is open already, as the tests' are.
    pub fn from_pool(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The pool as the owner: for migrations, the job queue's own tables and
    /// LISTEN. Tenant data must not be reached through it.
    pub fn owner_pool(&self) -> &PgPool {
        &self.pool
    }

    /// A transaction that sees and writes the rows of one project.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn tenant(&self, project: ProjectId) -> Result<TenantTx, StoreError> {
        let tx = self
            .begin(format!("SET LOCAL calibr.project_id = '{project}'"))
            .await?;
        Ok(TenantTx { tx, project })
    }

    /// A transaction that sees which projects one person belongs to.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn person(&self, user: UserId) -> Result<PersonTx, StoreError> {
        let tx = self
            .begin(format!("SET LOCAL calibr.user_id = '{user}'"))
            .await?;
        Ok(PersonTx { tx, user })
    }

    /// A transaction that sees no project's rows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn system(&self) -> Result<SystemTx, StoreError> {
        let tx = self.begin(String::from("SELECT")).await?;
        Ok(SystemTx { tx })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Begins, switches to the application's role and sets the scope in one
    /// round trip. `scope` is made of a UUID's digits, never of input.
    ///
    /// A task of its own does so: a caller may be dropped at any moment (a
    /// browser goes away), and a connection dropped between the statement and
    /// its answer would go back to the pool with the transaction, the role and
    /// the scope still open. Here the transaction comes into being whatever
    /// becomes of the caller, and rolls back when nobody takes it.
    async fn begin(&self, scope: String) -> Result<Transaction<'static, Postgres>, StoreError> {
        let statement = format!("BEGIN; SET LOCAL ROLE calibr_app; {scope}");
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statement)).await });
        match begun.await.map_err(JoinError::try_into_panic) {
            Ok(begun) => Ok(begun?),
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // Only the end of the process cancels it.
            Err(Err(_cancelled)) => Err(sqlx::Error::PoolClosed.into()),
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A transaction within one project. Dropped without [`TenantTx::commit`] it
/// leaves nothing behind.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    project: ProjectId,
}

impl TenantTx {
    /// Whether statements from here on may compare rows one by one. The planner
    /// takes what was written a moment ago for next to nothing, and would go
    /// through all of it for each row of the other side; joined by hash, the work
    /// grows with the rows and no faster.
    pub(crate) async fn allow_nested_loops(&mut self, allowed: bool) -> Result<(), StoreError> {
        let statement = if allowed {
            "SET LOCAL enable_nestloop TO DEFAULT"
        } else {
            "SET LOCAL enable_nestloop = off"
        };
        sqlx::query(statement).execute(self.conn()).await?;
        Ok(())
    }

    /// The project it is bound to.
    pub fn project(&self) -> ProjectId {
        self.project
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// [`StoreError`]; whether it was kept is then unknown if the line was cut.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}

/// A transaction for what one person sees over all their projects.
#[derive(Debug)]
pub struct PersonTx {
    tx: Transaction<'static, Postgres>,
    user: UserId,
}

impl PersonTx {
    /// The person it is bound to.
    pub fn user(&self) -> UserId {
        self.user
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// A transaction for what belongs to no project: people, sessions, canaries.
#[derive(Debug)]
pub struct SystemTx {
    tx: Transaction<'static, Postgres>,
}

impl SystemTx {
    pub(crate) fn bound_to(self, project: ProjectId) -> TenantTx {
        TenantTx {
            tx: self.tx,
            project,
        }
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}
