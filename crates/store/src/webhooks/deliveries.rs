//! Messages as they come in and are handled.

use calibr_model::{
    IntegrationId, SyncRunId, WebhookDeliveryId,
    views::{DeliveryEffect, DeliveryState, MeaningKind, SignatureResult, WebhookMeaning},
};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sqlx::{FromRow, types::Json};

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
};

/// So many unsigned or repeated messages of an integration are kept in an hour;
/// more are only counted.
const MOST_KEPT_AN_HOUR: i64 = 50;

/// What a message means of which that is not known.
const NOTHING: WebhookMeaning = WebhookMeaning {
    kind: MeaningKind::Other,
    external_id: None,
};

/// A genuine message.
#[derive(Debug, Clone)]
pub struct NewDelivery<'a> {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// The integration it is for.
    pub integration: IntegrationId,
    /// The topic, in the platform's word.
    pub topic: &'a str,
    /// SHA-256 of what is the same for messages that are the same; `None` for
    /// one that a person hands in again.
    pub dedupe_key: Option<[u8; 32]>,
    /// When it happened, where the platform says.
    pub happened_at: Option<DateTime<Utc>>,
    /// What it means.
    pub means: &'a WebhookMeaning,
    /// The length of its body, in bytes.
    pub size_bytes: i64,
    /// What may be kept of the body.
    pub payload: Option<&'a str>,
    /// The message that it repeats for a person.
    pub replay_of: Option<WebhookDeliveryId>,
}

/// What became of a genuine message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It waits to be handled.
    Queued,
    /// It had come before.
    Duplicate,
}

/// A message with which nothing is done.
#[derive(Debug, Clone)]
pub struct NotTaken<'a> {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// The integration it names.
    pub integration: IntegrationId,
    /// The topic, where it is signed.
    pub topic: Option<&'a str>,
    /// Whether it is signed.
    pub signature: SignatureResult,
    /// [`DeliveryState::Duplicate`] or [`DeliveryState::Refused`].
    pub state: DeliveryState,
    /// Why it is not taken.
    pub why: &'a str,
    /// The length of its body, in bytes.
    pub size_bytes: i64,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedDelivery {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// When it happened, where the platform says.
    pub happened_at: Option<DateTime<Utc>>,
    /// What it means.
    pub means: WebhookMeaning,
}

