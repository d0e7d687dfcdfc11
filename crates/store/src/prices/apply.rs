//! From a preview to work for the stores' runs, or to nothing.

use calibr_model::{
    IntegrationId, PricePushId, UserId,
    event::ProjectEvent,
    views::{PriceItemStatus, PricePushStatus},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{db::TenantTx, error::StoreError, rows::word};

/// A push that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The stores that have prices to take.
    pub integrations: Vec<IntegrationId>,
}

/// Why a push was not applied; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotApplied {
    /// There is none.
    Missing,
    /// It was applied or thrown away before.
    Over(PricePushStatus),
    /// What was looked at is not what is here.
    OtherHash,
    /// So many prices have moved since the preview.
    Moved(i64),
    /// So many of its listings have a price of another push on the way.
    Busy(i64),
    /// It is of before this moment, which is too long ago.
    Stale,
    /// The platforms refused every price of it in the trial.
    AllRefused,
}

/// What becomes of prices that a platform refused in the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefusedInTrial {
    /// They are left out, and say why.
    #[default]
    LeftOut,
    /// They are sent all the same.
    Sent,
}

impl RefusedInTrial {
    /// Sent where that was asked for, left out otherwise.
    pub const fn sent_if(asked_for: bool) -> Self {
        if asked_for { Self::Sent } else { Self::LeftOut }
    }
}

