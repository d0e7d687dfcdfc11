//! Deciding: which conflicts stand as they were looked at, and whose value stays.

use calibr_model::{
    ConflictId, IntegrationId,
    views::{ConflictSide, ConflictStatus, MatchingConflicts, SeenConflict},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    Became, Decision, Sight,
    read::{Filter, filter},
};
use crate::{
    db::TenantTx,
    error::StoreError,
    prices::{NewPush, PushItem},
    rows::{as_i64, column, word},
};

/// A conflict that somebody wants to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickedConflict {
    /// Its id.
    pub id: ConflictId,
    /// Whether a price of its listing is being sent at this moment.
    pub is_being_sent: bool,
}

/// What of the conflicts that somebody wants to decide can be decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PickedConflicts {
    /// Open, and as they were looked at.
    pub open: Vec<PickedConflict>,
    /// How many were decided before, or ended by themselves.
    pub already_decided: i64,
    /// How many are open and moved since.
    pub changed: i64,
    /// How many there are none of.
    pub missing: i64,
}

/// Whether a price of the listing of `c` is being sent.
macro_rules! is_being_sent {
    () => {
        "EXISTS (SELECT FROM price_push_items n
                 WHERE n.project_id = $1 AND n.listing_id = c.listing_id AND n.status = 'sent')"
    };
}

