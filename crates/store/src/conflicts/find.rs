//! Finding conflicts where prices are seen.

use std::collections::HashMap;

use calibr_model::settings::ConflictPolicy;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Became, COMPARE_AT, DecidedBy, Decision, PRICE};
use crate::{
    catalogue::BatchContext,
    db::TenantTx,
    error::StoreError,
    prices::Seen,
    rows::{column, word},
};

/// Where prices were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// In the store's catalogue. What was sent and not answered yet is left alone:
    /// whoever sends it looks at the store again.
    OfCatalogue,
    /// By a push, before or after it sent them.
    OfPush,
}

/// A listing that something is amiss with, as both sides have it.
#[derive(Debug, FromRow)]
struct Row {
    listing_id: Uuid,
    currency: String,
    is_other_currency: bool,
    /// Its last price was sent, and there is no answer yet.
    is_sent: bool,
    our_price: i64,
    base_price: Option<i64>,
    their_price: Option<i64>,
    price_is_live: bool,
    price_waits: bool,
    price_conflict: Option<Uuid>,
    price_conflict_theirs: Option<i64>,
    wants_compare: bool,
    our_compare: Option<i64>,
    base_compare: Option<i64>,
    their_compare: Option<i64>,
    compare_is_live: bool,
    compare_waits: bool,
    compare_conflict: Option<Uuid>,
    compare_conflict_theirs: Option<i64>,
}

/// One field of a listing, as both sides have it.
struct Field {
    name: &'static str,
    /// `false` where nothing is wanted for it.
    is_wanted: bool,
    ours: Option<i64>,
    base: Option<i64>,
    theirs: Option<i64>,
    /// What is wanted was at the store before, or is on its way.
    is_live: bool,
    /// It waits to be sent.
    waits: bool,
    /// The open conflict, and what it has of the store.
    open: Option<(Uuid, Option<i64>)>,
}

/// What is to be noted of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    New,
    Moved(Uuid),
    /// As it was when it was found.
    Same,
    Ended(Uuid),
}

impl Field {
    fn finding(&self) -> Option<Finding> {
        let Some((id, known)) = self.open else {
            let differs = self.theirs != self.ours && self.theirs != self.base;
            return (self.is_wanted && self.is_live && differs).then_some(Finding::New);
        };
        // Back at what both agreed on, with the wanted value still to be sent:
        // nobody but Calibr has moved it.
        let is_void = self.theirs == self.ours || self.waits && self.theirs == self.base;
        Some(match () {
            () if !self.is_wanted || is_void => Finding::Ended(id),
            () if self.theirs == known => Finding::Same,
            () => Finding::Moved(id),
        })
    }
}

impl Row {
    fn fields(&self) -> [Field; 2] {
        [
            Field {
                name: PRICE,
                is_wanted: !self.is_other_currency,
                ours: Some(self.our_price),
                base: self.base_price,
                theirs: self.their_price,
                is_live: self.price_is_live,
                waits: self.price_waits,
                open: self
                    .price_conflict
                    .map(|id| (id, self.price_conflict_theirs)),
            },
            Field {
                name: COMPARE_AT,
                is_wanted: self.wants_compare && !self.is_other_currency,
                ours: self.our_compare,
                base: self.base_compare,
                theirs: self.their_compare,
                is_live: self.compare_is_live,
                waits: self.compare_waits,
                open: self
                    .compare_conflict
                    .map(|id| (id, self.compare_conflict_theirs)),
            },
        ]
    }
}

/// A conflict that is to be noted.
struct New {
    id: Uuid,
    listing: Uuid,
    currency: String,
    field: Field,
}

