//! From what is wanted to the lines of a preview.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use calibr_model::{
    IntegrationId, PricePushId, Problem, ProblemKind,
    platform::Capability,
    status::IntegrationStatus,
    views::{PriceItemStatus, PriceShift, WantedPrice},
};
use calibr_store::{
    StoreError, TenantTx,
    prices::{NamedBy, PricedListing, PushItem, ShiftedListings},
};

use super::{
    judge::{Aim, Amount, CompareAim, Refusal, Rules, left_out, refused, refused_listing},
    table::{Line, Table, not_read},
};
use crate::{Actor, Services};

/// Lines of a table that are judged at once.
const CHUNK: usize = 5_000;

/// No table has more lines.
const MOST_LINES: i64 = 2_000_000;

/// So many refused prices of a push are listed; further ones are counted. Nobody
/// reads more of them, and a table may be wrong from end to end.
const MOST_REFUSED: i64 = 10_000;

/// What a preview is made of.
pub(super) enum Source {
    Listings(Vec<WantedPrice>),
    Table(Box<Table>),
    Change(PriceShift),
    Revert(PricePushId),
}

/// Why a preview was not filled; nothing of it is kept.
#[derive(Debug)]
pub(super) enum NotFilled {
    Store(StoreError),
    /// The table could not be read back.
    Unread(io::Error),
    /// The table has too many lines.
    TooLong,
    /// It was thrown away meanwhile.
    ThrownAway,
}

impl From<StoreError> for NotFilled {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl NotFilled {
    /// What the person who asked is told, where there is anything to tell.
    pub(super) fn problem(self) -> Option<Problem> {
        match self {
            Self::ThrownAway => None,
            Self::Unread(error) => Some(not_read(&error)),
            Self::TooLong => Some(Problem::new(
                ProblemKind::TooLarge,
                "This table has more than 2,000,000 lines. Nothing was changed; divide it and \
                 upload the parts one by one.",
            )),
            Self::Store(error) => {
                tracing::error!(%error, "a price push could not be prepared");
                Some(Problem::new(
                    ProblemKind::Internal,
                    "It could not be prepared. Nothing was changed; try again.",
                ))
            }
        }
    }
}

/// Judges everything that is wanted, and closes the preview. `read` counts what
/// was looked at.
///
/// # Errors
/// [`NotFilled`].
pub(super) async fn fill(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
    integration: Option<IntegrationId>,
    source: Source,
    read: Arc<AtomicI64>,
) -> Result<(), NotFilled> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let rules = Rules::new(tx.guardrails().await?);
    let stores = Stores::read(services, &mut tx).await?;
    let mut filling = Filling {
        tx,
        push,
        rules,
        stores,
        next: 0,
        refused: 0,
        read,
    };
    match source {
        Source::Listings(prices) => filling.listings(integration, prices).await?,
        Source::Table(table) => filling.table(integration, table).await?,
        Source::Change(shift) => filling.change(integration, shift).await?,
        Source::Revert(reverted) => filling.revert(reverted).await?,
    }
    let unlisted = (filling.refused - MOST_REFUSED).max(0);
    let mut tx = filling.tx;
    if !tx.close_preview(push, unlisted).await? {
        return Err(NotFilled::ThrownAway);
    }
    Ok(tx.commit().await?)
}

/// What stores do not take, and why.
#[derive(Default)]
pub(super) struct Stores {
    /// Those that take no price.
    pub(super) no_price: HashMap<IntegrationId, Refusal>,
    /// Those that take no struck-through price.
    pub(super) no_compare_at: HashMap<IntegrationId, Refusal>,
}