impl TenantTx {
    /// Keeps a genuine message. The same message that failed before waits anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_delivery(
        &mut self,
        new: &NewDelivery<'_>,
        now: DateTime<Utc>,
    ) -> Result<Kept, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "INSERT INTO webhook_deliveries AS d
                 (project_id, id, integration_id, received_at, topic, signature, dedupe_key,
                  happened_at, means, state, replay_of, size_bytes, payload)
             VALUES ($1, $2, $3, $4, $5, 'valid', $6, $7, $8, 'queued', $9, $10, $11)
             ON CONFLICT (project_id, integration_id, dedupe_key) WHERE dedupe_key IS NOT NULL
             DO UPDATE SET state = 'queued', error = NULL WHERE d.state = 'failed'",
        )
        .bind(project)
        .bind(new.id.0)
        .bind(new.integration.0)
        .bind(now)
        .bind(new.topic)
        .bind(new.dedupe_key.as_ref().map(<[u8; 32]>::as_slice))
        .bind(new.happened_at)
        .bind(Json(new.means))
        .bind(new.replay_of.map(|id| id.0))
        .bind(new.size_bytes)
        .bind(new.payload)
        .execute(self.conn())
        .await?;
        Ok(match done.rows_affected() {
            0 => Kept::Duplicate,
            _ => Kept::Queued,
        })
    }

    /// Counts a message with which nothing is done, and notes it in the log as
    /// far as there were few in this hour: whoever sends a million of them fills
    /// no disk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_not_taken(
        &mut self,
        message: &NotTaken<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        let is_duplicate = message.state == DeliveryState::Duplicate;
        let so_far: i64 = sqlx::query_scalar(
            "INSERT INTO webhook_counts AS c (project_id, integration_id, hour, refused, duplicates)
             VALUES ($1, $2, $3, $4::int, $5::int)
             ON CONFLICT (project_id, integration_id, hour) DO UPDATE
             SET refused = c.refused + excluded.refused,
                 duplicates = c.duplicates + excluded.duplicates
             RETURNING refused + duplicates",
        )
        .bind(project)
        .bind(message.integration.0)
        .bind(hour)
        .bind(i32::from(!is_duplicate))
        .bind(i32::from(is_duplicate))
        .fetch_one(self.conn())
        .await?;
        if so_far > MOST_KEPT_AN_HOUR {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO webhook_deliveries
                 (project_id, id, integration_id, received_at, topic, signature, state, error,
                  size_bytes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(project)
        .bind(message.id.0)
        .bind(message.integration.0)
        .bind(now)
        .bind(message.topic)
        .bind(message.signature.as_str())
        .bind(message.state.as_str())
        .bind(message.why)
        .bind(message.size_bytes)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Messages that wait, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn queued_deliveries(
        &mut self,
        integration: IntegrationId,
        limit: i64,
    ) -> Result<Vec<QueuedDelivery>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            id: uuid::Uuid,
            happened_at: Option<DateTime<Utc>>,
            means: Option<Json<WebhookMeaning>>,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, happened_at, means FROM webhook_deliveries
             WHERE project_id = $1 AND integration_id = $2 AND state = 'queued'
             ORDER BY id LIMIT $3",
        )
        .bind(project)
        .bind(integration.0)
        .bind(limit)
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| QueuedDelivery {
                id: row.id.into(),
                happened_at: row.happened_at,
                means: row.means.map_or(NOTHING, |means| means.0),
            })
            .collect())
    }

    /// Notes that messages were handled, and what that led to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_deliveries(
        &mut self,
        handled: &[WebhookDeliveryId],
        effect: DeliveryEffect,
        run: Option<SyncRunId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if handled.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        let ids: Vec<uuid::Uuid> = handled.iter().map(|id| id.0).collect();
        sqlx::query(
            "WITH settled AS (
                 UPDATE webhook_deliveries
                 SET state = 'done', effect = $3, run_id = $4, error = NULL, handled_at = $5,
                     attempts = attempts + 1
                 WHERE project_id = $1 AND id = ANY ($2) AND state = 'queued'
                 RETURNING integration_id, topic, received_at, replay_of
             ), latest AS (
                 SELECT integration_id, topic, max(received_at) AS at FROM settled
                 WHERE replay_of IS NULL GROUP BY integration_id, topic
             )
             UPDATE webhook_subscriptions s
             SET last_delivery_at = greatest(s.last_delivery_at, l.at)
             FROM latest l
             WHERE s.project_id = $1 AND s.integration_id = l.integration_id
               AND s.topic = l.topic",
        )
        .bind(project)
        .bind(ids)
        .bind(effect.as_str())
        .bind(run.map(|run| run.0))
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Notes that the messages that wait cannot be handled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fail_deliveries(
        &mut self,
        integration: IntegrationId,
        error: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE webhook_deliveries
             SET state = 'failed', error = $3, handled_at = $4, attempts = attempts + 1
             WHERE project_id = $1 AND integration_id = $2 AND state = 'queued'",
        )
        .bind(project)
        .bind(integration.0)
        .bind(error)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The platform's ids of what messages called deleted since a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deletions_told_since(
        &mut self,
        integration: IntegrationId,
        since: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT means ->> 'external_id' FROM webhook_deliveries
             WHERE project_id = $1 AND integration_id = $2 AND received_at >= $3
               AND (means ->> 'kind') = 'product_deleted' AND state = 'done'
               AND means ->> 'external_id' IS NOT NULL",
        )
        .bind(project)
        .bind(integration.0)
        .bind(since)
        .fetch_all(self.conn())
        .await?)
    }
}

impl SystemTx {
    /// Clears away what came before a moment, over all projects; gives how many
    /// messages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_webhook_deliveries(
        &mut self,
        came_before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let removed: i64 = sqlx::query_scalar("SELECT calibr_remove_webhook_deliveries($1)")
            .bind(came_before)
            .fetch_one(self.conn())
            .await?;
        Ok(removed.unsigned_abs())
    }
}
