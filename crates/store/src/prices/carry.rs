//! Prices on their way: what a run takes, sends and settles.

use std::collections::{BTreeSet, HashMap};

use calibr_model::{
    Currency, IntegrationId, ListingId, PricePushId,
    event::ProjectEvent,
    status::{FailureClass, FailureKind},
    views::{PriceItemStatus, PricePushStatus},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{CompareAtMinor, changes::Seen};
use crate::{
    catalogue::{BatchContext, FailureInput},
    conflicts::{Became, Sight},
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column, word},
    runs::LEASE_SECONDS,
};

/// A price that a run is to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenPrice {
    /// The push.
    pub push: PricePushId,
    /// Its number within the push.
    pub ordinal: i64,
    /// The listing.
    pub listing: ListingId,
    /// The platform's id of the variant.
    pub external_id: String,
    /// The platform's id of its product.
    pub product_external_id: String,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// Product and variant, to know it by.
    pub label: String,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// What the preview saw.
    pub old_minor: Option<i64>,
    /// The struck-through price that the preview saw.
    pub old_compare_minor: Option<i64>,
    /// What it is to cost.
    pub new_minor: i64,
    /// What becomes of the struck-through price.
    pub compare_at: CompareAtMinor,
    /// Whether the price is what the store has, and nothing that was wanted.
    pub keeps_price: bool,
    /// Whether it was sent before, and no answer is known.
    pub was_sent: bool,
}

/// Prices with their listings; `$1` is the project.
macro_rules! taken {
    ($rest:literal) => {
        concat!(
            "SELECT n.push_id, n.ordinal, n.listing_id, l.external_id, l.external_product_id,
                    l.sku, concat_ws(' · ', nullif(p.title, ''), nullif(l.title, '')) AS label,
                    n.currency, n.old_minor, n.old_compare_minor, n.new_minor, n.compare_at,
                    n.new_compare_minor, n.keeps_price, n.status
             FROM price_push_items n
             JOIN listings l ON l.project_id = $1 AND l.id = n.listing_id
             JOIN products p ON p.project_id = $1 AND p.id = l.product_id
             WHERE n.project_id = $1 ",
            $rest
        )
    };
}
pub(super) use taken;

#[derive(FromRow)]
pub(super) struct TakenRow {
    push_id: Uuid,
    ordinal: i64,
    listing_id: Uuid,
    external_id: String,
    external_product_id: String,
    sku: Option<String>,
    label: String,
    currency: String,
    old_minor: Option<i64>,
    old_compare_minor: Option<i64>,
    new_minor: i64,
    compare_at: String,
    new_compare_minor: Option<i64>,
    keeps_price: bool,
    status: String,
}

impl TakenRow {
    pub(super) fn into_price(self) -> Result<TakenPrice, StoreError> {
        Ok(TakenPrice {
            push: self.push_id.into(),
            ordinal: self.ordinal,
            listing: self.listing_id.into(),
            external_id: self.external_id,
            product_external_id: self.external_product_id,
            sku: self.sku,
            label: self.label,
            currency: word("currency", &self.currency)?,
            old_minor: self.old_minor,
            old_compare_minor: self.old_compare_minor,
            new_minor: self.new_minor,
            compare_at: CompareAtMinor::read(&self.compare_at, self.new_compare_minor),
            keeps_price: self.keeps_price,
            was_sent: self.status == PriceItemStatus::Sent.as_str(),
        })
    }
}

/// A price as the store was seen to have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenPrice {
    /// What it costs, in minor units.
    pub price_minor: Option<i64>,
    /// The struck-through price.
    pub compare_at_minor: Option<i64>,
    /// The currency of both.
    pub currency: Currency,
}

/// What became of a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceOutcome {
    /// The platform took it at this moment (UTC), and may have said something
    /// beside.
    Accepted {
        /// When.
        at: DateTime<Utc>,
        /// In the platform's words.
        note: Option<String>,
    },
    /// It was not taken.
    Failed {
        /// A short code, the same for like failures.
        code: String,
        /// What is wrong, and what to do.
        message: String,
        /// What can be done about it.
        class: FailureClass,
        /// What was asked of the platform for this price, redacted and shortened.
        request: Option<String>,
        /// The platform's answer, redacted and shortened.
        answer: Option<String>,
    },
}

