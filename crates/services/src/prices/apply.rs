//! From a preview to prices on their way, or to nothing.

use calibr_engine::{PREVIEW_HOLDS, schedule_prices};
use calibr_model::{
    FieldError, ListingId, PageRequest, PricePushId, Problem, ProblemKind, Role,
    views::{NewPrice, PricePushStatus, PricePushView, WantedPrice},
};
pub use calibr_store::prices::RefusedInTrial;
use calibr_store::prices::{ItemFilter, NotApplied};

use super::{fill::Source, known, missing, preview::prepare};
use crate::{Actor, Services};

/// Applies a preview, which `hash` names: the stores get these prices with their
/// next runs, which begin now.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` where it was applied
/// before, is another than the one looked at, or prices moved since.
pub async fn apply(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
    hash: &str,
    refused: RefusedInTrial,
) -> Result<PricePushView, Problem> {
    actor.must_be(Role::Editor, "set prices")?;
    let hash = hex::decode(hash.trim()).map_err(|_| {
        Problem::invalid(vec![FieldError {
            field: "hash".to_owned(),
            message: "Give the hash of the preview, as it was answered.".to_owned(),
        }])
    })?;
    let now = services.sources.now();
    let mut tx = services.db.tenant(actor.project.id).await?;
    // Before the push, as whoever ends a run does.
    for store in tx.stores_of_push(push).await? {
        tx.hold_integration(store).await?;
    }
    let applied = tx
        .apply_push(push, &hash, refused, actor.user, now - PREVIEW_HOLDS, now)
        .await?
        .map_err(not_applied)?;
    for store in &applied.integrations {
        schedule_prices(&mut tx, *store, Some(actor.user), &services.sources).await?;
    }
    let view = tx.price_push(push).await?.ok_or_else(missing)?;
    tx.commit().await?;
    tracing::info!(
        project = %actor.project.id, %push, prices = view.items_planned, "prices were applied"
    );
    Ok(view)
}

/// Throws a preview away, or what of an applied push was not sent yet.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` where everything was sent.
pub async fn discard(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<PricePushView, Problem> {
    actor.must_be(Role::Editor, "set prices")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    if !tx.discard_push(push, services.sources.now()).await? {
        tx.price_push(push).await?.ok_or_else(missing)?;
        return Err(Problem::new(
            ProblemKind::Conflict,
            "Nothing of this push waits any more; there is nothing to throw away.",
        ));
    }
    let view = tx.price_push(push).await?.ok_or_else(missing)?;
    tx.commit().await?;
    Ok(view)
}

/// Sets one price: a push of it alone, applied at once.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `invalid` where it breaks a rule;
/// `conflict` where the price is not the expected one any more.
pub async fn set(
    services: &Services,
    actor: &Actor,
    listing: ListingId,
    wanted: NewPrice,
) -> Result<PricePushView, Problem> {
    let NewPrice {
        price,
        compare_at,
        expected,
        reason,
    } = wanted;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let now = known(&mut tx, listing).await?;
    drop(tx);
    if let Some(expected) = expected
        && (now.price_minor, now.currency) != (Some(expected.amount_minor), Some(expected.currency))
    {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("The price is no longer {expected}. Look again, then set it."),
        ));
    }
    let prices = vec![WantedPrice {
        listing_id: listing,
        price,
        compare_at,
    }];
    let push = prepare(services, actor, &reason, None, Source::Listings(prices)).await?;
    if push.items_refused > 0 {
        let mut tx = services.db.tenant(actor.project.id).await?;
        let items = tx
            .price_push_items(push.id, &ItemFilter::default(), &PageRequest::default())
            .await?;
        tx.discard_push(push.id, services.sources.now()).await?;
        tx.commit().await?;
        let refused = items.items.into_iter().find_map(|item| item.message);
        return Err(Problem::invalid(vec![FieldError {
            field: "price".to_owned(),
            message: refused.unwrap_or_else(|| "This price cannot be set.".to_owned()),
        }]));
    }
    let hash = push.hash.ok_or_else(|| {
        Problem::new(
            ProblemKind::Unavailable,
            "The price could not be prepared in time. Nothing was changed; try again.",
        )
    })?;
    apply(services, actor, push.id, &hash, RefusedInTrial::LeftOut).await
}

fn not_applied(why: NotApplied) -> Problem {
    let message = match why {
        NotApplied::Missing => return missing(),
        NotApplied::Over(PricePushStatus::Preparing) => {
            "This preview is not ready yet. Wait until it is, and look at it.".to_owned()
        }
        NotApplied::Over(PricePushStatus::Discarded) => {
            "This preview was thrown away. Ask for a new one.".to_owned()
        }
        NotApplied::Over(PricePushStatus::Expired) | NotApplied::Stale => {
            "This preview is more than a day old, and prices may have moved since. Nothing was \
             sent; preview again."
                .to_owned()
        }
        NotApplied::Over(_) => "These prices were applied already.".to_owned(),
        NotApplied::OtherHash => {
            "This is not the preview that was looked at. Nothing was sent; look again.".to_owned()
        }
        NotApplied::Moved(1) => "1 price has moved since this preview. Nothing was sent; preview \
                                 again."
            .to_owned(),
        NotApplied::Moved(count) => format!(
            "{count} prices have moved since this preview. Nothing was sent; preview again."
        ),
        NotApplied::Busy(count) => format!(
            "For {count} of these listings another price is on its way. Nothing was sent; wait \
             until it has arrived, then preview again."
        ),
        NotApplied::AllRefused => {
            "Every price of this preview was refused in the trial. Nothing was sent; put right what \
             the platform says of each, or send them all the same."
                .to_owned()
        }
    };
    Problem::new(ProblemKind::Conflict, message)
}
