use async_trait::async_trait;
use calibr_model::{Sources, UserId};
use calibr_store::{Db, StoreError, sessions::SessionRecord};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::USER;

/// Sessions in PostgreSQL. The id that the cookie holds is not stored, only its SHA-256: whoever reads the table
/// cannot sign in with it.
#[derive(Debug, Clone)]
pub(crate) struct SessionRows {
    db: Db,
    sources: Sources,
}

/// What a session stands under in the table.
pub(crate) fn id_hash(id: &Id) -> Vec<u8> {
    Sha256::digest(id.0.to_le_bytes()).to_vec()
}

impl SessionRows {
    /// Sessions in this database.
    pub(crate) fn new(db: Db, sources: Sources) -> Self {
        Self { db, sources }
    }
}

#[async_trait]
impl SessionStore for SessionRows {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut tx = self.db.system().await.map_err(backend)?;
        while !tx
            .add_session(&row(record)?, self.sources.now())
            .await
            .map_err(backend)?
        {
            record.id = Id::default();
        }
        tx.commit().await.map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let mut tx = self.db.system().await.map_err(backend)?;
        tx.save_session(&row(record)?).await.map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut tx = self.db.system().await.map_err(backend)?;
        let found = tx
            .session(&id_hash(id), self.sources.now())
            .await
            .map_err(backend)?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_value(found.data)
                .map_err(|error| Error::Decode(error.to_string()))?,
            expiry_date: OffsetDateTime::from_unix_timestamp(found.expires_at.timestamp())
                .map_err(|error| Error::Decode(error.to_string()))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut tx = self.db.system().await.map_err(backend)?;
        tx.remove_session(&id_hash(id)).await.map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}

fn row(record: &Record) -> Result<SessionRecord> {
    let user = record
        .data
        .get(USER)
        .cloned()
        .map(serde_json::from_value::<UserId>);
    let expires_at = DateTime::<Utc>::from_timestamp(record.expiry_date.unix_timestamp(), 0);
    Ok(SessionRecord {
        id: id_hash(&record.id),
        user: user
            .transpose()
            .map_err(|error| Error::Encode(error.to_string()))?,
        data: Value::Object(record.data.clone().into_iter().collect()),
        expires_at: expires_at
            .ok_or_else(|| Error::Encode("the session ends beyond time".to_owned()))?,
    })
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}
