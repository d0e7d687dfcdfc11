//! A person says whose value stands.

use std::collections::HashSet;

use calibr_engine::schedule_prices;
use calibr_model::{
    ConflictId, FieldError, IntegrationId, PricePushId, Problem, ProblemKind, Role,
    views::{
        ConflictQuery, ConflictSide, ConflictStatus, ConflictView, ConflictsResolved,
        MatchingConflicts, PriceItemStatus, RefusedConflict, SeenConflict,
    },
};
use calibr_store::{
    TenantTx,
    conflicts::{DecidedBy, Decision, OursToSend, PickedConflicts},
    prices::{NewPush, PushItem},
};

use super::{MOST_NAMED, missing};
use crate::{Actor, Services, prices::judge_ours};

/// Most conflicts that are decided in one go by a filter.
const MOST_MATCHING: usize = 100_000;

/// So many refused ones are told of one by one; further ones are counted.
const MOST_REFUSALS: usize = 100;

const WHAT: &str = "decide conflicts";

/// Decides one conflict, as it was looked at.
///
/// # Errors
/// `not-found`; `conflict` where somebody decided before, with who, what and when,
/// or where it moved since; `invalid` where Calibr's value cannot be sent;
/// `forbidden` below editor.
pub async fn resolve_one(
    services: &Services,
    actor: &Actor,
    seen: SeenConflict,
    to: ConflictSide,
) -> Result<ConflictView, Problem> {
    actor.must_be(Role::Editor, WHAT)?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    hold_stores_of(&mut tx, &[seen.id]).await?;
    let picked = tx.pick_conflicts(&[seen]).await?;
    let before = tx.conflict(seen.id).await?.ok_or_else(missing)?;
    if picked.open.is_empty() {
        return Err(came_first(&before));
    }
    let resolved = decide(services, actor, &mut tx, picked, to).await?;
    if let Some(refusal) = resolved.refusals.into_iter().next() {
        return Err(Problem::invalid(vec![FieldError {
            field: "to".to_owned(),
            message: refusal.message,
        }]));
    }
    let view = tx.conflict(seen.id).await?.ok_or_else(missing)?;
    tx.commit().await?;
    Ok(view)
}

/// Decides several conflicts, as they were looked at; what cannot be decided
/// stays as it is and is counted.
///
/// # Errors
/// `invalid` where none or too many are given; `forbidden` below editor.
pub async fn resolve(
    services: &Services,
    actor: &Actor,
    mut seen: Vec<SeenConflict>,
    to: ConflictSide,
) -> Result<ConflictsResolved, Problem> {
    actor.must_be(Role::Editor, WHAT)?;
    if seen.is_empty() || seen.len() > MOST_NAMED {
        return Err(Problem::invalid(vec![FieldError {
            field: "conflicts".to_owned(),
            message: "Name 1 to 1,000 conflicts; for more, decide all that match a filter."
                .to_owned(),
        }]));
    }
    let mut met = HashSet::new();
    seen.retain(|one| met.insert(one.id));
    let ids: Vec<ConflictId> = seen.iter().map(|one| one.id).collect();
    let mut tx = services.db.tenant(actor.project.id).await?;
    hold_stores_of(&mut tx, &ids).await?;
    let picked = tx.pick_conflicts(&seen).await?;
    let resolved = decide(services, actor, &mut tx, picked, to).await?;
    tx.commit().await?;
    Ok(resolved)
}

/// Decides the open conflicts that match a filter, as they were at a moment.
///
/// # Errors
/// `invalid` where too many match, or the moment is to come; `forbidden` below
/// editor.
pub async fn resolve_matching(
    services: &Services,
    actor: &Actor,
    matching: MatchingConflicts,
    to: ConflictSide,
) -> Result<ConflictsResolved, Problem> {
    actor.must_be(Role::Editor, WHAT)?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let stores = match matching.integration {
        Some(store) => vec![store],
        None => {
            let counts = tx.conflict_counts(&ConflictQuery::default()).await?;
            counts.stores.iter().map(|one| one.integration_id).collect()
        }
    };
    hold(&mut tx, stores).await?;
    let picked = tx
        .pick_matching_conflicts(&matching, MOST_MATCHING)
        .await?
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::Invalid,
                "More than 100,000 conflicts match. Nothing was decided; narrow them by store, \
                 field or search.",
            )
        })?;
    let resolved = decide(services, actor, &mut tx, picked, to).await?;
    tx.commit().await?;
    Ok(resolved)
}

/// Keeps runs of the stores from ending while prices are queued for them.
async fn hold_stores_of(tx: &mut TenantTx, conflicts: &[ConflictId]) -> Result<(), Problem> {
    let stores = tx.stores_of_conflicts(conflicts).await?;
    hold(tx, stores).await
}

