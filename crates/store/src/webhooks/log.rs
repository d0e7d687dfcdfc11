//! What is shown of messages that came.

use calibr_model::{
    Cursor, IntegrationId, Page, PageRequest, WebhookDeliveryId,
    views::{WebhookDeliveryDetail, WebhookDeliveryView, WebhookMeaning},
};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, types::Json};

use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{page_of, word},
};

#[derive(FromRow)]
struct Row {
    id: uuid::Uuid,
    received_at: DateTime<Utc>,
    happened_at: Option<DateTime<Utc>>,
    topic: Option<String>,
    signature: String,
    state: String,
    means: Option<Json<WebhookMeaning>>,
    effect: Option<String>,
    run_id: Option<uuid::Uuid>,
    replay_of: Option<uuid::Uuid>,
    attempts: i32,
    error: Option<String>,
    size_bytes: i64,
    handled_at: Option<DateTime<Utc>>,
}

macro_rules! delivery {
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT id, received_at, happened_at, topic, signature, state, means, effect, run_id,
                    replay_of, attempts, error, size_bytes, handled_at ",
            $more,
            " FROM webhook_deliveries WHERE project_id = $1 AND integration_id = $2 ",
            $rest
        )
    };
}

impl Row {
    fn into_view(self) -> Result<WebhookDeliveryView, StoreError> {
        Ok(WebhookDeliveryView {
            id: self.id.into(),
            received_at: self.received_at,
            happened_at: self.happened_at,
            topic: self.topic,
            signature: word("signature result", &self.signature)?,
            state: word("delivery state", &self.state)?,
            means: self.means.map(|means| means.0),
            effect: self
                .effect
                .map(|effect| word("delivery effect", &effect))
                .transpose()?,
            run_id: self.run_id.map(Into::into),
            replay_of: self.replay_of.map(Into::into),
            attempts: self.attempts,
            error: self.error,
            size_bytes: self.size_bytes,
            handled_at: self.handled_at,
        })
    }
}

impl TenantTx {
    /// An integration's messages, newest first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn deliveries(
        &mut self,
        integration: IntegrationId,
        page: &PageRequest,
    ) -> Result<Page<WebhookDeliveryView>, StoreError> {
        let project = self.project().0;
        let before = page.after()?.unwrap_or(uuid::Uuid::max());
        let rows: Vec<Row> = sqlx::query_as(delivery!("", "AND id < $3 ORDER BY id DESC LIMIT $4"))
            .bind(project)
            .bind(integration.0)
            .bind(before)
            .bind(i64::from(page.limit()) + 1)
            .fetch_all(self.conn())
            .await?;
        page_of(rows, page, |one| Cursor::encode(&one.id), Row::into_view)
    }

    /// One message with what is kept of its body.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery(
        &mut self,
        integration: IntegrationId,
        id: WebhookDeliveryId,
    ) -> Result<Option<WebhookDeliveryDetail>, StoreError> {
        #[derive(FromRow)]
        struct Detail {
            #[sqlx(flatten)]
            row: Row,
            payload: Option<String>,
        }
        let project = self.project().0;
        let row: Option<Detail> = sqlx::query_as(delivery!(", payload", "AND id = $3"))
            .bind(project)
            .bind(integration.0)
            .bind(id.0)
            .fetch_optional(self.conn())
            .await?;
        row.map(|detail| {
            Ok(WebhookDeliveryDetail {
                delivery: detail.row.into_view()?,
                payload: detail.payload,
            })
        })
        .transpose()
    }

    /// When the last genuine message came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_delivery_at(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT received_at FROM webhook_deliveries
             WHERE project_id = $1 AND integration_id = $2 AND signature = 'valid'
               AND replay_of IS NULL
             ORDER BY id DESC LIMIT 1",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?)
    }

    /// How many messages were refused, and how many had come before, since a
    /// moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn not_taken_since(
        &mut self,
        integration: IntegrationId,
        since: DateTime<Utc>,
    ) -> Result<(i64, i64), StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT coalesce(sum(refused), 0)::bigint, coalesce(sum(duplicates), 0)::bigint
             FROM webhook_counts WHERE project_id = $1 AND integration_id = $2 AND hour >= $3",
        )
        .bind(project)
        .bind(integration.0)
        .bind(since)
        .fetch_one(self.conn())
        .await?)
    }
}
