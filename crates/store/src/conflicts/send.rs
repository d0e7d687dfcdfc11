//! Calibr's value goes to the store, over the one that the store has.

use calibr_model::{
    ConflictId,
    views::{ConflictSide, PriceItemStatus},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Became, Decision, Sight};
use crate::{
    db::TenantTx,
    error::StoreError,
    prices::{Applied, CompareAtMinor, NewPush, PricedListing, PushItem},
    rows::{column, word},
};

/// What such a push says of why.
pub(super) const REASON: &str = "Conflict: Calibr's price kept";

/// What is to be sent for a listing, one field or both, so that Calibr's value
/// stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OursToSend {
    /// The conflicts that it decides.
    pub conflicts: Vec<ConflictId>,
    /// The listing, as the store has it.
    pub listing: PricedListing,
    /// The price to send, in minor units; `None` where the store has none and none
    /// is decided on.
    pub new_minor: Option<i64>,
    /// The struck-through price to send.
    pub compare_at: CompareAtMinor,
    /// Whether the price is only sent along, as the store has it.
    pub keeps_price: bool,
    /// Whether another price of the listing is being sent at this moment.
    pub is_being_sent: bool,
    /// How often Calibr's value was sent anew by itself of late.
    pub resent: i64,
}

impl OursToSend {
    /// Why such prices are sent, for the record of price changes.
    pub const REASON: &'static str = REASON;

    /// As an item of a push that is to be sent.
    pub(super) fn planned(&self) -> PushItem {
        PushItem {
            line: None,
            reference: self.listing.sku.clone().unwrap_or_default(),
            listing: Some(self.listing.clone()),
            new_minor: self.new_minor,
            compare_at: self.compare_at,
            keeps_price: self.keeps_price,
            status: PriceItemStatus::Planned,
            code: None,
            message: None,
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    integration_id: Uuid,
    sku: Option<String>,
    state: String,
    currency: String,
    price_minor: Option<i64>,
    compare_at_minor: Option<i64>,
    price_conflict: Option<Uuid>,
    our_price: Option<i64>,
    compare_conflict: Option<Uuid>,
    our_compare: Option<i64>,
    waits: bool,
    is_being_sent: bool,
    waiting_price: Option<i64>,
    waiting_compare_at: Option<String>,
    waiting_compare_minor: Option<i64>,
    resent: i64,
}

impl Row {
    fn into_wanted(self) -> Result<OursToSend, StoreError> {
        // What waits for the listing already goes along, where it is not what the
        // other conflict is about.
        let price = match self.price_conflict {
            Some(_) => self.our_price,
            None if self.waits => self.waiting_price,
            None => None,
        };
        let compare_at = match (self.compare_conflict, self.our_compare) {
            (Some(_), Some(amount)) => CompareAtMinor::Set(amount),
            (Some(_), None) => CompareAtMinor::Clear,
            (None, _) if self.waits => CompareAtMinor::read(
                self.waiting_compare_at.as_deref().unwrap_or_default(),
                self.waiting_compare_minor,
            ),
            (None, _) => CompareAtMinor::Keep,
        };
        Ok(OursToSend {
            conflicts: self
                .price_conflict
                .into_iter()
                .chain(self.compare_conflict)
                .map(ConflictId)
                .collect(),
            new_minor: price.or(self.price_minor),
            compare_at,
            keeps_price: price.is_none(),
            is_being_sent: self.is_being_sent,
            resent: self.resent,
            listing: PricedListing {
                id: self.id.into(),
                integration: self.integration_id.into(),
                sku: self.sku,
                state: word("listing state", &self.state)?,
                currency: Some(word("currency", &self.currency)?),
                price_minor: self.price_minor,
                compare_at_minor: self.compare_at_minor,
            },
        })
    }
}

impl TenantTx {
    /// What is to be sent so that Calibr's value stands in these conflicts, those
    /// of them that are open; by listing. `resent_since` (UTC) is from when on it
    /// is counted how often that was done by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ours_to_send(
        &mut self,
        conflicts: &[ConflictId],
        resent_since: DateTime<Utc>,
    ) -> Result<Vec<OursToSend>, StoreError> {
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT l.id, l.integration_id, l.sku, l.state, coalesce(l.currency, c.currency) AS currency,
                    l.price_minor, l.compare_at_minor, c.price_conflict, c.our_price,
                    c.compare_conflict, c.our_compare,
                    coalesce(n.status = 'queued', false) AS waits,
                    coalesce(n.status = 'sent', false) AS is_being_sent,
                    CASE WHEN NOT n.keeps_price AND NOT EXISTS (
                             SELECT FROM price_conflicts o
                             WHERE o.project_id = $1 AND o.listing_id = l.id
                               AND o.field = 'price' AND o.status = 'open')
                         THEN n.new_minor END AS waiting_price,
                    CASE WHEN NOT EXISTS (
                             SELECT FROM price_conflicts o
                             WHERE o.project_id = $1 AND o.listing_id = l.id
                               AND o.field = 'compare_at' AND o.status = 'open')
                         THEN n.compare_at END AS waiting_compare_at,
                    n.new_compare_minor AS waiting_compare_minor,
                    (SELECT count(*)
                     FROM price_push_items m
                     JOIN price_pushes p ON p.project_id = $1 AND p.id = m.push_id
                     WHERE m.project_id = $1 AND m.listing_id = l.id AND p.automatic
                       AND p.applied_at > $3 AND m.code IS DISTINCT FROM 'discarded') AS resent
             FROM (SELECT listing_id, min(currency) AS currency,
                          (array_agg(id) FILTER (WHERE field = 'price'))[1] AS price_conflict,
                          min(ours_minor) FILTER (WHERE field = 'price') AS our_price,
                          (array_agg(id) FILTER (WHERE field = 'compare_at'))[1]
                              AS compare_conflict,
                          min(ours_minor) FILTER (WHERE field = 'compare_at') AS our_compare
                   FROM price_conflicts
                   WHERE project_id = $1 AND id = ANY ($2) AND is_open
                   GROUP BY listing_id) c
             JOIN listings l ON l.project_id = $1 AND l.id = c.listing_id
             LEFT JOIN price_push_items n
                 ON n.project_id = $1 AND n.listing_id = l.id AND n.status IN ('queued', 'sent')
             ORDER BY l.id",
        )
        .persistent(false)
        .bind(project)
        .bind(column(conflicts, |id| id.0))
        .bind(resent_since)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter().map(Row::into_wanted).collect()
    }

