//! From what was asked for to a preview, and from the preview to work.

use calibr_model::{
    IntegrationId, PricePushId, UserId,
    event::ProjectEvent,
    views::{PriceItemStatus, PricePushStatus},
};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{NewPush, PushItem};
use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column, word},
};

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
}

impl TenantTx {
    /// Notes a push that is to be prepared.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_price_push(
        &mut self,
        push: &NewPush<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO price_pushes (project_id, id, status, reason, reverts, created_by,
                                       created_at)
             VALUES ($1, $2, 'preparing', $3, $4, $5, $6)",
        )
        .bind(project)
        .bind(push.id.0)
        .bind(push.reason)
        .bind(push.reverts.map(|id| id.0))
        .bind(push.created_by.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Adds judged prices to a push, numbered from `first`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_push_items(
        &mut self,
        push: PricePushId,
        first: i64,
        items: &[PushItem],
    ) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        let listing = |item: &PushItem| item.listing.as_ref().map(|listing| listing.id.0);
        let store = |item: &PushItem| item.listing.as_ref().map(|listing| listing.integration.0);
        let currency = |item: &PushItem| {
            let currency = item.listing.as_ref()?.currency?;
            Some(currency.code().to_owned())
        };
        let ordinals: Vec<i64> = (first..first + as_i64(items.len())).collect();
        sqlx::query(
            "INSERT INTO price_push_items (project_id, push_id, ordinal, line, reference,
                                           listing_id, integration_id, currency, old_minor,
                                           old_compare_minor, new_minor, compare_at,
                                           new_compare_minor, status, code, message)
             SELECT $1, $2, r.* FROM UNNEST($3::bigint[], $4::bigint[], $5::text[], $6::uuid[],
                                            $7::uuid[], $8::text[], $9::bigint[], $10::bigint[],
                                            $11::bigint[], $12::text[], $13::bigint[], $14::text[],
                                            $15::text[], $16::text[]) AS r",
        )
        .bind(project)
        .bind(push.0)
        .bind(ordinals)
        .bind(column(items, |item| item.line))
        .bind(column(items, |item| item.reference.as_str()))
        .bind(column(items, listing))
        .bind(column(items, store))
        .bind(column(items, currency))
        .bind(column(items, |item| item.listing.as_ref()?.price_minor))
        .bind(column(items, |item| {
            item.listing.as_ref()?.compare_at_minor
        }))
        .bind(column(items, |item| item.new_minor))
        .bind(column(items, |item| item.compare_at.word()))
        .bind(column(items, |item| item.compare_at.amount()))
        .bind(column(items, |item| item.status.as_str()))
        .bind(column(items, |item| item.code))
        .bind(column(items, |item| item.message.as_deref()))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Closes the preparation: refuses what names a listing a second time,
    /// counts, and binds the preview to a hash of what it saw and means to do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_preview(&mut self, push: PricePushId) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE price_push_items n
             SET status = 'refused', code = 'named_twice',
                 message = CASE WHEN f.line IS NULL THEN 'This listing has another price further up.'
                                ELSE 'This listing has another price in line ' || f.line || '.' END
             FROM (SELECT ordinal,
                          first_value(ordinal) OVER same AS first,
                          first_value(line) OVER same AS line
                   FROM price_push_items
                   WHERE project_id = $1 AND push_id = $2 AND status IN ('planned', 'same')
                   WINDOW same AS (PARTITION BY listing_id ORDER BY ordinal)) f
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.ordinal = f.ordinal
               AND f.first < f.ordinal",
        )
        .bind(project)
        .bind(push.0)
        .execute(self.conn())
        .await?;
        let hash = preview_hash(self.conn(), project, push).await?;
        sqlx::query(
            "UPDATE price_pushes p
             SET status = 'preview', hash = $3, items_planned = c.planned, items_same = c.same,
                 items_refused = c.refused
             FROM (SELECT count(*) FILTER (WHERE status = 'planned') AS planned,
                          count(*) FILTER (WHERE status = 'same') AS same,
                          count(*) FILTER (WHERE status = 'refused') AS refused
                   FROM price_push_items WHERE project_id = $1 AND push_id = $2) c
             WHERE p.project_id = $1 AND p.id = $2",
        )
        .bind(project)
        .bind(push.0)
        .bind(hash)
        .execute(self.conn())
        .await?;
        self.notify(ProjectEvent::PricePushChanged {
            push_id: push,
            status: PricePushStatus::Preview,
        })
        .await
    }

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

    /// Ends a push that could not be prepared, with a word on why.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn break_off_push(
        &mut self,
        push: PricePushId,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE price_pushes SET status = 'discarded', error = $3, completed_at = $4
             WHERE project_id = $1 AND id = $2 AND status = 'preparing'",
        )
        .bind(project)
        .bind(push.0)
        .bind(why)
        .bind(now)
        .execute(self.conn())
        .await?;
        if done.rows_affected() > 0 {
            self.notify(ProjectEvent::PricePushChanged {
                push_id: push,
                status: PricePushStatus::Discarded,
            })
            .await?;
        }
        Ok(())
    }

    /// Makes a preview work for its stores' runs: only what was looked at, and
    /// only while no price has moved since. `none_before` is the oldest that a
    /// preview may be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn apply_push(
        &mut self,
        push: PricePushId,
        hash: &[u8],
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
        let (moved, busy): (i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (
                        WHERE l.state = 'gone' OR l.price_minor IS DISTINCT FROM n.old_minor
                           OR l.compare_at_minor IS DISTINCT FROM n.old_compare_minor
                           OR (l.currency IS NOT NULL AND l.currency <> n.currency)),
                    count(*) FILTER (
                        WHERE EXISTS (SELECT FROM price_push_items o
                                      WHERE o.project_id = $1 AND o.listing_id = n.listing_id
                                        AND o.push_id <> $2 AND o.status IN ('queued', 'sent')))
             FROM price_push_items n
             JOIN listings l ON l.project_id = $1 AND l.id = n.listing_id
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.status = 'planned'",
        )
        .bind(project)
        .bind(push.0)
        .fetch_one(self.conn())
        .await?;
        if moved > 0 {
            return Ok(Err(NotApplied::Moved(moved)));
        }
        if busy > 0 {
            return Ok(Err(NotApplied::Busy(busy)));
        }
        self.queue_items(push, by, now).await.map(Ok)
    }

    async fn queue_items(
        &mut self,
        push: PricePushId,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO listing_prices AS d (project_id, listing_id, currency, push_id,
                                              desired_minor, desired_at, observed_minor,
                                              observed_at)
             SELECT $1, n.listing_id, n.currency, $2, n.new_minor, $3, n.old_minor, l.updated_at
             FROM price_push_items n
             JOIN listings l ON l.project_id = $1 AND l.id = n.listing_id
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.status = 'planned'
             ON CONFLICT (project_id, listing_id) DO UPDATE
             SET currency = excluded.currency, push_id = excluded.push_id,
                 desired_minor = excluded.desired_minor, desired_at = excluded.desired_at,
                 sent_minor = NULL, sent_at = NULL, accepted_minor = NULL, accepted_at = NULL,
                 confirmed_at = NULL,
                 observed_minor = coalesce(d.observed_minor, excluded.observed_minor),
                 observed_at = coalesce(d.observed_at, excluded.observed_at)",
        )
        .bind(project)
        .bind(push.0)
        .bind(now)
        .execute(self.conn())
        .await?;
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
        .bind(by.0)
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
        let held: Option<String> = sqlx::query_scalar(
            "SELECT status FROM price_pushes WHERE project_id = $1 AND id = $2 FOR UPDATE",
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
    async fn lock_prices(&mut self) -> Result<(), StoreError> {
        let project = self.project();
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('prices ' || $1, 0))")
            .bind(project.to_string())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

/// SHA-256 over every planned price: which listing, from what, to what.
async fn preview_hash(
    conn: &mut PgConnection,
    project: Uuid,
    push: PricePushId,
) -> Result<Vec<u8>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        listing_id: Uuid,
        currency: Option<String>,
        old_minor: Option<i64>,
        old_compare_minor: Option<i64>,
        new_minor: Option<i64>,
        compare_at: String,
        new_compare_minor: Option<i64>,
    }
    let mut hash = Sha256::new();
    hash.update(push.0.as_bytes());
    let mut rows = sqlx::query_as::<_, Row>(
        "SELECT listing_id, currency, old_minor, old_compare_minor, new_minor, compare_at,
                new_compare_minor
         FROM price_push_items
         WHERE project_id = $1 AND push_id = $2 AND status = 'planned' ORDER BY ordinal",
    )
    .bind(project)
    .bind(push.0)
    .fetch(conn);
    while let Some(row) = rows.try_next().await? {
        hash.update(row.listing_id.as_bytes());
        hash.update(row.currency.unwrap_or_default().as_bytes());
        hash.update(row.compare_at.as_bytes());
        for amount in [
            row.old_minor,
            row.old_compare_minor,
            row.new_minor,
            row.new_compare_minor,
        ] {
            hash.update([u8::from(amount.is_some())]);
            hash.update(amount.unwrap_or_default().to_le_bytes());
        }
    }
    Ok(hash.finalize().to_vec())
}