/// A price that came to its end, with what the store was seen to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledPrice {
    /// Which.
    pub price: TakenPrice,
    /// What became of it.
    pub outcome: PriceOutcome,
    /// What the store was seen to have after it; `None` where nobody looked.
    pub seen: Option<SeenPrice>,
}

impl SettledPrice {
    /// Whether the store shows what was wanted.
    pub fn is_observed(&self) -> bool {
        self.seen.is_some_and(|seen| {
            let wanted = &self.price;
            seen.price_minor == Some(wanted.new_minor)
                && seen.currency == wanted.currency
                && match wanted.compare_at {
                    CompareAtMinor::Keep => true,
                    CompareAtMinor::Clear => seen.compare_at_minor.is_none(),
                    CompareAtMinor::Set(amount) => seen.compare_at_minor == Some(amount),
                }
        })
    }

    fn status(&self) -> PriceItemStatus {
        match self.outcome {
            PriceOutcome::Accepted { .. } if self.is_observed() => PriceItemStatus::Observed,
            PriceOutcome::Accepted { .. } => PriceItemStatus::Accepted,
            PriceOutcome::Failed { .. } => PriceItemStatus::Failed,
        }
    }
}

impl TenantTx {
    /// The next prices that an integration's store is to have: those applied
    /// first come first. Prices applied before `none_before` (UTC) were forgotten
    /// by whoever wanted them, and fail.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn take_prices(
        &mut self,
        context: &BatchContext<'_>,
        limit: usize,
        none_before: DateTime<Utc>,
    ) -> Result<Vec<TakenPrice>, StoreError> {
        self.hold_lease(context).await?;
        self.lock_waiting_pushes(context.integration).await?;
        self.drop_forgotten(context, none_before).await?;
        let project = self.project().0;
        let rows: Vec<TakenRow> = sqlx::query_as(taken!(
            "AND n.integration_id = $2 AND n.status IN ('queued', 'sent')
             ORDER BY n.push_id, n.ordinal LIMIT $3"
        ))
        .bind(project)
        .bind(context.integration.0)
        .bind(as_i64(limit))
        .fetch_all(self.conn())
        .await?;
        rows.into_iter().map(TakenRow::into_price).collect()
    }

    /// Locks the pushes of which an integration's run has a part, before their
    /// prices: the order that all who write both keep to. Stores that settle parts
    /// of one push at the same moment count one after the other.
    pub(crate) async fn lock_waiting_pushes(
        &mut self,
        integration: IntegrationId,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "SELECT FROM price_pushes
             WHERE project_id = $1
               AND id IN (SELECT push_id FROM price_push_items
                          WHERE project_id = $1 AND integration_id = $2
                            AND status IN ('queued', 'sent'))
             ORDER BY id FOR NO KEY UPDATE",
        )
        .bind(project)
        .bind(integration.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn drop_forgotten(
        &mut self,
        context: &BatchContext<'_>,
        none_before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let pushes: Vec<Uuid> = sqlx::query_scalar(
            "WITH dropped AS (
                 UPDATE price_push_items n
                 SET status = 'failed', code = 'too_late',
                     message = 'It could not be sent in time, and prices may have moved since. '
                               'Ask for it again.'
                 FROM price_pushes p
                 WHERE n.project_id = $1 AND n.integration_id = $2 AND n.status = 'queued'
                   AND p.project_id = $1 AND p.id = n.push_id AND p.applied_at < $3
                 RETURNING n.push_id
             )
             SELECT DISTINCT push_id FROM dropped ORDER BY 1",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(none_before)
        .fetch_all(self.conn())
        .await?;
        self.settle_pushes(&pushes, context.sources.now()).await
    }

    /// Whether prices wait for an integration's next run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_waiting_prices(
        &mut self,
        integration: IntegrationId,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM price_push_items
                            WHERE project_id = $1 AND integration_id = $2
                              AND status IN ('queued', 'sent'))",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_one(self.conn())
        .await?)
    }

    /// Fails every price that waits for an integration: its store cannot take
    /// any. What was sent without an answer may have been taken all the same:
    /// the next sync shows it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fail_waiting_prices(
        &mut self,
        integration: IntegrationId,
        code: &str,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.lock_waiting_pushes(integration).await?;
        let project = self.project().0;
        let pushes: Vec<Uuid> = sqlx::query_scalar(
            "WITH failed AS (
                 UPDATE price_push_items SET status = 'failed', code = $3, message = $4
                 WHERE project_id = $1 AND integration_id = $2 AND status IN ('queued', 'sent')
                 RETURNING push_id
             )
             SELECT DISTINCT push_id FROM failed ORDER BY 1",
        )
        .bind(project)
        .bind(integration.0)
        .bind(code)
        .bind(message)
        .fetch_all(self.conn())
        .await?;
        self.settle_pushes(&pushes, now).await
    }

    /// Notes that prices are about to be sent, before they are: whoever takes the
    /// run up after a lost worker looks at the store first.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn mark_sent(
        &mut self,
        prices: &[TakenPrice],
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        self.hold_lease(context).await?;
        self.lock_waiting_pushes(context.integration).await?;
        let project = self.project().0;
        let now = context.sources.now();
        self.set_status(prices, PriceItemStatus::Sent).await?;
        sqlx::query(
            "UPDATE listing_prices d SET sent_minor = r.price, sent_at = $2
             FROM UNNEST($3::uuid[], $4::bigint[], $5::boolean[]) AS r (listing_id, price, kept)
             WHERE d.project_id = $1 AND d.listing_id = r.listing_id AND NOT r.kept",
        )
        .bind(project)
        .bind(now)
        .bind(column(prices, |price| price.listing.0))
        .bind(column(prices, |price| price.new_minor))
        .bind(column(prices, |price| price.keeps_price))
        .execute(self.conn())
        .await?;
        let pushes: BTreeSet<Uuid> = prices.iter().map(|price| price.push.0).collect();
        for push in pushes {
            let begun = sqlx::query(
                "UPDATE price_pushes SET status = 'pushing'
                 WHERE project_id = $1 AND id = $2 AND status = 'queued'",
            )
            .bind(project)
            .bind(push)
            .execute(self.conn())
            .await?;
            if begun.rows_affected() > 0 {
                self.notify(ProjectEvent::PricePushChanged {
                    push_id: push.into(),
                    status: PricePushStatus::Pushing,
                })
                .await?;
            }
        }
        Ok(())
    }

    async fn set_status(
        &mut self,
        prices: &[TakenPrice],
        status: PriceItemStatus,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE price_push_items n SET status = $2
             FROM UNNEST($3::uuid[], $4::bigint[]) AS r (push_id, ordinal)
             WHERE n.project_id = $1 AND n.push_id = r.push_id AND n.ordinal = r.ordinal",
        )
        .bind(project)
        .bind(status.as_str())
        .bind(column(prices, |price| price.push.0))
        .bind(column(prices, |price| price.ordinal))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps where a push stands that the platform works on by itself, or that
    /// none is any more.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn keep_price_ticket(
        &mut self,
        ticket: Option<&serde_json::Value>,
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs SET checkpoint = $4, fruitless = 0,
                 lease_until = now() + make_interval(secs => $5)
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(context.worker.0)
        .bind(ticket)
        .bind(LEASE_SECONDS)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        Ok(())
    }

    /// Settles prices: items, ledger, the listings' own prices, price changes,
    /// failures, counters and the pushes' states. Everything holds or nothing
    /// does, when the transaction is committed.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn settle_prices(
        &mut self,
        settled: &[SettledPrice],
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        self.lock_prices().await?;
        self.hold_lease(context).await?;
        self.lock_waiting_pushes(context.integration).await?;
        let now = context.sources.now();
        let seen: Vec<Seen> = settled
            .iter()
            .filter_map(|one| {
                let seen = one.seen?;
                Some(Seen {
                    listing: one.price.listing.0,
                    price_minor: seen.price_minor,
                    compare_at_minor: seen.compare_at_minor,
                    currency: Some(seen.currency.code().to_owned()),
                    at: match one.outcome {
                        PriceOutcome::Accepted { at, .. } => at,
                        PriceOutcome::Failed { .. } => now,
                    },
                })
            })
            .collect();
        self.note_price_changes(&seen, context).await?;
        self.show_prices(&seen, now).await?;
        self.note_accepted(settled).await?;
        self.follow_in_ledger(&seen, now).await?;
        let found = self.find_conflicts(&seen, Sight::OfPush, context).await?;
        let settled = &told_of_conflicts(settled, &found)[..];
        self.end_items(settled).await?;
        let failures: Vec<FailureInput> = settled.iter().filter_map(failure).collect();
        let failures = self.new_failures(context, failures.iter()).await?;
        let taken: Vec<&str> = settled
            .iter()
            .filter(|one| matches!(one.outcome, PriceOutcome::Accepted { .. }))
            .map(|one| one.price.external_id.as_str())
            .collect();
        self.no_longer_failing(context.integration, FailureKind::Price, &taken)
            .await?;
        let taken = as_i64(taken.len());
        let first = self
            .count_prices(taken, as_i64(failures.len()), context)
            .await?;
        self.insert_failures(context, &failures, first).await?;
        let pushes: BTreeSet<Uuid> = settled.iter().map(|one| one.price.push.0).collect();
        self.settle_pushes(&pushes.into_iter().collect::<Vec<_>>(), now)
            .await?;
        self.notify_progress(context.run, now).await
    }

    async fn end_items(&mut self, settled: &[SettledPrice]) -> Result<(), StoreError> {
        let project = self.project().0;
        let code = |one: &SettledPrice| match &one.outcome {
            PriceOutcome::Failed { code, .. } => Some(code.clone()),
            PriceOutcome::Accepted { .. } => None,
        };
        let message = |one: &SettledPrice| match &one.outcome {
            PriceOutcome::Failed { message, .. } => Some(message.clone()),
            PriceOutcome::Accepted { note, .. } => note.clone(),
        };
        sqlx::query(
            "UPDATE price_push_items n SET status = r.status, code = r.code, message = r.message
             FROM UNNEST($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[])
                  AS r (push_id, ordinal, status, code, message)
             WHERE n.project_id = $1 AND n.push_id = r.push_id AND n.ordinal = r.ordinal
               AND n.status IN ('queued', 'sent')",
        )
        .bind(project)
        .bind(column(settled, |one| one.price.push.0))
        .bind(column(settled, |one| one.price.ordinal))
        .bind(column(settled, |one| one.status().as_str()))
        .bind(column(settled, code))
        .bind(column(settled, message))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The ledger follows what the platform took.
    async fn note_accepted(&mut self, settled: &[SettledPrice]) -> Result<(), StoreError> {
        let project = self.project().0;
        let accepted_at = |one: &SettledPrice| match one.outcome {
            PriceOutcome::Accepted { at, .. } if !one.price.keeps_price => Some(at),
            _ => None,
        };
        sqlx::query(
            "UPDATE listing_prices d SET accepted_minor = r.price, accepted_at = r.accepted_at
             FROM UNNEST($2::uuid[], $3::bigint[], $4::timestamptz[])
                  AS r (listing_id, price, accepted_at)
             WHERE d.project_id = $1 AND d.listing_id = r.listing_id
               AND r.accepted_at IS NOT NULL",
        )
        .bind(project)
        .bind(column(settled, |one| one.price.listing.0))
        .bind(column(settled, |one| one.price.new_minor))
        .bind(column(settled, accepted_at))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The listings' own prices follow what was seen.
    async fn show_prices(&mut self, seen: &[Seen], now: DateTime<Utc>) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE listings l
             SET price_minor = r.price, compare_at_minor = r.compare_at, currency = r.currency,
                 updated_at = $2
             FROM UNNEST($3::uuid[], $4::bigint[], $5::bigint[], $6::text[])
                  AS r (id, price, compare_at, currency)
             WHERE l.project_id = $1 AND l.id = r.id
               AND (l.price_minor, l.compare_at_minor, l.currency)
                   IS DISTINCT FROM (r.price, r.compare_at, r.currency)",
        )
        .bind(project)
        .bind(now)
        .bind(column(seen, |one| one.listing))
        .bind(column(seen, |one| one.price_minor))
        .bind(column(seen, |one| one.compare_at_minor))
        .bind(column(seen, |one| one.currency.as_deref()))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn count_prices(
        &mut self,
        taken: i64,
        failed: i64,
        context: &BatchContext<'_>,
    ) -> Result<i64, StoreError> {
        let project = self.project().0;
        let failed_after: Option<i64> = sqlx::query_scalar(
            "UPDATE sync_runs
             SET prices_pushed = prices_pushed + $4, items_failed = items_failed + $5,
                 fruitless = 0, checkpoint = NULL,
                 lease_until = clock_timestamp() + make_interval(secs => $6)
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'
             RETURNING items_failed",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(context.worker.0)
        .bind(taken)
        .bind(failed)
        .bind(LEASE_SECONDS)
        .fetch_optional(self.conn())
        .await?;
        Ok(failed_after.ok_or(StoreError::LeaseLost)? - failed)
    }

    /// Counts pushes, which are locked, anew, ends those of which nothing waits any more, and tells
    /// the browsers. Conflicts that were decided for a price that failed are open again.
    pub(crate) async fn settle_pushes(
        &mut self,
        pushes: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if pushes.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        let states: Vec<(Uuid, String)> = sqlx::query_as(
            "UPDATE price_pushes p
             SET items_observed = c.observed, items_accepted = c.accepted,
                 items_failed = c.failed,
                 status = CASE WHEN c.waiting > 0 THEN p.status
                               WHEN c.failed = 0 THEN 'done'
                               WHEN c.observed + c.accepted = 0 THEN 'failed'
                               ELSE 'partial' END,
                 completed_at = CASE WHEN c.waiting > 0 THEN p.completed_at
                                     ELSE coalesce(p.completed_at, $3) END
             FROM (SELECT push_id,
                          count(*) FILTER (WHERE status = 'observed') AS observed,
                          count(*) FILTER (WHERE status = 'accepted') AS accepted,
                          count(*) FILTER (WHERE status = 'failed') AS failed,
                          count(*) FILTER (WHERE status IN ('queued', 'sent')) AS waiting
                   FROM price_push_items WHERE project_id = $1 AND push_id = ANY ($2)
                   GROUP BY push_id) c
             WHERE p.project_id = $1 AND p.id = c.push_id
               AND p.status IN ('queued', 'pushing', 'done', 'partial', 'failed')
             RETURNING p.id, p.status",
        )
        .bind(project)
        .bind(pushes)
        .bind(now)
        .fetch_all(self.conn())
        .await?;
        for (push, status) in states {
            self.notify(ProjectEvent::PricePushChanged {
                push_id: push.into(),
                status: word("price push status", &status)?,
            })
            .await?;
        }
        self.reopen_unsent_conflicts(pushes).await
    }
}

/// Prices that moved at the store come to their end with what becomes of them.
fn told_of_conflicts(settled: &[SettledPrice], found: &HashMap<Uuid, Became>) -> Vec<SettledPrice> {
    let told = |one: &SettledPrice| {
        let mut one = one.clone();
        if let Some(became) = found.get(&one.price.listing.0)
            && let PriceOutcome::Failed {
                code,
                message,
                class,
                ..
            } = &mut one.outcome
        {
            became.told(code, message, class);
        }
        one
    };
    settled.iter().map(told).collect()
}

fn failure(one: &SettledPrice) -> Option<FailureInput> {
    match &one.outcome {
        PriceOutcome::Accepted { .. } => None,
        PriceOutcome::Failed {
            code,
            message,
            class,
            request,
            answer,
        } => Some(FailureInput {
            kind: FailureKind::Price,
            external_id: Some(one.price.external_id.clone()),
            product_external_id: Some(one.price.product_external_id.clone()),
            label: Some(one.price.label.clone()),
            code: code.clone(),
            message: message.clone(),
            class: *class,
            request: request.clone(),
            answer: answer.clone(),
            // Another price is another matter.
            version: Some(one.price.new_minor.to_string()),
        }),
    }
}
