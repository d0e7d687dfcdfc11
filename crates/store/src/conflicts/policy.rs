//! Calibr's value goes back to the store by itself: where the settings and the
//! bounds admit it, and not for ever.

use std::collections::HashMap;

use calibr_model::{ConflictId, Currency, Guardrails, PricePushId, Sources, views::HeldReason};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{Became, Decision, OursToSend, Sight, send::REASON};
use crate::{
    db::TenantTx,
    error::StoreError,
    prices::{CompareAtMinor, NewPush},
    rows::column,
};

/// So often within [`FIGHT_LASTS`] one listing is sent anew by itself.
const MOST_RESENT: i64 = 3;

/// How far back it is counted.
const FIGHT_LASTS: TimeDelta = TimeDelta::hours(24);

/// What the settings of a store say of sending prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sending {
    /// Whether prices are sent that nobody asked to be sent now.
    pub(super) by_itself: bool,
    /// Whether nothing is sent at all.
    pub(super) dry_run: bool,
}

/// Why a value is not sent by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    reason: HeldReason,
    message: String,
}

impl Held {
    fn new(reason: HeldReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

/// Whether a value may be sent by itself.
fn judge(
    wanted: &OursToSend,
    settings: Sending,
    bounds: &HashMap<Currency, Guardrails>,
) -> Result<(), Held> {
    if !settings.by_itself {
        return Err(Held::new(
            HeldReason::NotAutomatic,
            "Prices are not sent by themselves in this store. Decide here, or turn it on in the \
             store's settings.",
        ));
    }
    if settings.dry_run {
        return Err(Held::new(
            HeldReason::DryRun,
            "The store is in dry-run mode: nothing is sent. Turn it off in the store's settings.",
        ));
    }
    let outside = |message: String| Held::new(HeldReason::OutsideBounds, message);
    let Some(currency) = wanted.listing.currency else {
        return Err(outside(
            "The currency of the store's prices is not known. Sync it first.".to_owned(),
        ));
    };
    let Some(bounds) = bounds
        .get(&currency)
        .filter(|bounds| bounds.floor_minor.is_some())
    else {
        return Err(Held::new(
            HeldReason::NoFloor,
            format!(
                "No floor is set for {currency}, and without one nothing is sent by itself. Decide \
                 here, or set a floor under Prices."
            ),
        ));
    };
    let Some(price) = wanted.new_minor else {
        return Err(outside(
            "The store has no price for it, and a struck-through price cannot stand alone."
                .to_owned(),
        ));
    };
    bounds
        .check(wanted.listing.price_minor, price)
        .map_err(|breach| outside(breach.message))?;
    if let CompareAtMinor::Set(amount) = wanted.compare_at {
        bounds
            .check_compare_at(price, amount)
            .map_err(|breach| outside(breach.message))?;
    }
    if wanted.resent >= MOST_RESENT {
        return Err(Held::new(
            HeldReason::FoughtOver,
            format!(
                "Calibr's value was sent {} times within a day, and the store changed it back each \
                 time: somebody there, or an app, sets it too. Find out who, then decide.",
                wanted.resent
            ),
        ));
    }
    Ok(())
}

impl TenantTx {
    /// Sends Calibr's values anew where that may be done by itself, in one push; of
    /// the others it is noted why they wait.
    pub(super) async fn send_by_policy(
        &mut self,
        conflicts: &[Uuid],
        settings: Sending,
        sight: Sight,
        decision: &Decision,
        sources: &Sources,
    ) -> Result<HashMap<Uuid, Became>, StoreError> {
        let bounds: HashMap<Currency, Guardrails> = self
            .guardrails()
            .await?
            .into_iter()
            .map(|bounds| (bounds.currency, bounds))
            .collect();
        let since = decision.at - FIGHT_LASTS;
        let conflicts = column(conflicts, |id| ConflictId(*id));
        let (mut sent, mut held) = (Vec::new(), Vec::new());
        for wanted in self.ours_to_send(&conflicts, since).await? {
            match judge(&wanted, settings, &bounds) {
                Ok(()) => sent.push(wanted),
                Err(why) => held.extend(wanted.conflicts.iter().map(|id| (id.0, why.clone()))),
            }
        }
        self.hold(&held).await?;
        if sent.is_empty() {
            return Ok(HashMap::new());
        }
        let items: Vec<_> = sent.iter().map(OursToSend::planned).collect();
        let decided: Vec<Uuid> = sent
            .iter()
            .flat_map(|one| one.conflicts.iter().map(|id| id.0))
            .collect();
        let push = NewPush {
            id: sources.id::<PricePushId>(),
            reason: REASON,
            reverts: None,
            created_by: None,
        };
        self.send_ours(&push, &items, &decided, sight, decision)
            .await?;
        Ok(sent
            .iter()
            .map(|one| (one.listing.id.0, Became::SentAgain))
            .collect())
    }

    async fn hold(&mut self, held: &[(Uuid, Held)]) -> Result<(), StoreError> {
        if held.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        sqlx::query(
            "UPDATE price_conflicts c SET held_reason = r.reason, held_message = r.message
             FROM UNNEST($2::uuid[], $3::text[], $4::text[]) AS r (id, reason, message)
             WHERE c.project_id = $1 AND c.id = r.id AND c.is_open",
        )
        .bind(project)
        .bind(column(held, |(id, _)| *id))
        .bind(column(held, |(_, why)| why.reason.as_str()))
        .bind(column(held, |(_, why)| why.message.as_str()))
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