impl TenantTx {
    /// The stores that a push has prices for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stores_of_push(
        &mut self,
        push: PricePushId,
    ) -> Result<Vec<IntegrationId>, StoreError> {
        let project = self.project().0;
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT integration_id FROM price_push_items
             WHERE project_id = $1 AND push_id = $2 AND status = 'planned' ORDER BY 1",
        )
        .bind(project)
        .bind(push.0)
        .fetch_all(self.conn())
        .await?;
        Ok(ids.into_iter().map(IntegrationId).collect())
    }

    /// Makes a preview work for its stores' runs: only what was looked at, and
    /// only while no price has moved since. `none_before` is the oldest that a
    /// preview may be. A check that is under way ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn apply_push(
        &mut self,
        push: PricePushId,
        hash: &[u8],
        refused: RefusedInTrial,
        by: UserId,
        none_before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Result<Applied, NotApplied>, StoreError> {
        // Two pushes of one listing are applied one after the other.
        self.lock_prices().await?;
        let project = self.project().0;
        let row: Option<(String, Option<Vec<u8>>, DateTime<Utc>)> = sqlx::query_as(
            "SELECT status, hash, created_at FROM price_pushes
             WHERE project_id = $1 AND id = $2 FOR UPDATE",
        )
        .bind(project)
        .bind(push.0)
        .fetch_optional(self.conn())
        .await?;
        let Some((status, seen, created_at)) = row else {
            return Ok(Err(NotApplied::Missing));
        };
        let status: PricePushStatus = word("price push status", &status)?;
        if status != PricePushStatus::Preview {
            return Ok(Err(NotApplied::Over(status)));
        }
        if seen.as_deref() != Some(hash) {
            return Ok(Err(NotApplied::OtherHash));
        }
        if created_at < none_before {
            return Ok(Err(NotApplied::Stale));
        }
        let leaves_out = refused == RefusedInTrial::LeftOut;
        let (moved, busy, left_out, all): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (
                        WHERE NOT n.left_out
                          AND (l.state = 'gone' OR l.price_minor IS DISTINCT FROM n.old_minor
                               OR l.compare_at_minor IS DISTINCT FROM n.old_compare_minor
                               OR (l.currency IS NOT NULL AND l.currency <> n.currency))),
                    count(*) FILTER (
                        WHERE NOT n.left_out
                          AND EXISTS (SELECT FROM price_push_items o
                                      WHERE o.project_id = $1 AND o.listing_id = n.listing_id
                                        AND o.push_id <> $2 AND o.status IN ('queued', 'sent'))),
                    count(*) FILTER (WHERE n.left_out), count(*)
             FROM (SELECT *, $3 AND trial IS NOT DISTINCT FROM 'refused' AS left_out
                   FROM price_push_items
                   WHERE project_id = $1 AND push_id = $2 AND status = 'planned') n
             JOIN listings l ON l.project_id = $1 AND l.id = n.listing_id",
        )
        .bind(project)
        .bind(push.0)
        .bind(leaves_out)
        .fetch_one(self.conn())
        .await?;
        if moved > 0 {
            return Ok(Err(NotApplied::Moved(moved)));
        }
        if busy > 0 {
            return Ok(Err(NotApplied::Busy(busy)));
        }
        if left_out > 0 {
            if left_out == all {
                return Ok(Err(NotApplied::AllRefused));
            }
            self.leave_refused_out(push).await?;
        }
        self.cancel_price_checks(push, now).await?;
        self.queue_items(push, Some(by), now).await.map(Ok)
    }

    /// Prices that were refused in the trial become refused ones.
    async fn leave_refused_out(&mut self, push: PricePushId) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "WITH left_out AS (
                 UPDATE price_push_items
                 SET status = 'refused', code = 'refused_in_trial',
                     message = 'Left out, since it was refused in the trial.'
                 WHERE project_id = $1 AND push_id = $2 AND status = 'planned'
                   AND trial = 'refused'
                 RETURNING 1
             )
             UPDATE price_pushes p
             SET items_planned = items_planned - c.left_out, items_refused = items_refused + c.left_out
             FROM (SELECT count(*) AS left_out FROM left_out) c
             WHERE p.project_id = $1 AND p.id = $2",
        )
        .bind(project)
        .bind(push.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn queue_items(
        &mut self,
        push: PricePushId,
        by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO listing_prices AS d (project_id, listing_id, currency, push_id,
                                              desired_minor, desired_at, base_minor,
                                              observed_minor, observed_compare_minor, observed_at)
             SELECT $1, n.listing_id, n.currency, $2, n.new_minor, $3, n.old_minor, n.old_minor,
                    n.old_compare_minor, l.updated_at
             FROM price_push_items n
             JOIN listings l ON l.project_id = $1 AND l.id = n.listing_id
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.status = 'planned'
               AND NOT n.keeps_price
             ON CONFLICT (project_id, listing_id) DO UPDATE
             SET currency = excluded.currency, push_id = excluded.push_id,
                 desired_minor = excluded.desired_minor, desired_at = excluded.desired_at,
                 sent_minor = NULL, sent_at = NULL, accepted_minor = NULL, accepted_at = NULL,
                 confirmed_at = NULL, base_minor = excluded.base_minor,
                 observed_minor = coalesce(d.observed_minor, excluded.observed_minor),
                 observed_at = coalesce(d.observed_at, excluded.observed_at)",
        )
        .bind(project)
        .bind(push.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "UPDATE listing_prices d
             SET push_id = $2,
                 desired_compare = CASE n.compare_at WHEN 'keep' THEN d.desired_compare
                                                     ELSE n.compare_at END,
                 desired_compare_minor = CASE n.compare_at WHEN 'keep' THEN d.desired_compare_minor
                                                           ELSE n.new_compare_minor END,
                 base_compare_minor = CASE n.compare_at WHEN 'keep' THEN d.base_compare_minor
                                                        ELSE n.old_compare_minor END,
                 compare_confirmed_at = CASE n.compare_at WHEN 'keep' THEN d.compare_confirmed_at
                                        END
             FROM price_push_items n
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.status = 'planned'
               AND (n.keeps_price OR n.compare_at <> 'keep')
               AND d.project_id = $1 AND d.listing_id = n.listing_id",
        )
        .bind(project)
        .bind(push.0)
        .execute(self.conn())
        .await?;
        self.end_conflicts_of_newer_wishes(push, now).await?;
        let integrations: Vec<Uuid> = sqlx::query_scalar(
            "WITH queued AS (
                 UPDATE price_push_items SET status = 'queued'
                 WHERE project_id = $1 AND push_id = $2 AND status = 'planned'
                 RETURNING integration_id
             )
             SELECT DISTINCT integration_id FROM queued ORDER BY 1",
        )
        .bind(project)
        .bind(push.0)
        .fetch_all(self.conn())
        .await?;
        // With nothing to send it is done.
        let status: String = sqlx::query_scalar(
            "UPDATE price_pushes
             SET status = CASE WHEN items_planned = 0 THEN 'done' ELSE 'queued' END,
                 completed_at = CASE WHEN items_planned = 0 THEN $4 END,
                 applied_by = $3, applied_at = $4
             WHERE project_id = $1 AND id = $2
             RETURNING status",
        )
        .bind(project)
        .bind(push.0)
        .bind(by.map(|user| user.0))
        .bind(now)
        .fetch_one(self.conn())
        .await?;
        self.notify(ProjectEvent::PricePushChanged {
            push_id: push,
            status: word("price push status", &status)?,
        })
        .await?;
        Ok(Applied {
            integrations: integrations.into_iter().map(IntegrationId).collect(),
        })
    }

    /// Throws a preview away, or what of an applied push was not sent yet. Gives
    /// whether there was anything to throw away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn discard_push(
        &mut self,
        push: PricePushId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        // Whoever adds items to it holds its key: that is not waited for.
        let held: Option<String> = sqlx::query_scalar(
            "SELECT status FROM price_pushes WHERE project_id = $1 AND id = $2 FOR NO KEY UPDATE",
        )
        .bind(project)
        .bind(push.0)
        .fetch_optional(self.conn())
        .await?;
        let Some(status) = held else {
            return Ok(false);
        };
        let from = match word("price push status", &status)? {
            PricePushStatus::Preparing | PricePushStatus::Preview => PriceItemStatus::Planned,
            PricePushStatus::Queued | PricePushStatus::Pushing => PriceItemStatus::Queued,
            _ => return Ok(false),
        };
        let gone = sqlx::query(
            "UPDATE price_push_items
             SET status = CASE status WHEN 'planned' THEN 'discarded' ELSE 'failed' END,
                 code = 'discarded', message = 'Thrown away before it was sent.'
             WHERE project_id = $1 AND push_id = $2 AND status = $3",
        )
        .bind(project)
        .bind(push.0)
        .bind(from.as_str())
        .execute(self.conn())
        .await?
        .rows_affected();
        if from == PriceItemStatus::Planned {
            sqlx::query(
                "UPDATE price_pushes SET status = 'discarded', completed_at = $3
                 WHERE project_id = $1 AND id = $2",
            )
            .bind(project)
            .bind(push.0)
            .bind(now)
            .execute(self.conn())
            .await?;
            self.cancel_price_checks(push, now).await?;
            self.notify(ProjectEvent::PricePushChanged {
                push_id: push,
                status: PricePushStatus::Discarded,
            })
            .await?;
            return Ok(true);
        }
        if gone == 0 {
            return Ok(false);
        }
        self.settle_pushes(&[push.0], now).await?;
        Ok(true)
    }

    /// Lets one transaction at a time decide which prices of a project are on
    /// their way. Taken before any row is.
    pub(crate) async fn lock_prices(&mut self) -> Result<(), StoreError> {
        let project = self.project();
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('prices ' || $1, 0))")
            .bind(project.to_string())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
