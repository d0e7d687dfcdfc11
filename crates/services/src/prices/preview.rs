//! From what a person wants to a preview of it.

use std::{
    io::Cursor,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use calibr_model::{
    FieldError, IntegrationId, Money, PricePushId, Problem, ProblemKind, Role,
    views::{NewPricePush, PricePushStatus, PricePushView, PriceShift, WantedPrice, WantedPrices},
};
use calibr_store::{
    prices::{CompareAtMinor, NewPush},
    runs::UntakenPrice,
};

use super::{
    fill::{NotFilled, Source, fill},
    get,
    table::Table,
    upload::{Bytes, TableUpload},
};
use crate::{Actor, Services};

/// Most prices that are given one by one.
const MOST_LISTINGS: usize = 10_000;

/// A preview that is ready within this is answered at once; one that takes
/// longer goes on by itself.
const AT_ONCE: Duration = Duration::from_secs(5);

/// How often it is told that a preview is still being prepared, and how far it
/// has come.
const TOLD_EVERY: Duration = Duration::from_secs(3);

const LONGEST_REASON: usize = 500;

/// Prepares a push for looking at: nothing is sent. A large one may come back
/// as `preparing`; the project's events say when it is ready.
///
/// # Errors
/// `forbidden` below editor; `invalid` where nothing of it can be read.
pub async fn preview(
    services: &Services,
    actor: &Actor,
    wanted: NewPricePush,
) -> Result<PricePushView, Problem> {
    let NewPricePush {
        reason,
        integration_id,
        prices,
    } = wanted;
    let source = match prices {
        WantedPrices::Listings(prices) => Source::Listings(counted(prices)?),
        WantedPrices::Table(text) => opened(Box::new(Cursor::new(text.into_bytes()))).await?,
        WantedPrices::Change(shift) => Source::Change(checked_shift(shift)?),
    };
    prepare(services, actor, &reason, integration_id, source).await
}

/// The same from a table in whatever encoding it was uploaded: see
/// [`WantedPrices::Table`].
///
/// # Errors
/// `forbidden` below editor; `invalid` where it is no table of prices.
pub async fn preview_table(
    services: &Services,
    actor: &Actor,
    reason: &str,
    integration: Option<IntegrationId>,
    table: TableUpload,
) -> Result<PricePushView, Problem> {
    let table = opened(table.finish().await?).await?;
    prepare(services, actor, reason, integration, table).await
}

/// Prepares a push of prices that were wanted before and not taken.
///
/// # Errors
/// As [`preview`].
pub(crate) async fn preview_again(
    services: &Services,
    actor: &Actor,
    untaken: Vec<UntakenPrice>,
) -> Result<PricePushView, Problem> {
    let prices = untaken.into_iter().map(wanted_again).collect();
    let source = Source::Listings(counted(prices)?);
    let reason = "Retry of prices that were not taken";
    prepare(services, actor, reason, None, source).await
}

fn wanted_again(untaken: UntakenPrice) -> WantedPrice {
    let UntakenPrice {
        listing: listing_id,
        price,
        compare_at,
    } = untaken;
    let compare_at = match compare_at {
        CompareAtMinor::Keep => None,
        CompareAtMinor::Clear => Some(None),
        CompareAtMinor::Set(amount) => Some(Some(Money::new(amount, price.currency))),
    };
    WantedPrice {
        listing_id,
        price,
        compare_at,
    }
}

/// Prepares a push that takes another back: what it had taken by the stores and
/// has not moved since.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` while it is on its way or
/// where nothing of it was taken.
pub async fn revert(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<PricePushView, Problem> {
    let before = get(services, actor, push).await?;
    let over = matches!(
        before.status,
        PricePushStatus::Done | PricePushStatus::Partial
    );
    if !over || before.items_observed + before.items_accepted == 0 {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "No store has taken a price of this push to its end; there is nothing to take back.",
        ));
    }
    let reason = match before.reason.as_str() {
        "" => "Taken back".to_owned(),
        reason => format!("Taken back: {reason}"),
    };
    let reason: String = reason.chars().take(LONGEST_REASON).collect();
    prepare(services, actor, &reason, None, Source::Revert(push)).await
}

fn counted(prices: Vec<WantedPrice>) -> Result<Vec<WantedPrice>, Problem> {
    let message = match prices.len() {
        0 => "Give at least one price.",
        1..=MOST_LISTINGS => return Ok(prices),
        _ => "Give at most 10,000 prices one by one; for more, upload a table.",
    };
    Err(Problem::invalid(vec![FieldError {
        field: "prices.listings".to_owned(),
        message: message.to_owned(),
    }]))
}