impl Stores {
    pub(super) async fn read(services: &Services, tx: &mut TenantTx) -> Result<Self, StoreError> {
        let mut stores = Self::default();
        for store in tx.integrations().await? {
            let platform = services.registry.get(&store.platform);
            let info = platform.map(|connector| connector.info());
            let can = |capability| info.is_some_and(|info| info.can(capability));
            if store.status == IntegrationStatus::Disconnected {
                let message = format!("{} is disconnected. Reconnect it first.", store.name);
                let refusal = Refusal::new("store_disconnected", message);
                stores.no_price.insert(store.id, refusal);
            } else if !can(Capability::PricePush) {
                let message = format!("Calibr cannot set prices on {}.", store.name);
                let refusal = Refusal::new("not_supported", message);
                stores.no_price.insert(store.id, refusal);
            }
            if let Some(info) = info.filter(|info| !info.can(Capability::CompareAt)) {
                let message = format!(
                    "{} takes no struck-through price. Leave it out to set the price alone.",
                    info.name
                );
                let refusal = Refusal::new("compare_at_unsupported", message);
                stores.no_compare_at.insert(store.id, refusal);
            }
        }
        Ok(stores)
    }
}

/// What one line or entry wants, by the name of a listing.
type Named = (Option<i64>, String, Result<Aim, Refusal>);

/// A preview that is being filled.
struct Filling {
    tx: TenantTx,
    push: PricePushId,
    rules: Rules,
    stores: Stores,
    /// The number of the next item.
    next: i64,
    /// How many were refused so far, listed or not.
    refused: i64,
    read: Arc<AtomicI64>,
}

impl Filling {
    async fn add(&mut self, mut items: Vec<PushItem>) -> Result<(), StoreError> {
        let refused = &mut self.refused;
        items.retain(|item| {
            let is_refused = item.status == PriceItemStatus::Refused;
            *refused += i64::from(is_refused);
            !is_refused || *refused <= MOST_REFUSED
        });
        self.tx.add_push_items(self.push, self.next, &items).await?;
        self.next += count(items.len());
        Ok(())
    }

    fn judge(
        &self,
        line: Option<i64>,
        reference: &str,
        listing: PricedListing,
        aim: &Aim,
    ) -> PushItem {
        let reference = reference.to_owned();
        let store = listing.integration;
        if let Some(refusal) = self.stores.no_price.get(&store) {
            return refused_listing(line, reference, listing, refusal.clone());
        }
        let item = self.rules.judge(line, reference, listing, aim);
        match (aim, self.stores.no_compare_at.get(&store)) {
            (Aim::Price(_, CompareAim::Set(_)), Some(refusal)) => left_out(item, refusal.clone()),
            _ => item,
        }
    }

    async fn listings(
        &mut self,
        integration: Option<IntegrationId>,
        prices: Vec<WantedPrice>,
    ) -> Result<(), StoreError> {
        let wanted: Vec<Named> = prices
            .into_iter()
            .map(|wanted| {
                let compare_at = match wanted.compare_at {
                    None => CompareAim::Keep,
                    Some(None) => CompareAim::Clear,
                    Some(Some(money)) => CompareAim::Set(Amount::Money(money)),
                };
                let aim = Aim::Price(Amount::Money(wanted.price), compare_at);
                (None, wanted.listing_id.to_string(), Ok(aim))
            })
            .collect();
        self.named(NamedBy::Id, integration, wanted).await
    }

    async fn table(
        &mut self,
        integration: Option<IntegrationId>,
        mut table: Box<Table>,
    ) -> Result<(), NotFilled> {
        let named_by = table.named_by();
        let mut all = 0;
        loop {
            let lines;
            (table, lines) = some_lines(table).await.map_err(NotFilled::Unread)?;
            if lines.is_empty() {
                return Ok(());
            }
            all += count(lines.len());
            if all > MOST_LINES {
                return Err(NotFilled::TooLong);
            }
            let wanted = lines
                .into_iter()
                .map(|line| (Some(line.number), line.name, line.aim))
                .collect();
            self.named(named_by, integration, wanted).await?;
        }
    }

