//! Asking platforms what they would make of a preview's prices.

use calibr_model::{
    IntegrationId, PricePushId, UserId,
    event::ProjectEvent,
    views::{PriceCheckStatus, PricePushStatus, TrialResult},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::carry::{TakenPrice, TakenRow, taken};
use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column, word},
};

/// Why a preview is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChecked {
    /// There is none.
    Missing,
    /// It is none any more, or not yet.
    Over(PricePushStatus),
    /// It has no price for any of these stores.
    Nothing,
}

/// What is to be done of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextTrials {
    /// The next prices to ask about, in their order; none at the end.
    Ask(Vec<TakenPrice>),
    /// It was stopped, or its push is no preview any more.
    Over,
}

/// What a platform said of a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedPrice {
    /// The price's number within its push.
    pub ordinal: i64,
    /// Whether it would take it; `None` where the platform had no answer.
    pub result: Option<TrialResult>,
    /// A short code, where it would not.
    pub code: Option<String>,
    /// What it said.
    pub message: Option<String>,
}

impl TenantTx {
    /// Begins to check a preview with these stores, at most `most` prices of
    /// each; gives those that are to be asked now. A store that is being asked
    /// already goes on; what was said at an earlier time is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_price_checks(
        &mut self,
        push: PricePushId,
        stores: &[IntegrationId],
        most: i64,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<Result<Vec<IntegrationId>, NotChecked>, StoreError> {
        match self.hold_push(push).await? {
            None => return Ok(Err(NotChecked::Missing)),
            Some(PricePushStatus::Preview) => {}
            Some(status) => return Ok(Err(NotChecked::Over(status))),
        }
        let project = self.project().0;
        let stores = column(stores, |store| store.0);
        let planned: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT integration_id, count(*) FROM price_push_items
             WHERE project_id = $1 AND push_id = $2 AND status = 'planned'
               AND integration_id = ANY ($3)
             GROUP BY integration_id ORDER BY integration_id",
        )
        .bind(project)
        .bind(push.0)
        .bind(stores)
        .fetch_all(self.conn())
        .await?;
        if planned.is_empty() {
            return Ok(Err(NotChecked::Nothing));
        }
        let begun: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO price_push_checks AS c (project_id, push_id, integration_id, status,
                                                 items_planned, items_total, begun_by, begun_at)
             SELECT $1, $2, r.integration_id, 'queued', r.planned, least(r.planned, $5), $6, $7
             FROM UNNEST($3::uuid[], $4::bigint[]) AS r (integration_id, planned)
             ON CONFLICT (project_id, push_id, integration_id) DO UPDATE
             SET status = 'queued', items_planned = excluded.items_planned,
                 items_total = excluded.items_total, items_accepted = 0, items_refused = 0,
                 items_tried = 0, last_ordinal = -1, fruitless = 0, error = NULL,
                 begun_by = excluded.begun_by, begun_at = excluded.begun_at, completed_at = NULL
             WHERE c.status NOT IN ('queued', 'checking')
             RETURNING integration_id",
        )
        .bind(project)
        .bind(push.0)
        .bind(column(&planned, |(store, _)| *store))
        .bind(column(&planned, |(_, count)| *count))
        .bind(most)
        .bind(by.0)
        .bind(now)
        .fetch_all(self.conn())
        .await?;
        sqlx::query(
            "UPDATE price_push_items SET trial = NULL, trial_code = NULL, trial_message = NULL
             WHERE project_id = $1 AND push_id = $2 AND status = 'planned' AND trial IS NOT NULL
               AND integration_id = ANY ($3)",
        )
        .bind(project)
        .bind(push.0)
        .bind(&begun)
        .execute(self.conn())
        .await?;
        self.tell_of_preview(push).await?;
        Ok(Ok(begun.into_iter().map(IntegrationId).collect()))
    }

    /// The next prices to ask a store's platform about, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_trials(
        &mut self,
        push: PricePushId,
        integration: IntegrationId,
        limit: usize,
    ) -> Result<NextTrials, StoreError> {
        let project = self.project().0;
        let standing: Option<(i64, i64)> = sqlx::query_as(
            "SELECT c.items_total - c.items_tried, c.last_ordinal
             FROM price_push_checks c
             JOIN price_pushes p ON p.project_id = $1 AND p.id = c.push_id
             WHERE c.project_id = $1 AND c.push_id = $2 AND c.integration_id = $3
               AND c.status IN ('queued', 'checking') AND p.status = 'preview'",
        )
        .bind(project)
        .bind(push.0)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?;
        let Some((left, last_ordinal)) = standing else {
            return Ok(NextTrials::Over);
        };
        let rows: Vec<TakenRow> = sqlx::query_as(taken!(
            "AND n.push_id = $2 AND n.integration_id = $3 AND n.status = 'planned'
               AND n.ordinal > $4
             ORDER BY n.ordinal LIMIT $5"
        ))
        .bind(project)
        .bind(push.0)
        .bind(integration.0)
        .bind(last_ordinal)
        .bind(as_i64(limit).min(left))
        .fetch_all(self.conn())
        .await?;
        let prices = rows.into_iter().map(TakenRow::into_price);
        Ok(NextTrials::Ask(prices.collect::<Result<_, _>>()?))
    }

    /// Keeps what a platform said of prices, and counts. `false` where the check
    /// is over: then nothing is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_trials(
        &mut self,
        push: PricePushId,
        integration: IntegrationId,
        tried: &[TriedPrice],
    ) -> Result<bool, StoreError> {
        if self.hold_push(push).await? != Some(PricePushStatus::Preview) {
            return Ok(false);
        }
        let project = self.project().0;
        let count = |result| {
            as_i64(
                tried
                    .iter()
                    .filter(|one| one.result == Some(result))
                    .count(),
            )
        };
        let goes_on = sqlx::query(
            "UPDATE price_push_checks
             SET status = 'checking', items_accepted = items_accepted + $4,
                 items_refused = items_refused + $5, items_tried = items_tried + $6,
                 last_ordinal = greatest(last_ordinal, $7), fruitless = 0, error = NULL
             WHERE project_id = $1 AND push_id = $2 AND integration_id = $3
               AND status IN ('queued', 'checking') AND last_ordinal < $8",
        )
        .bind(project)
        .bind(push.0)
        .bind(integration.0)
        .bind(count(TrialResult::Accepted))
        .bind(count(TrialResult::Refused))
        .bind(as_i64(tried.len()))
        .bind(tried.last().map_or(-1, |one| one.ordinal))
        // Whoever asked about the same prices twice keeps them once.
        .bind(tried.first().map_or(i64::MAX, |one| one.ordinal))
        .execute(self.conn())
        .await?;
        if goes_on.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE price_push_items n
             SET trial = r.result, trial_code = r.code, trial_message = r.message
             FROM UNNEST($3::bigint[], $4::text[], $5::text[], $6::text[])
                  AS r (ordinal, result, code, message)
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.ordinal = r.ordinal
               AND n.status = 'planned'",
        )
        .bind(project)
        .bind(push.0)
        .bind(column(tried, |one| one.ordinal))
        .bind(column(tried, |one| one.result.map(TrialResult::as_str)))
        .bind(column(tried, |one| one.code.as_deref()))
        .bind(column(tried, |one| one.message.as_deref()))
        .execute(self.conn())
        .await?;
        self.tell_of_preview(push).await?;
        Ok(true)
    }

    /// Notes why a check waits; gives how many attempts in a row came to nothing
    /// by now, or `None` where it is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_check_waits(
        &mut self,
        push: PricePushId,
        integration: IntegrationId,
        why: &str,
    ) -> Result<Option<i32>, StoreError> {
        let project = self.project().0;
        let fruitless = sqlx::query_scalar(
            "UPDATE price_push_checks SET fruitless = fruitless + 1, error = $4
             WHERE project_id = $1 AND push_id = $2 AND integration_id = $3
               AND status IN ('queued', 'checking')
             RETURNING fruitless",
        )
        .bind(project)
        .bind(push.0)
        .bind(integration.0)
        .bind(why)
        .fetch_optional(self.conn())
        .await?;
        if fruitless.is_some() {
            self.tell_of_preview(push).await?;
        }
        Ok(fruitless)
    }

    /// Ends a check that goes on: it is done, or `why` says why it failed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_price_check(
        &mut self,
        push: PricePushId,
        integration: IntegrationId,
        why: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let status = match why {
            None => PriceCheckStatus::Done,
            Some(_) => PriceCheckStatus::Failed,
        };
        let ended = sqlx::query(
            "UPDATE price_push_checks SET status = $4, error = $5, completed_at = $6
             WHERE project_id = $1 AND push_id = $2 AND integration_id = $3
               AND status IN ('queued', 'checking')",
        )
        .bind(project)
        .bind(push.0)
        .bind(integration.0)
        .bind(status.as_str())
        .bind(why)
        .bind(now)
        .execute(self.conn())
        .await?;
        if ended.rows_affected() > 0 {
            self.tell_of_preview(push).await?;
        }
        Ok(())
    }

    /// Stops the checks of a push that go on; gives how many did. What platforms
    /// said so far stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel_price_checks(
        &mut self,
        push: PricePushId,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let project = self.project().0;
        let cancelled = sqlx::query(
            "UPDATE price_push_checks SET status = 'cancelled', completed_at = $3, error = NULL
             WHERE project_id = $1 AND push_id = $2 AND status IN ('queued', 'checking')",
        )
        .bind(project)
        .bind(push.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(cancelled.rows_affected())
    }

    /// Tells the browsers that there is more to see of a preview.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell_of_preview(&mut self, push: PricePushId) -> Result<(), StoreError> {
        self.notify(ProjectEvent::PricePushChanged {
            push_id: push,
            status: PricePushStatus::Preview,
        })
        .await
    }

    /// Keeps a push as it stands until the transaction's end, and gives how that
    /// is.
    async fn hold_push(
        &mut self,
        push: PricePushId,
    ) -> Result<Option<PricePushStatus>, StoreError> {
        let project = self.project().0;
        let status: Option<String> = sqlx::query_scalar(
            "SELECT status FROM price_pushes WHERE project_id = $1 AND id = $2 FOR NO KEY UPDATE",
        )
        .bind(project)
        .bind(push.0)
        .fetch_optional(self.conn())
        .await?;
        status
            .map(|status| word("price push status", &status))
            .transpose()
    }
}