async fn hold(tx: &mut TenantTx, mut stores: Vec<IntegrationId>) -> Result<(), Problem> {
    stores.sort_unstable();
    for store in stores {
        tx.hold_integration(store).await?;
    }
    Ok(())
}

async fn decide(
    services: &Services,
    actor: &Actor,
    tx: &mut TenantTx,
    picked: PickedConflicts,
    to: ConflictSide,
) -> Result<ConflictsResolved, Problem> {
    let decision = Decision {
        id: services.sources.id(),
        by: DecidedBy::Person(actor.user),
        at: services.sources.now(),
    };
    let mut resolved = ConflictsResolved {
        decided: 0,
        already_decided: picked.already_decided,
        changed: picked.changed,
        missing: picked.missing,
        refused: 0,
        refusals: Vec::new(),
        decision_id: None,
        push_id: None,
    };
    let (busy, open): (Vec<_>, Vec<_>) = picked.open.into_iter().partition(|one| one.is_being_sent);
    for one in busy {
        refuse(
            &mut resolved,
            &[one.id],
            "on_its_way",
            "A price of this listing is being sent at this moment. Look again when it has arrived.",
        );
    }
    let open: Vec<ConflictId> = open.into_iter().map(|one| one.id).collect();
    match to {
        ConflictSide::Theirs if !open.is_empty() => {
            tx.decide_for_theirs(&open, &decision).await?;
            resolved.decided = count(open.len());
        }
        ConflictSide::Theirs => {}
        ConflictSide::Ours => {
            for_ours(services, actor, tx, &open, &decision, &mut resolved).await?;
        }
    }
    if resolved.decided > 0 {
        resolved.decision_id = Some(decision.id);
        tracing::info!(
            project = %actor.project.id, decided = resolved.decided, to = %to,
            "conflicts were decided"
        );
    }
    Ok(resolved)
}

async fn for_ours(
    services: &Services,
    actor: &Actor,
    tx: &mut TenantTx,
    open: &[ConflictId],
    decision: &Decision,
    resolved: &mut ConflictsResolved,
) -> Result<(), Problem> {
    let ours = tx.ours_to_send(open, decision.at).await?;
    let judged = judge_ours(services, tx, &ours).await?;
    let (mut items, mut decided): (Vec<PushItem>, Vec<ConflictId>) = (Vec::new(), Vec::new());
    for (one, item) in ours.iter().zip(judged) {
        if item.status == PriceItemStatus::Refused {
            let message = item.message.as_deref().unwrap_or("It cannot be sent.");
            refuse(
                resolved,
                &one.conflicts,
                item.code.unwrap_or("refused"),
                message,
            );
        } else {
            decided.extend(&one.conflicts);
            items.push(item);
        }
    }
    if items.is_empty() {
        return Ok(());
    }
    let push = NewPush {
        id: services.sources.id::<PricePushId>(),
        reason: OursToSend::REASON,
        reverts: None,
        created_by: Some(actor.user),
    };
    let stores = tx
        .decide_for_ours(&push, &items, &decided, decision)
        .await?;
    for store in stores {
        schedule_prices(tx, store, Some(actor.user), &services.sources).await?;
    }
    resolved.decided = count(decided.len());
    resolved.push_id = Some(push.id);
    Ok(())
}

fn refuse(resolved: &mut ConflictsResolved, ids: &[ConflictId], code: &str, message: &str) {
    for id in ids {
        resolved.refused += 1;
        if resolved.refusals.len() < MOST_REFUSALS {
            resolved.refusals.push(RefusedConflict {
                id: *id,
                code: code.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}

/// Why a conflict cannot be decided as it was looked at.
fn came_first(conflict: &ConflictView) -> Problem {
    let at = conflict
        .decided_at
        .map(|at| format!(" on {}", at.format("%-d %B %Y at %H:%M UTC")))
        .unwrap_or_default();
    let message = match conflict.status {
        ConflictStatus::Open => {
            "The store's value, or what is known of it, moved since you looked. \
                                 Nothing was decided; look again."
                .to_owned()
        }
        ConflictStatus::Superseded => format!(
            "This conflict ended by itself{at}: the values agree, or another one is wanted since. \
             There is nothing to decide."
        ),
        ConflictStatus::Resolved => {
            let who = match (&conflict.decided_by, conflict.policy) {
                (Some(name), _) => name.as_str(),
                (None, Some(_)) => "The store's conflict policy",
                (None, None) => "Somebody",
            };
            let (side, value) = match conflict.resolution {
                Some(ConflictSide::Ours) => ("Calibr's value", conflict.ours),
                _ => ("the store's value", conflict.theirs),
            };
            let value = value.map_or_else(|| "none".to_owned(), |money| money.to_string());
            format!(
                "{who} decided this{at}: {side} stands ({value}). Nothing was changed now; undo \
                 that first to decide otherwise."
            )
        }
    };
    Problem::new(ProblemKind::Conflict, message)
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