    /// Judges what names its listings: one line may be of several, where several
    /// stores have the same SKU.
    async fn named(
        &mut self,
        by: NamedBy,
        integration: Option<IntegrationId>,
        wanted: Vec<Named>,
    ) -> Result<(), StoreError> {
        // PostgreSQL holds no NUL.
        let names: Vec<String> = wanted
            .iter()
            .map(|(_, name, _)| name.replace('\0', ""))
            .collect();
        let asked: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut found: Vec<Vec<PricedListing>> = vec![Vec::new(); wanted.len()];
        for (position, listing) in self.tx.listings_named(by, &asked, integration).await? {
            if let Some(listings) = found.get_mut(position) {
                listings.push(listing);
            }
        }
        let looked_at = count(wanted.len());
        let mut items = Vec::with_capacity(wanted.len());
        for (((line, _, aim), name), listings) in wanted.into_iter().zip(&names).zip(found) {
            match aim {
                Err(refusal) => items.push(refused(line, name.clone(), refusal)),
                Ok(_) if listings.is_empty() => {
                    items.push(refused(line, name.clone(), unknown(by, name)));
                }
                Ok(aim) => items.extend(
                    listings
                        .into_iter()
                        .map(|listing| self.judge(line, name, listing, &aim)),
                ),
            }
        }
        self.add(items).await?;
        self.read.fetch_add(looked_at, Ordering::Relaxed);
        Ok(())
    }

    async fn change(
        &mut self,
        integration: Option<IntegrationId>,
        shift: PriceShift,
    ) -> Result<(), StoreError> {
        let which = ShiftedListings {
            integration,
            product: shift.product_id,
            search: shift.search,
        };
        let aim = Aim::Shift {
            basis_points: shift.basis_points,
            rounding: shift.rounding,
        };
        let mut after = None;
        loop {
            let limit = u32::try_from(CHUNK).unwrap_or(u32::MAX);
            let listings = self.tx.listings_to_shift(&which, after, limit).await?;
            let Some(last) = listings.last() else {
                return Ok(());
            };
            after = Some(last.id);
            let looked_at = count(listings.len());
            let items = listings
                .into_iter()
                .map(|listing| {
                    let name = listing.sku.clone().unwrap_or_default();
                    self.judge(None, &name, listing, &aim)
                })
                .collect();
            self.add(items).await?;
            self.read.fetch_add(looked_at, Ordering::Relaxed);
        }
    }

    async fn revert(&mut self, push: PricePushId) -> Result<(), StoreError> {
        let mut after = -1;
        loop {
            let limit = u32::try_from(CHUNK).unwrap_or(u32::MAX);
            let prices = self.tx.prices_to_revert(push, after, limit).await?;
            let Some(last) = prices.last() else {
                return Ok(());
            };
            after = last.ordinal;
            let looked_at = count(prices.len());
            let items = prices
                .into_iter()
                .map(
                    |price| match self.stores.no_price.get(&price.listing.integration) {
                        Some(refusal) => {
                            refused_listing(None, price.reference, price.listing, refusal.clone())
                        }
                        None => self.rules.judge_revert(price),
                    },
                )
                .collect();
            self.add(items).await?;
            self.read.fetch_add(looked_at, Ordering::Relaxed);
        }
    }
}

/// The next lines of a table, read where waiting for a disk keeps nobody else
/// waiting.
async fn some_lines(mut table: Box<Table>) -> io::Result<(Box<Table>, Vec<Line>)> {
    let reading = tokio::task::spawn_blocking(move || {
        let lines = table.next_lines(CHUNK)?;
        Ok((table, lines))
    });
    reading
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn unknown(by: NamedBy, name: &str) -> Refusal {
    let what = match by {
        NamedBy::Sku => "SKU",
        NamedBy::Id => "listing with the id",
        NamedBy::ExternalId => "listing with the store's id",
    };
    let shown: String = name.chars().take(60).collect();
    Refusal::new(
        "unknown_listing",
        format!("No store here has the {what} \"{shown}\". Check its spelling, or sync the store."),
    )
}
