//! From what was asked for to a preview.

use calibr_model::{PricePushId, event::ProjectEvent, views::PricePushStatus};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{NewPush, PushItem};
use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column},
};

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
                                       created_at, progress_at, automatic)
             VALUES ($1, $2, 'preparing', $3, $4, $5, $6, $6, $5 IS NULL)",
        )
        .bind(project)
        .bind(push.id.0)
        .bind(push.reason)
        .bind(push.reverts.map(|id| id.0))
        .bind(push.created_by.map(|user| user.0))
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
                                           new_compare_minor, status, code, message,
                                           keeps_price)
             SELECT $1, $2, r.* FROM UNNEST($3::bigint[], $4::bigint[], $5::text[], $6::uuid[],
                                            $7::uuid[], $8::text[], $9::bigint[], $10::bigint[],
                                            $11::bigint[], $12::text[], $13::bigint[], $14::text[],
                                            $15::text[], $16::text[], $17::boolean[]) AS r",
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
        .bind(column(items, |item| item.keeps_price))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Closes the preparation: refuses what names a listing a second time,
    /// counts, and binds the preview to a hash of what it saw and means to do.
    /// `unlisted` lines were refused beside and are not among the items. `false`
    /// where it was thrown away or given up meanwhile: then nothing of it is to
    /// be kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_preview(
        &mut self,
        push: PricePushId,
        unlisted: i64,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        self.allow_nested_loops(false).await?;
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
        self.allow_nested_loops(true).await?;
        let hash = preview_hash(self.conn(), project, push).await?;
        let closed = sqlx::query(
            "UPDATE price_pushes p
             SET status = 'preview', hash = $3, items_planned = c.planned, items_same = c.same,
                 items_refused = c.refused + $4, refused_unlisted = $4
             FROM (SELECT count(*) FILTER (WHERE status = 'planned') AS planned,
                          count(*) FILTER (WHERE status = 'same') AS same,
                          count(*) FILTER (WHERE status = 'refused') AS refused
                   FROM price_push_items WHERE project_id = $1 AND push_id = $2) c
             WHERE p.project_id = $1 AND p.id = $2 AND p.status = 'preparing'",
        )
        .bind(project)
        .bind(push.0)
        .bind(hash)
        .bind(unlisted)
        .execute(self.conn())
        .await?;
        if closed.rows_affected() == 0 {
            return Ok(false);
        }
        self.notify(ProjectEvent::PricePushChanged {
            push_id: push,
            status: PricePushStatus::Preview,
        })
        .await?;
        Ok(true)
    }

    /// Notes that a push is still being prepared, and how much was looked at.
    /// `false` where it was thrown away or given up meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_preparing(
        &mut self,
        push: PricePushId,
        items_read: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let noted = sqlx::query(
            "UPDATE price_pushes SET progress_at = $4, items_read = $3
             WHERE project_id = $1 AND id = $2 AND status = 'preparing'",
        )
        .bind(project)
        .bind(push.0)
        .bind(items_read)
        .bind(now)
        .execute(self.conn())
        .await?;
        if noted.rows_affected() == 0 {
            return Ok(false);
        }
        self.notify(ProjectEvent::PricePushChanged {
            push_id: push,
            status: PricePushStatus::Preparing,
        })
        .await?;
        Ok(true)
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