    /// Decides conflicts for Calibr's value: one push of judged prices, queued at
    /// once for their stores' runs. What waited for the same listings gives way.
    /// The caller holds the lock of the project's prices.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn send_ours(
        &mut self,
        push: &NewPush<'_>,
        items: &[PushItem],
        conflicts: &[Uuid],
        sight: Sight,
        decision: &Decision,
    ) -> Result<Applied, StoreError> {
        let project = self.project().0;
        let listings: Vec<Uuid> = items
            .iter()
            .filter_map(|item| item.listing.as_ref().map(|listing| listing.id.0))
            .collect();
        self.lock_pushes_of(&listings).await?;
        let replaced: Vec<Uuid> = sqlx::query_scalar(
            "WITH replaced AS (
                 UPDATE price_push_items SET status = 'failed', code = $3, message = $4
                 WHERE project_id = $1 AND listing_id = ANY ($2)
                   AND (status = 'queued' OR $5 AND status = 'sent')
                 RETURNING push_id
             )
             SELECT DISTINCT push_id FROM replaced ORDER BY 1",
        )
        .bind(project)
        .bind(&listings)
        .bind(Became::SentAgain.code())
        .bind(Became::SentAgain.message())
        .bind(sight == Sight::OfPush)
        .fetch_all(self.conn())
        .await?;
        self.add_price_push(push, decision.at).await?;
        self.add_push_items(push.id, 0, items).await?;
        self.close_preview(push.id, 0).await?;
        self.note_decision(conflicts, ConflictSide::Ours, Some(push.id), decision)
            .await?;
        let by = push.created_by;
        let applied = self.queue_items(push.id, by, decision.at).await?;
        self.settle_pushes(&replaced, decision.at).await?;
        Ok(applied)
    }
}
