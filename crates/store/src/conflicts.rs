//! Prices that the store has otherwise than they are wanted here: found, decided,
//! taken back.
//!
//! Whoever writes them holds the lock of the project's prices, or ends prices of a
//! push that is locked.

mod decide;
mod find;
mod policy;
mod read;
mod send;
mod undo;

use calibr_model::{
    ConflictDecisionId, IntegrationId, PricePushId, UserId,
    event::ProjectEvent,
    settings::ConflictPolicy,
    status::FailureClass,
    views::{ConflictField, ConflictSide},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(crate) use self::find::Sight;
pub use self::{
    decide::{PickedConflict, PickedConflicts},
    send::OursToSend,
};
use crate::{db::TenantTx, error::StoreError};

/// Who decided what, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The same for all that is decided at once.
    pub id: ConflictDecisionId,
    /// Who.
    pub by: DecidedBy,
    /// When, in UTC.
    pub at: DateTime<Utc>,
}

/// Who decides a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedBy {
    /// Somebody.
    Person(UserId),
    /// The settings of the store.
    Policy(ConflictPolicy),
}

impl DecidedBy {
    const fn person(self) -> Option<Uuid> {
        match self {
            Self::Person(user) => Some(user.0),
            Self::Policy(_) => None,
        }
    }

    const fn policy(self) -> Option<&'static str> {
        match self {
            Self::Person(_) => None,
            Self::Policy(policy) => Some(policy.as_str()),
        }
    }
}

/// What becomes of a price that waited, as the store's moved meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// A person decides.
    Waits,
    /// The store's price is kept.
    TheirsKept,
    /// It is sent again by itself.
    SentAgain,
}

impl Became {
    const fn code(self) -> &'static str {
        match self {
            Self::Waits => "price_moved",
            Self::TheirsKept => "store_price_kept",
            Self::SentAgain => "sent_again",
        }
    }

    /// Said of a price that is not sent.
    const fn message(self) -> &'static str {
        match self {
            Self::Waits => "It is listed under Conflicts: decide there which price stands.",
            Self::TheirsKept => {
                "The store has another price since, which was decided to stand. This one was not \
                 sent."
            }
            Self::SentAgain => {
                "The store's price moved meanwhile. Calibr's price is sent anew over the one that \
                 the store has now."
            }
        }
    }

    /// Tells it of a price that was not sent since the store's moved.
    pub(crate) fn told(self, code: &mut String, message: &mut String, class: &mut FailureClass) {
        if code != Self::Waits.code() {
            return;
        }
        match self {
            Self::Waits => {
                message.push(' ');
                message.push_str(self.message());
            }
            Self::TheirsKept | Self::SentAgain => {
                self.code().clone_into(code);
                self.message().clone_into(message);
                *class = FailureClass::Permanent;
            }
        }
    }
}