impl TenantTx {
    /// Notes where the store has another value than is wanted, and applies the
    /// store's policy to it: set by set, whatever the number. Must be called after
    /// the ledger has followed what was seen. Gives what became of each listing
    /// with a conflict.
    pub(crate) async fn find_conflicts(
        &mut self,
        seen: &[Seen],
        sight: Sight,
        context: &BatchContext<'_>,
    ) -> Result<HashMap<Uuid, Became>, StoreError> {
        let mut became = HashMap::new();
        let rows = self.amiss(seen).await?;
        let now = context.sources.now();
        let (mut new, mut moved, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            if row.is_sent && sight == Sight::OfCatalogue {
                continue;
            }
            for field in row.fields() {
                match field.finding() {
                    None => continue,
                    Some(Finding::Ended(id)) => {
                        ended.push(id);
                        continue;
                    }
                    Some(Finding::Same) => {}
                    Some(Finding::Moved(id)) => moved.push((id, field.theirs)),
                    Some(Finding::New) => new.push(New {
                        id: context.sources.uuid(),
                        listing: row.listing_id,
                        currency: row.currency.clone(),
                        field,
                    }),
                }
                became.insert(row.listing_id, Became::Waits);
            }
        }
        self.end_by_themselves(&ended, now).await?;
        let project = self.project().0;
        if !moved.is_empty() {
            sqlx::query(
                "UPDATE price_conflicts c
                 SET theirs_minor = r.theirs, moved_at = $2, version = c.version + 1,
                     held_reason = NULL, held_message = NULL
                 FROM UNNEST($3::uuid[], $4::bigint[]) AS r (id, theirs)
                 WHERE c.project_id = $1 AND c.id = r.id AND c.is_open",
            )
            .bind(project)
            .bind(now)
            .bind(column(&moved, |(id, _)| *id))
            .bind(column(&moved, |(_, theirs)| *theirs))
            .execute(self.conn())
            .await?;
        }
        self.note_new(&new, context).await?;
        let undecided: Vec<Uuid> = new
            .iter()
            .map(|one| one.id)
            .chain(moved.iter().map(|(id, _)| *id))
            .collect();
        if !undecided.is_empty() {
            let decided = self.apply_policy(&undecided, sight, context).await?;
            became.extend(decided);
            self.tell_of_conflicts().await?;
        }
        Ok(became)
    }

