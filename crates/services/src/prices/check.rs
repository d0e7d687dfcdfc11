//! Asking the stores' platforms what they would make of a preview: nothing is
//! changed by it.

use calibr_engine::schedule_price_checks;
use calibr_model::{
    IntegrationId, PricePushId, Problem, ProblemKind, Role,
    platform::Capability,
    status::IntegrationStatus,
    views::{PricePushStatus, PricePushView},
};
use calibr_store::prices::NotChecked;

use super::missing;
use crate::{Actor, Services};

/// Prices that are checked of one store: at five a second, as Amazon admits,
/// some half an hour.
const MOST: i64 = 10_000;

/// Has a preview checked by the platforms of its stores, as far as they can do
/// that. It goes on by itself, and ends when the push is applied or thrown away;
/// the project's events say how it comes on.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` where it is no preview, or
/// no store of it can check prices.
pub async fn check(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<PricePushView, Problem> {
    actor.must_be(Role::Editor, "set prices")?;
    let now = services.sources.now();
    let mut tx = services.db.tenant(actor.project.id).await?;
    let stores: Vec<IntegrationId> = tx
        .integrations()
        .await?
        .into_iter()
        .filter(|store| store.status != IntegrationStatus::Disconnected)
        .filter(|store| {
            let platform = services.registry.get(&store.platform);
            platform.is_some_and(|connector| connector.info().can(Capability::DryRun))
        })
        .map(|store| store.id)
        .collect();
    let begun = tx
        .begin_price_checks(push, &stores, MOST, actor.user, now)
        .await?
        .map_err(not_checked)?;
    schedule_price_checks(&mut tx, push, &begun, &services.sources).await?;
    let view = tx.price_push(push).await?.ok_or_else(missing)?;
    tx.commit().await?;
    Ok(view)
}

/// Stops the checks of a preview; what the platforms said so far stays.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` where none is under way.
pub async fn stop_check(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<PricePushView, Problem> {
    actor.must_be(Role::Editor, "set prices")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let stopped = tx.cancel_price_checks(push, services.sources.now()).await?;
    let view = tx.price_push(push).await?.ok_or_else(missing)?;
    if stopped == 0 {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "No platform is checking these prices; there is nothing to stop.",
        ));
    }
    tx.tell_of_preview(push).await?;
    tx.commit().await?;
    Ok(view)
}

fn not_checked(why: NotChecked) -> Problem {
    let message = match why {
        NotChecked::Missing => return missing(),
        NotChecked::Nothing => {
            "None of the platforms that these prices are for can check them before they are set. \
             Nothing was sent."
        }
        NotChecked::Over(PricePushStatus::Preparing) => {
            "This preview is not ready yet. Wait until it is, then check it."
        }
        NotChecked::Over(PricePushStatus::Discarded | PricePushStatus::Expired) => {
            "This preview is over. Ask for a new one, then check it."
        }
        NotChecked::Over(_) => "These prices were applied already.",
    };
    Problem::new(ProblemKind::Conflict, message)
}
