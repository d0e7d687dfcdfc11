//! What open browsers are told, over PostgreSQL's NOTIFY: it leaves with the
//! transaction that it speaks of, and reaches every replica.

use calibr_model::event::{Addressed, ProjectEvent};
use sqlx::postgres::PgListener;

use crate::{
    db::{Db, TenantTx},
    error::StoreError,
};

const CHANNEL: &str = "calibr_events";

impl TenantTx {
    /// Tells of `event` when this transaction commits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notify(&mut self, event: ProjectEvent) -> Result<(), StoreError> {
        let addressed = Addressed {
            project_id: self.project(),
            event,
        };
        let payload = serde_json::to_string(&addressed)
            .map_err(|error| StoreError::corrupt("event", error))?;
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(payload)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

/// Hears what all replicas tell.
#[derive(Debug)]
pub struct EventListener {
    db: Db,
    /// Gone after an error, until it is opened anew.
    listener: Option<PgListener>,
}

/// What a listener heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An event.
    Event(Addressed),
    /// The line was cut and is up again: events may have been missed.
    Gap,
}

impl EventListener {
    /// Begins to listen.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open(db: &Db) -> Result<Self, StoreError> {
        Ok(Self {
            db: db.clone(),
            listener: Some(listen(db).await?),
        })
    }

    /// The next event. Safe to cancel. After an error, the first that comes is
    /// a [`Heard::Gap`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the database is away; ask again later.
    pub async fn next(&mut self) -> Result<Heard, StoreError> {
        loop {
            let Some(listener) = &mut self.listener else {
                self.listener = Some(listen(&self.db).await?);
                return Ok(Heard::Gap);
            };
            let notification = match listener.try_recv().await {
                Ok(Some(notification)) => notification,
                Ok(None) => return Ok(Heard::Gap),
                Err(error) => {
                    self.listener = None;
                    return Err(error.into());
                }
            };
            match serde_json::from_str(notification.payload()) {
                Ok(event) => return Ok(Heard::Event(event)),
                Err(error) => tracing::warn!(%error, "an event of another version is passed over"),
            }
        }
    }
}

async fn listen(db: &Db) -> Result<PgListener, StoreError> {
    let mut listener = PgListener::connect_with(db.owner_pool()).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}
