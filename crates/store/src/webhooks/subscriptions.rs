//! Wanted topics and how the platform stands to them.

use calibr_model::{
    IntegrationId, ProjectId,
    views::{SubscriptionState, WebhookSubscriptionView},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
    rows::{column, word},
};

/// A wanted topic as it was found or left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionInput {
    /// The topic, in the platform's word.
    pub topic: String,
    /// How the platform stands to it.
    pub state: SubscriptionState,
    /// The platform's id, while there is one.
    pub external_id: Option<String>,
    /// Where messages are to go.
    pub address: String,
    /// What the platform said when it was asked.
    pub error: Option<String>,
}

impl TenantTx {
    /// Puts what was found in place of what was known; topics that are not in it
    /// are no longer wanted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_subscriptions(
        &mut self,
        integration: IntegrationId,
        found: &[SubscriptionInput],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let topics = column(found, |one| one.topic.as_str());
        sqlx::query(
            "DELETE FROM webhook_subscriptions
             WHERE project_id = $1 AND integration_id = $2 AND topic <> ALL ($3)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(&topics)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "INSERT INTO webhook_subscriptions (project_id, integration_id, topic, state,
                                                external_id, address, error, checked_at)
             SELECT $1, $2, r.topic, r.state, r.external_id, r.address, r.error, $3
             FROM UNNEST($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
                  AS r (topic, state, external_id, address, error)
             ORDER BY r.topic
             ON CONFLICT (project_id, integration_id, topic) DO UPDATE
             SET state = excluded.state, external_id = excluded.external_id,
                 address = excluded.address, error = excluded.error,
                 checked_at = excluded.checked_at",
        )
        .bind(project)
        .bind(integration.0)
        .bind(now)
        .bind(&topics)
        .bind(column(found, |one| one.state.as_str()))
        .bind(column(found, |one| one.external_id.as_deref()))
        .bind(column(found, |one| one.address.as_str()))
        .bind(column(found, |one| one.error.as_deref()))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// What is known of an integration's subscriptions.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn subscriptions(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Vec<WebhookSubscriptionView>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            topic: String,
            state: String,
            external_id: Option<String>,
            error: Option<String>,
            checked_at: DateTime<Utc>,
            last_delivery_at: Option<DateTime<Utc>>,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT topic, state, external_id, error, checked_at, last_delivery_at
             FROM webhook_subscriptions WHERE project_id = $1 AND integration_id = $2
             ORDER BY topic",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(WebhookSubscriptionView {
                    state: word("subscription state", &row.state)?,
                    topic: row.topic,
                    external_id: row.external_id,
                    checked_at: Some(row.checked_at),
                    last_delivery_at: row.last_delivery_at,
                    error: row.error,
                })
            })
            .collect()
    }

    /// Forgets what is known of an integration's subscriptions.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_subscriptions(
        &mut self,
        integration: IntegrationId,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "DELETE FROM webhook_subscriptions WHERE project_id = $1 AND integration_id = $2",
        )
        .bind(project)
        .bind(integration.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Claims the next look at an integration's subscriptions for the caller:
    /// `false` where somebody looked within these seconds, by the database's
    /// clock, or it is not connected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_webhook_check(
        &mut self,
        integration: IntegrationId,
        every_seconds: f64,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE integrations SET webhooks_checked_at = now()
             WHERE project_id = $1 AND id = $2 AND status = 'connected'
               AND (webhooks_checked_at IS NULL
                    OR webhooks_checked_at < now() - make_interval(secs => $3))",
        )
        .bind(project)
        .bind(integration.0)
        .bind(every_seconds)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes the turn at making an integration's subscriptions as they are
    /// wanted, for so many seconds by the database's clock: until when it is the
    /// caller's, or `None` while it is another's. Commit before the work begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_webhook_turn(
        &mut self,
        integration: IntegrationId,
        seconds: f64,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "UPDATE integrations SET webhooks_turn_until = now() + make_interval(secs => $3)
             WHERE project_id = $1 AND id = $2
               AND (webhooks_turn_until IS NULL OR webhooks_turn_until < now())
             RETURNING webhooks_turn_until",
        )
        .bind(project)
        .bind(integration.0)
        .bind(seconds)
        .fetch_optional(self.conn())
        .await?)
    }

    /// Gives a turn back that lasts until this moment, unless it has lapsed and is
    /// another's by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_webhook_turn(
        &mut self,
        integration: IntegrationId,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations SET webhooks_turn_until = NULL
             WHERE project_id = $1 AND id = $2 AND webhooks_turn_until = $3",
        )
        .bind(project)
        .bind(integration.0)
        .bind(until)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

impl SystemTx {
    /// Connected integrations of these platforms whose subscriptions nobody
    /// looked at within these seconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_webhook_checks(
        &mut self,
        platforms: &[String],
        every_seconds: f64,
    ) -> Result<Vec<(ProjectId, IntegrationId)>, StoreError> {
        let rows: Vec<(uuid::Uuid, uuid::Uuid)> = sqlx::query_as(
            "SELECT project_id, integration_id
             FROM calibr_due_webhook_checks($1, make_interval(secs => $2))",
        )
        .bind(platforms)
        .bind(every_seconds)
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|(project, integration)| (project.into(), integration.into()))
            .collect())
    }
}