impl TenantTx {
    /// Tells the browsers that conflicts moved, and how many are open now.
    async fn tell_of_conflicts(&mut self) -> Result<(), StoreError> {
        let project = self.project().0;
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM price_conflicts WHERE project_id = $1 AND is_open",
        )
        .bind(project)
        .fetch_one(self.conn())
        .await?;
        self.notify(ProjectEvent::ConflictsChanged { open }).await
    }

    /// Open conflicts of what a push, which is about to be queued, wants anew end:
    /// what was wanted before is no longer.
    pub(crate) async fn end_conflicts_of_newer_wishes(
        &mut self,
        push: PricePushId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let ended: Vec<Uuid> = sqlx::query_scalar(
            "SELECT c.id FROM price_push_items n
             JOIN price_conflicts c
                 ON c.project_id = $1 AND c.listing_id = n.listing_id AND c.status = 'open'
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.status = 'planned'
               AND CASE c.field WHEN 'price' THEN NOT n.keeps_price
                                ELSE n.compare_at <> 'keep' END",
        )
        .bind(project)
        .bind(push.0)
        .fetch_all(self.conn())
        .await?;
        self.end_by_themselves(&ended, now).await
    }

    /// Open conflicts of listings that an integration's store no longer has end.
    pub(crate) async fn end_conflicts_of_gone(
        &mut self,
        integration: IntegrationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let ended: Vec<Uuid> = sqlx::query_scalar(
            "SELECT c.id FROM price_conflicts c
             JOIN listings l ON l.project_id = $1 AND l.id = c.listing_id AND l.state = 'gone'
             WHERE c.project_id = $1 AND c.integration_id = $2 AND c.is_open",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_all(self.conn())
        .await?;
        self.end_by_themselves(&ended, now).await
    }

    /// Open conflicts end that there is nothing to decide of any more.
    async fn end_by_themselves(
        &mut self,
        conflicts: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if conflicts.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        sqlx::query(
            "UPDATE price_conflicts
             SET status = 'superseded', decided_at = $3, version = version + 1,
                 held_reason = NULL, held_message = NULL
             WHERE project_id = $1 AND id = ANY ($2) AND is_open",
        )
        .bind(project)
        .bind(conflicts)
        .bind(now)
        .execute(self.conn())
        .await?;
        self.tell_of_conflicts().await
    }

    /// Conflicts that were decided for Calibr's value, which some of these pushes
    /// could not bring to the store, are open again; unless something newer is
    /// wanted, or was found.
    pub(crate) async fn reopen_unsent_conflicts(
        &mut self,
        pushes: &[Uuid],
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let opened = sqlx::query(
            "UPDATE price_conflicts c
             SET status = 'open', resolution = NULL, decided_by = NULL, policy = NULL,
                 decided_at = NULL, decision_id = NULL, push_id = NULL, version = c.version + 1,
                 held_reason = CASE WHEN n.code IS DISTINCT FROM 'discarded' THEN 'not_sent' END,
                 held_message = CASE WHEN n.code IS DISTINCT FROM 'discarded'
                                     THEN coalesce(n.message, 'It could not be sent.') END
             FROM price_push_items n, listing_prices d, listings l
             WHERE n.project_id = $1 AND n.push_id = ANY ($2) AND n.status = 'failed'
               AND c.project_id = $1 AND c.push_id = n.push_id AND c.listing_id = n.listing_id
               AND c.resolution = 'ours'
               AND d.project_id = $1 AND d.listing_id = c.listing_id AND d.push_id = c.push_id
               AND CASE c.field WHEN 'price' THEN d.desired_minor = c.ours_minor
                                ELSE d.desired_compare_minor IS NOT DISTINCT FROM c.ours_minor END
               AND l.project_id = $1 AND l.id = c.listing_id AND l.state <> 'gone'
               AND NOT EXISTS (SELECT FROM price_conflicts o
                               WHERE o.project_id = $1 AND o.listing_id = c.listing_id
                                 AND o.field = c.field AND o.is_open)",
        )
        .bind(project)
        .bind(pushes)
        .execute(self.conn())
        .await?;
        if opened.rows_affected() > 0 {
            self.tell_of_conflicts().await?;
        }
        Ok(())
    }

    /// Locks the pushes that have a price waiting for one of these listings: before
    /// their prices, as all who write both do.
    async fn lock_pushes_of(&mut self, listings: &[Uuid]) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "SELECT FROM price_pushes
             WHERE project_id = $1
               AND id IN (SELECT push_id FROM price_push_items
                          WHERE project_id = $1 AND listing_id = ANY ($2)
                            AND status IN ('queued', 'sent'))
             ORDER BY id FOR NO KEY UPDATE",
        )
        .bind(project)
        .bind(listings)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Notes how conflicts were decided.
    async fn note_decision(
        &mut self,
        conflicts: &[Uuid],
        side: ConflictSide,
        push: Option<PricePushId>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE price_conflicts
             SET status = 'resolved', resolution = $3, decided_by = $4, policy = $5,
                 decided_at = $6, decision_id = $7, push_id = $8, version = version + 1,
                 held_reason = NULL, held_message = NULL
             WHERE project_id = $1 AND id = ANY ($2) AND is_open",
        )
        .bind(project)
        .bind(conflicts)
        .bind(side.as_str())
        .bind(decision.by.person())
        .bind(decision.by.policy())
        .bind(decision.at)
        .bind(decision.id.0)
        .bind(push.map(|push| push.0))
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

const PRICE: &str = ConflictField::Price.as_str();
const COMPARE_AT: &str = ConflictField::CompareAt.as_str();