impl TenantTx {
    /// The stores of these conflicts, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stores_of_conflicts(
        &mut self,
        conflicts: &[ConflictId],
    ) -> Result<Vec<IntegrationId>, StoreError> {
        let project = self.project().0;
        let stores: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT integration_id FROM price_conflicts
             WHERE project_id = $1 AND id = ANY ($2) ORDER BY 1",
        )
        .bind(project)
        .bind(column(conflicts, |id| id.0))
        .fetch_all(self.conn())
        .await?;
        Ok(stores.into_iter().map(IntegrationId).collect())
    }

    /// Which of these conflicts are open and as they were looked at. Until this
    /// transaction ends, no other finds or decides any in the project; nothing but
    /// integrations may be locked before in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pick_conflicts(
        &mut self,
        seen: &[SeenConflict],
    ) -> Result<PickedConflicts, StoreError> {
        #[derive(FromRow)]
        struct Row {
            id: Uuid,
            status: Option<String>,
            is_as_seen: bool,
            is_being_sent: bool,
        }
        self.lock_prices().await?;
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(concat!(
            "SELECT r.id, c.status, coalesce(c.version = r.version, false) AS is_as_seen, ",
            is_being_sent!(),
            " AS is_being_sent
             FROM UNNEST($2::uuid[], $3::bigint[]) AS r (id, version)
             LEFT JOIN price_conflicts c ON c.project_id = $1 AND c.id = r.id"
        ))
        .bind(project)
        .bind(column(seen, |one| one.id.0))
        .bind(column(seen, |one| one.version))
        .fetch_all(self.conn())
        .await?;
        let mut picked = PickedConflicts::default();
        for row in rows {
            let status = row
                .status
                .map(|status| word("conflict status", &status))
                .transpose()?;
            match status {
                None => picked.missing += 1,
                Some(ConflictStatus::Open) if row.is_as_seen => picked.open.push(PickedConflict {
                    id: row.id.into(),
                    is_being_sent: row.is_being_sent,
                }),
                Some(ConflictStatus::Open) => picked.changed += 1,
                Some(_) => picked.already_decided += 1,
            }
        }
        Ok(picked)
    }

    /// The open conflicts that match, as they were at a moment: see
    /// [`TenantTx::pick_conflicts`]. `None` where more than `most` do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pick_matching_conflicts(
        &mut self,
        matching: &MatchingConflicts,
        most: usize,
    ) -> Result<Option<PickedConflicts>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            id: Uuid,
            has_moved: bool,
            is_being_sent: bool,
        }
        self.lock_prices().await?;
        let project = self.project().0;
        let filter = Filter::of(matching.integration, matching.field, &matching.search);
        let rows: Vec<Row> = sqlx::query_as(concat!(
            "SELECT c.id, c.moved_at > $6 AS has_moved, ",
            is_being_sent!(),
            " AS is_being_sent
             FROM price_conflicts c
             WHERE c.project_id = $1 AND c.is_open AND c.found_at <= $6 AND ",
            filter!(),
            " LIMIT $7"
        ))
        .persistent(false)
        .bind(project)
        .bind(filter.integration)
        .bind(filter.field)
        .bind(filter.patterns)
        .bind(filter.sku_prefix)
        .bind(matching.as_of)
        .bind(as_i64(most) + 1)
        .fetch_all(self.conn())
        .await?;
        if rows.len() > most {
            return Ok(None);
        }
        let changed = rows.iter().filter(|row| row.has_moved).count();
        Ok(Some(PickedConflicts {
            open: rows
                .into_iter()
                .filter(|row| !row.has_moved)
                .map(|row| PickedConflict {
                    id: row.id.into(),
                    is_being_sent: row.is_being_sent,
                })
                .collect(),
            changed: as_i64(changed),
            ..PickedConflicts::default()
        }))
    }

    /// Decides picked conflicts for the store's value.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decide_for_theirs(
        &mut self,
        conflicts: &[ConflictId],
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let conflicts = column(conflicts, |id| id.0);
        self.take_theirs(&conflicts, Sight::OfCatalogue, decision)
            .await?;
        self.tell_of_conflicts().await
    }

    /// Decides picked conflicts for Calibr's value, by a push of judged prices.
    /// Gives the stores that have prices to take.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decide_for_ours(
        &mut self,
        push: &NewPush<'_>,
        items: &[PushItem],
        conflicts: &[ConflictId],
        decision: &Decision,
    ) -> Result<Vec<IntegrationId>, StoreError> {
        let conflicts = column(conflicts, |id| id.0);
        let applied = self
            .send_ours(push, items, &conflicts, Sight::OfCatalogue, decision)
            .await?;
        self.tell_of_conflicts().await?;
        Ok(applied.integrations)
    }

    /// The store's value becomes the wanted one; what waited to change it is not
    /// sent. Gives the listings.
    pub(super) async fn take_theirs(
        &mut self,
        conflicts: &[Uuid],
        sight: Sight,
        decision: &Decision,
    ) -> Result<Vec<Uuid>, StoreError> {
        let project = self.project().0;
        let listings: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT listing_id FROM price_conflicts
             WHERE project_id = $1 AND id = ANY ($2) AND is_open",
        )
        .bind(project)
        .bind(conflicts)
        .fetch_all(self.conn())
        .await?;
        self.lock_pushes_of(&listings).await?;
        let ended: Vec<Uuid> = sqlx::query_scalar(
            "WITH ended AS (
                 UPDATE price_push_items n SET status = 'failed', code = $3, message = $4
                 FROM price_conflicts c
                 WHERE c.project_id = $1 AND c.id = ANY ($2) AND c.is_open
                   AND n.project_id = $1 AND n.listing_id = c.listing_id
                   AND (n.status = 'queued' OR $5 AND n.status = 'sent')
                   AND CASE c.field WHEN 'price' THEN NOT n.keeps_price
                                    ELSE n.compare_at <> 'keep' END
                 RETURNING n.push_id
             )
             SELECT DISTINCT push_id FROM ended ORDER BY 1",
        )
        .bind(project)
        .bind(conflicts)
        .bind(Became::TheirsKept.code())
        .bind(Became::TheirsKept.message())
        .bind(sight == Sight::OfPush)
        .fetch_all(self.conn())
        .await?;
        self.want_theirs(conflicts, decision.at).await?;
        self.note_decision(conflicts, ConflictSide::Theirs, None, decision)
            .await?;
        self.settle_pushes(&ended, decision.at).await?;
        Ok(listings)
    }

    async fn want_theirs(
        &mut self,
        conflicts: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        // No price cannot be wanted: where the store has none, what was wanted
        // stays on record and holds no longer.
        sqlx::query(
            "UPDATE listing_prices d
             SET desired_minor = coalesce(c.theirs_minor, d.desired_minor),
                 desired_at = $3, base_minor = c.theirs_minor,
                 confirmed_at = CASE WHEN c.theirs_minor IS NOT NULL THEN $3 END,
                 accepted_minor = CASE WHEN c.theirs_minor IS NOT NULL THEN d.accepted_minor END,
                 accepted_at = CASE WHEN c.theirs_minor IS NOT NULL THEN d.accepted_at END
             FROM price_conflicts c
             WHERE c.project_id = $1 AND c.id = ANY ($2) AND c.is_open AND c.field = 'price'
               AND d.project_id = $1 AND d.listing_id = c.listing_id",
        )
        .bind(project)
        .bind(conflicts)
        .bind(now)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "UPDATE listing_prices d
             SET desired_compare = CASE WHEN c.theirs_minor IS NULL THEN 'clear' ELSE 'set' END,
                 desired_compare_minor = c.theirs_minor, base_compare_minor = c.theirs_minor,
                 compare_confirmed_at = $3
             FROM price_conflicts c
             WHERE c.project_id = $1 AND c.id = ANY ($2) AND c.is_open AND c.field = 'compare_at'
               AND d.project_id = $1 AND d.listing_id = c.listing_id",
        )
        .bind(project)
        .bind(conflicts)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