    /// The listings that have an open conflict, or the makings of one.
    async fn amiss(&mut self, seen: &[Seen]) -> Result<Vec<Row>, StoreError> {
        if seen.is_empty() {
            return Ok(Vec::new());
        }
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT d.listing_id, d.currency,
                    coalesce(r.currency <> d.currency, false) AS is_other_currency,
                    coalesce(n.status = 'sent', false) AS is_sent,
                    d.desired_minor AS our_price, d.base_minor AS base_price,
                    r.price AS their_price,
                    d.confirmed_at IS NOT NULL
                        OR coalesce(d.accepted_minor = d.desired_minor, false)
                        OR coalesce(n.status IN ('queued', 'sent') AND NOT n.keeps_price, false)
                        AS price_is_live,
                    coalesce(n.status = 'queued' AND NOT n.keeps_price, false) AS price_waits,
                    p.id AS price_conflict, p.theirs_minor AS price_conflict_theirs,
                    d.desired_compare <> 'keep' AS wants_compare,
                    d.desired_compare_minor AS our_compare, d.base_compare_minor AS base_compare,
                    r.compare AS their_compare,
                    d.compare_confirmed_at IS NOT NULL
                        OR coalesce(n.status IN ('queued', 'sent', 'accepted')
                                    AND n.compare_at <> 'keep', false) AS compare_is_live,
                    coalesce(n.status = 'queued' AND n.compare_at <> 'keep', false)
                        AS compare_waits,
                    a.id AS compare_conflict, a.theirs_minor AS compare_conflict_theirs
             FROM UNNEST($2::uuid[], $3::bigint[], $4::bigint[], $5::text[])
                  AS r (listing_id, price, compare, currency)
             JOIN listing_prices d ON d.project_id = $1 AND d.listing_id = r.listing_id
             JOIN listings l ON l.project_id = $1 AND l.id = r.listing_id AND l.state <> 'gone'
             LEFT JOIN price_push_items n
                 ON n.project_id = $1 AND n.listing_id = d.listing_id AND n.push_id = d.push_id
                    AND n.status NOT IN ('same', 'refused')
             LEFT JOIN price_conflicts p
                 ON p.project_id = $1 AND p.listing_id = d.listing_id AND p.field = 'price'
                    AND p.status = 'open'
             LEFT JOIN price_conflicts a
                 ON a.project_id = $1 AND a.listing_id = d.listing_id AND a.field = 'compare_at'
                    AND a.status = 'open'
             WHERE p.id IS NOT NULL OR a.id IS NOT NULL
                OR r.price IS DISTINCT FROM d.desired_minor
                   AND r.price IS DISTINCT FROM d.base_minor
                OR d.desired_compare <> 'keep'
                   AND r.compare IS DISTINCT FROM d.desired_compare_minor
                   AND r.compare IS DISTINCT FROM d.base_compare_minor",
        )
        .bind(project)
        .bind(column(seen, |row| row.listing))
        .bind(column(seen, |row| row.price_minor))
        .bind(column(seen, |row| row.compare_at_minor))
        .bind(column(seen, |row| row.currency.as_deref()))
        .fetch_all(self.conn())
        .await?)
    }

    async fn note_new(
        &mut self,
        new: &[New],
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO price_conflicts (project_id, integration_id, run_id, found_at, moved_at,
                                          status, id, listing_id, field, currency, base_minor,
                                          ours_minor, theirs_minor)
             SELECT $1, $2, $3, $4, $4, 'open', r.*
             FROM UNNEST($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::bigint[],
                         $10::bigint[], $11::bigint[]) AS r",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.run.0)
        .bind(context.sources.now())
        .bind(column(new, |one| one.id))
        .bind(column(new, |one| one.listing))
        .bind(column(new, |one| one.field.name))
        .bind(column(new, |one| one.currency.as_str()))
        .bind(column(new, |one| one.field.base))
        .bind(column(new, |one| one.field.ours))
        .bind(column(new, |one| one.field.theirs))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Decides conflicts as the settings of their store say.
    async fn apply_policy(
        &mut self,
        conflicts: &[Uuid],
        sight: Sight,
        context: &BatchContext<'_>,
    ) -> Result<HashMap<Uuid, Became>, StoreError> {
        let project = self.project().0;
        let (policy, sends, dry_run): (String, bool, bool) = sqlx::query_as(
            "SELECT conflict_policy, sync_prices, dry_run FROM integrations
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(context.integration.0)
        .fetch_one(self.conn())
        .await?;
        let policy: ConflictPolicy = word("conflict policy", &policy)?;
        let decision = Decision {
            id: context.sources.id(),
            by: DecidedBy::Policy(policy),
            at: context.sources.now(),
        };
        match policy {
            ConflictPolicy::Manual => Ok(HashMap::new()),
            ConflictPolicy::Platform => {
                let listings = self.take_theirs(conflicts, sight, &decision).await?;
                Ok(listings
                    .into_iter()
                    .map(|listing| (listing, Became::TheirsKept))
                    .collect())
            }
            ConflictPolicy::Calibr => {
                let settings = super::policy::Sending {
                    by_itself: sends,
                    dry_run,
                };
                self.send_by_policy(conflicts, settings, sight, &decision, context.sources)
                    .await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(ours: i64, base: i64, theirs: i64) -> Field {
        Field {
            name: PRICE,
            is_wanted: true,
            ours: Some(ours),
            base: Some(base),
            theirs: Some(theirs),
            is_live: true,
            waits: false,
            open: None,
        }
    }

    #[test]
    fn a_conflict_takes_three_values_or_a_store_that_left_what_was_agreed_on() {
        assert_eq!(price(900, 1_000, 1_100).finding(), Some(Finding::New));
        assert_eq!(price(900, 900, 1_100).finding(), Some(Finding::New));
        // Not shown yet; there; not wanted; neither there before nor on its way.
        assert_eq!(price(900, 1_000, 1_000).finding(), None);
        assert_eq!(price(900, 1_000, 900).finding(), None);
        let unwanted = Field {
            is_wanted: false,
            ..price(900, 1_000, 1_100)
        };
        assert_eq!(unwanted.finding(), None);
        let failed = Field {
            is_live: false,
            ..price(900, 1_000, 1_100)
        };
        assert_eq!(failed.finding(), None);
    }

    #[test]
    fn an_open_conflict_follows_the_store_until_both_agree() {
        let id = Uuid::from_u128(1);
        let open = |theirs, waits| Field {
            open: Some((id, Some(1_100))),
            waits,
            ..price(900, 1_000, theirs)
        };
        assert_eq!(open(1_100, false).finding(), Some(Finding::Same));
        assert_eq!(open(1_200, false).finding(), Some(Finding::Moved(id)));
        assert_eq!(open(900, false).finding(), Some(Finding::Ended(id)));
        // What was agreed on: the wanted price goes there by itself, or never will.
        assert_eq!(open(1_000, true).finding(), Some(Finding::Ended(id)));
        assert_eq!(open(1_000, false).finding(), Some(Finding::Moved(id)));
    }
}