fn checked_shift(shift: PriceShift) -> Result<PriceShift, Problem> {
    let message = match shift.basis_points {
        0 => "Give by how many per cent the prices are to move.",
        -9_999..=100_000 => return Ok(shift),
        _ => "Prices can move by -99.99 to 1000 per cent.",
    };
    Err(Problem::invalid(vec![FieldError {
        field: "prices.change.basis_points".to_owned(),
        message: message.to_owned(),
    }]))
}

/// Finds out how a table is written, where waiting for a disk keeps nobody else
/// waiting.
async fn opened(bytes: Box<dyn Bytes>) -> Result<Source, Problem> {
    let opening = tokio::task::spawn_blocking(move || Table::open(bytes));
    let table = opening
        .await
        .unwrap_or_else(|error| Err(super::table::not_read(&std::io::Error::other(error))))?;
    Ok(Source::Table(Box::new(table)))
}

/// Prepares a push, and waits for it a little.
///
/// # Errors
/// `forbidden` below editor; `invalid` where the reason is too long; whatever
/// keeps it from being prepared.
pub(super) async fn prepare(
    services: &Services,
    actor: &Actor,
    reason: &str,
    integration: Option<IntegrationId>,
    source: Source,
) -> Result<PricePushView, Problem> {
    actor.must_be(Role::Editor, "set prices")?;
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON || reason.contains('\0') {
        return Err(Problem::invalid(vec![FieldError {
            field: "reason".to_owned(),
            message: "Give a reason of at most 500 characters.".to_owned(),
        }]));
    }
    let id: PricePushId = services.sources.id();
    let reverts = match source {
        Source::Revert(push) => Some(push),
        _ => None,
    };
    let mut tx = services.db.tenant(actor.project.id).await?;
    if let Some(integration) = integration {
        tx.integration(integration)
            .await?
            .ok_or_else(crate::integrations::missing)?;
    }
    let push = NewPush {
        id,
        reason,
        reverts,
        created_by: Some(actor.user),
    };
    tx.add_price_push(&push, services.sources.now()).await?;
    tx.commit().await?;
    // In a task of its own: it goes on where the browser does not wait for it.
    let (working, who) = (services.clone(), actor.clone());
    let work = tokio::spawn(async move { work_off(&working, &who, id, integration, source).await });
    if let Ok(Ok(Err(problem))) = tokio::time::timeout(AT_ONCE, work).await {
        return Err(problem);
    }
    get(services, actor, id).await
}

/// Fills a preview when it is its turn, and says all the while that it is being
/// worked on: one that nothing is said of is taken for left behind.
async fn work_off(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
    integration: Option<IntegrationId>,
    source: Source,
) -> Result<(), Problem> {
    let read = Arc::new(AtomicI64::new(0));
    let filling = async {
        // Each holds a connection for as long as it takes.
        let _turn = services.previews.acquire().await;
        fill(
            services,
            actor,
            push,
            integration,
            source,
            Arc::clone(&read),
        )
        .await
    };
    let filled = tokio::select! {
        filled = filling => filled,
        () = tell_while_wanted(services, actor, push, &read) => Err(NotFilled::ThrownAway),
    };
    let Some(problem) = filled.err().and_then(NotFilled::problem) else {
        return Ok(());
    };
    let broken_off = async {
        let mut tx = services.db.tenant(actor.project.id).await?;
        tx.break_off_push(push, &problem.detail, services.sources.now())
            .await?;
        tx.commit().await
    };
    if let Err(error) = broken_off.await {
        // The look-out ends it, since nothing is said of it any more.
        tracing::warn!(%error, %push, "that a preview broke off could not be noted");
    }
    Err(problem)
}

/// Says that a push is being prepared; comes back once nobody wants it any more.
async fn tell_while_wanted(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
    read: &AtomicI64,
) {
    loop {
        tokio::time::sleep(TOLD_EVERY).await;
        let told = async {
            let mut tx = services.db.tenant(actor.project.id).await?;
            let items = read.load(Ordering::Relaxed);
            let wanted = tx
                .note_preparing(push, items, services.sources.now())
                .await?;
            tx.commit().await.map(|()| wanted)
        };
        match told.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::debug!(%error, %push, "a preview could not be told of"),
        }
    }
}
