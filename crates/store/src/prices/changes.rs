//! Every price that moved, from either side.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    catalogue::BatchContext, conflicts::Sight, db::TenantTx, error::StoreError, rows::column,
};

/// A listing's price as it was just seen; it may be what is known already.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) listing: Uuid,
    pub(crate) price_minor: Option<i64>,
    pub(crate) compare_at_minor: Option<i64>,
    pub(crate) currency: Option<String>,
    /// Since when, as well as that is known (UTC).
    pub(crate) at: DateTime<Utc>,
}

impl TenantTx {
    /// Writes a price change for each listing whose price is not the one that is
    /// known. Must be called before the listings are written.
    ///
    /// A price that was sent from here and never seen since is ours; any other
    /// was moved at the store.
    pub(crate) async fn note_price_changes(
        &mut self,
        seen: &[Seen],
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        if seen.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        let ids: Vec<Uuid> = seen.iter().map(|_| context.sources.uuid()).collect();
        sqlx::query(
            "INSERT INTO price_changes (project_id, id, listing_id, integration_id, old_minor,
                                        old_currency, new_minor, new_currency, at, source, reason,
                                        user_id, push_id, run_id)
             SELECT $1, r.id, l.id, $2, l.price_minor,
                    CASE WHEN l.price_minor IS NOT NULL THEN l.currency END, r.price,
                    CASE WHEN r.price IS NOT NULL THEN r.currency END, r.at,
                    CASE WHEN p.id IS NULL THEN 'platform'
                         WHEN p.reverts IS NULL THEN 'push' ELSE 'revert' END,
                    coalesce(p.reason, 'Changed at the store'), p.applied_by, p.id, $3
             FROM UNNEST($4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::timestamptz[])
                  AS r (id, listing_id, price, currency, at)
             JOIN listings l ON l.project_id = $1 AND l.id = r.listing_id
             LEFT JOIN listing_prices d
                 ON d.project_id = $1 AND d.listing_id = l.id AND d.sent_minor = r.price
                    AND d.currency = r.currency AND d.confirmed_at IS NULL
             LEFT JOIN price_pushes p ON p.project_id = $1 AND p.id = d.push_id
             WHERE l.price_minor IS DISTINCT FROM r.price
                OR (r.price IS NOT NULL AND l.currency IS DISTINCT FROM r.currency)",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.run.0)
        .bind(ids)
        .bind(column(seen, |row| row.listing))
        .bind(column(seen, |row| row.price_minor))
        .bind(column(seen, |row| row.currency.as_deref()))
        .bind(column(seen, |row| row.at))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The ledger, and prices that were taken but not seen, follow what a sync
    /// saw; what the store has otherwise than it is wanted becomes a conflict.
    pub(crate) async fn note_observed_prices(
        &mut self,
        seen: &[Seen],
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        if seen.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        let now = context.sources.now();
        if self.follow_in_ledger(seen, now).await? == 0 {
            return Ok(());
        }
        let pushes: Vec<Uuid> = sqlx::query_scalar(
            "WITH seen AS (
                 UPDATE price_push_items n SET status = 'observed', message = NULL
                 FROM UNNEST($2::uuid[], $3::bigint[], $4::bigint[]) AS r (listing_id, price, compare)
                 WHERE n.project_id = $1 AND n.listing_id = r.listing_id
                   AND n.status = 'accepted' AND n.new_minor = r.price
                   AND (n.compare_at = 'keep' OR n.new_compare_minor IS NOT DISTINCT FROM r.compare)
                 RETURNING n.push_id
             )
             SELECT DISTINCT push_id FROM seen ORDER BY 1",
        )
        .bind(project)
        .bind(column(seen, |row| row.listing))
        .bind(column(seen, |row| row.price_minor))
        .bind(column(seen, |row| row.compare_at_minor))
        .fetch_all(self.conn())
        .await?;
        self.settle_pushes(&pushes, now).await?;
        self.find_conflicts(seen, Sight::OfCatalogue, context)
            .await?;
        Ok(())
    }

    /// The ledger follows what was seen: a value that is the wanted one is from now
    /// on what both sides agree on. Gives how many listings' rows moved.
    pub(super) async fn follow_in_ledger(
        &mut self,
        seen: &[Seen],
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let project = self.project().0;
        let followed = sqlx::query(
            "UPDATE listing_prices d
             SET observed_minor = r.price, observed_compare_minor = r.compare, observed_at = $2,
                 base_minor = CASE WHEN r.price = d.desired_minor THEN r.price
                                   ELSE d.base_minor END,
                 confirmed_at = CASE WHEN r.price = d.desired_minor
                                     THEN coalesce(d.confirmed_at, $2) ELSE d.confirmed_at END,
                 base_compare_minor = CASE
                     WHEN d.desired_compare <> 'keep'
                          AND r.compare IS NOT DISTINCT FROM d.desired_compare_minor
                     THEN r.compare ELSE d.base_compare_minor END,
                 compare_confirmed_at = CASE
                     WHEN d.desired_compare <> 'keep'
                          AND r.compare IS NOT DISTINCT FROM d.desired_compare_minor
                     THEN coalesce(d.compare_confirmed_at, $2) ELSE d.compare_confirmed_at END
             FROM UNNEST($3::uuid[], $4::bigint[], $5::bigint[], $6::text[])
                  AS r (listing_id, price, compare, currency)
             WHERE d.project_id = $1 AND d.listing_id = r.listing_id
               AND (r.currency IS NULL OR r.currency = d.currency)
               AND ((d.observed_minor, d.observed_compare_minor)
                    IS DISTINCT FROM (r.price, r.compare)
                    OR r.price = d.desired_minor AND d.confirmed_at IS NULL
                    OR d.desired_compare <> 'keep' AND d.compare_confirmed_at IS NULL
                       AND r.compare IS NOT DISTINCT FROM d.desired_compare_minor)",
        )
        .bind(project)
        .bind(now)
        .bind(column(seen, |row| row.listing))
        .bind(column(seen, |row| row.price_minor))
        .bind(column(seen, |row| row.compare_at_minor))
        .bind(column(seen, |row| row.currency.as_deref()))
        .execute(self.conn())
        .await?;
        Ok(followed.rows_affected())
    }
}
