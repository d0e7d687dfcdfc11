//! Prices that a person wants the stores to have: looked at first, then sent.

mod judge;
mod table;

use std::{collections::HashMap, time::Duration};

use calibr_engine::schedule_prices;
use calibr_model::{
    FieldError, Guardrails, IntegrationId, ListingId, Money, Page, PageRequest, PricePushId, Problem,
    ProblemKind, ProductId, Role,
    platform::Capability,
    status::IntegrationStatus,
    views::{
        ListingLedgerView, NewPrice, NewPricePush, PriceChangeView, PriceItemStatus, PriceItemView,
        PriceLedgerView, PricePushStatus, PricePushView, PriceShift, WantedPrice, WantedPrices,
    },
};
use calibr_store::{
    StoreError, TenantTx,
    prices::{
        CompareAtMinor, NamedBy, NewPush, NotApplied, PricedListing, PushItem, ShiftedListings,
    },
    runs::UntakenPrice,
};
use chrono::TimeDelta;

use self::{
    judge::{Aim, Amount, CompareAim, Refusal, Rules, refused, refused_listing},
    table::Table,
};
use crate::{Actor, Services};

/// Lines of a table that are judged at once.
const CHUNK: usize = 5_000;

/// The longest table, in bytes: a million lines and more.
pub const LONGEST_TABLE: usize = 64 * 1024 * 1024;

/// Most prices that are given one by one.
const MOST_LISTINGS: usize = 10_000;

/// A preview that is ready within this is answered at once; one that takes
/// longer goes on by itself.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A preview older than this is not applied.
const FRESH: TimeDelta = TimeDelta::hours(24);

const LONGEST_REASON: usize = 500;

/// What a preview is made of.
enum Source {
    Listings(Vec<WantedPrice>),
    Table(Box<Table>),
    Change(PriceShift),
    Revert(PricePushId),
}

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
        WantedPrices::Table(text) => {
            return preview_table(services, actor, &reason, integration_id, text.into_bytes())
                .await;
        }
        WantedPrices::Change(shift) => Source::Change(checked_shift(shift)?),
    };
    prepare(services, actor, &reason, integration_id, source).await
}

/// The same from a table in whatever encoding it was uploaded: see
/// [`WantedPrices::Table`].
///
/// # Errors
/// `forbidden` below editor; `invalid` where it is no table of prices;
/// `too-large` beyond [`LONGEST_TABLE`].
pub async fn preview_table(
    services: &Services,
    actor: &Actor,
    reason: &str,
    integration: Option<IntegrationId>,
    table: Vec<u8>,
) -> Result<PricePushView, Problem> {
    if table.len() > LONGEST_TABLE {
        return Err(Problem::new(
            ProblemKind::TooLarge,
            "This table is larger than 64 MB. Divide it and upload the parts one by one.",
        ));
    }
    let source = Source::Table(Box::new(Table::open(table)?));
    prepare(services, actor, reason, integration, source).await
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
    let prices = untaken
        .into_iter()
        .map(|one| WantedPrice {
            listing_id: one.listing,
            price: one.price,
            compare_at: match one.compare_at {
                CompareAtMinor::Keep => None,
                CompareAtMinor::Clear => Some(None),
                CompareAtMinor::Set(amount) => {
                    Some(Some(Money::new(amount, one.price.currency)))
                }
            },
        })
        .collect();
    let source = Source::Listings(counted(prices)?);
    prepare(services, actor, "Retry of prices that were not taken", None, source).await
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
        .apply_push(push, &hash, actor.user, now - FRESH, now)
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
            .price_push_items(push.id, &[], &PageRequest::default())
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
    apply(services, actor, push.id, &hash).await
}

/// A page of the project's pushes, newest first.
///
/// # Errors
/// `invalid` where the cursor is of another list.
pub async fn list(
    services: &Services,
    actor: &Actor,
    page: PageRequest,
) -> Result<Page<PricePushView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.price_pushes(&page).await?)
}

/// One push.
///
/// # Errors
/// `not-found`.
pub async fn get(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<PricePushView, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.price_push(push).await?.ok_or_else(missing)
}

/// A page of a push's prices, in their order; of some states only where given.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn items(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
    status: &[PriceItemStatus],
    page: PageRequest,
) -> Result<Page<PriceItemView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.price_push(push).await?.ok_or_else(missing)?;
    Ok(tx.price_push_items(push, status, &page).await?)
}

/// A page of price changes, newest first: of one listing, or of all.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn changes(
    services: &Services,
    actor: &Actor,
    listing: Option<ListingId>,
    page: PageRequest,
) -> Result<Page<PriceChangeView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    if let Some(listing) = listing {
        known(&mut tx, listing).await?;
    }
    Ok(tx.price_changes(listing, &page).await?)
}

/// Where a listing's price stands on its way to the store; `None` where none
/// was ever wanted here.
///
/// # Errors
/// `not-found`.
pub async fn ledger(
    services: &Services,
    actor: &Actor,
    listing: ListingId,
) -> Result<Option<PriceLedgerView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    known(&mut tx, listing).await?;
    Ok(tx.price_ledger(listing).await?)
}

/// Where the prices of a product's listings stand on their way; only of those
/// that a price was ever wanted for here.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn ledgers(
    services: &Services,
    actor: &Actor,
    product: ProductId,
) -> Result<Vec<ListingLedgerView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.price_ledgers(product).await?)
}

/// How many prices a push sends, or has sent, to which store; most first.
///
/// # Errors
/// `not-found`.
pub async fn stores(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
) -> Result<Vec<(IntegrationId, i64)>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.price_push(push).await?.ok_or_else(missing)?;
    Ok(tx.price_push_stores(push).await?)
}

/// The project's bounds for prices, by currency.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn guardrails(services: &Services, actor: &Actor) -> Result<Vec<Guardrails>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.guardrails().await?)
}

/// The project's bounds for prices in every currency that it sells in: those of a
/// currency nobody set bounds for have none.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn bounds(services: &Services, actor: &Actor) -> Result<Vec<Guardrails>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let mut bounds = tx.guardrails().await?;
    for currency in tx.store_currencies().await? {
        if bounds.iter().all(|held| held.currency != currency) {
            bounds.push(Guardrails::none(currency));
        }
    }
    bounds.sort_by_key(|bounds| bounds.currency);
    Ok(bounds)
}

/// Sets the bounds of one currency; with none of them given, it has none.
///
/// # Errors
/// `forbidden` below admin; `invalid` where no price could keep to them.
pub async fn set_guardrails(
    services: &Services,
    actor: &Actor,
    bounds: Guardrails,
) -> Result<Vec<Guardrails>, Problem> {
    actor.must_be(Role::Admin, "set bounds for prices")?;
    bounds.validate().map_err(|(field, message)| {
        Problem::invalid(vec![FieldError {
            field: field.to_owned(),
            message,
        }])
    })?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.set_guardrails(&bounds, actor.user, services.sources.now())
        .await?;
    let all = tx.guardrails().await?;
    tx.commit().await?;
    Ok(all)
}

/// The listing, where the project has it.
pub(crate) async fn known(tx: &mut TenantTx, listing: ListingId) -> Result<PricedListing, Problem> {
    let id = listing.to_string();
    let found = tx.listings_named(NamedBy::Id, &[&id], None).await?;
    found
        .into_iter()
        .map(|(_, listing)| listing)
        .next()
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::NotFound,
                "There is no such listing in this project.",
            )
        })
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

async fn prepare(
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
        created_by: actor.user,
    };
    tx.add_price_push(&push, services.sources.now()).await?;
    tx.commit().await?;
    // In a task of its own: it goes on where the browser does not wait for it.
    let (working, who) = (services.clone(), actor.clone());
    let work = tokio::spawn(async move {
        let filled = fill(&working, &who, id, integration, source).await;
        if let Err(error) = filled {
            tracing::error!(%error, push = %id, "a price push could not be prepared");
            let why = "It could not be prepared. Nothing was changed; try again.";
            let broken_off = async {
                let mut tx = working.db.tenant(who.project.id).await?;
                tx.break_off_push(id, why, working.sources.now()).await?;
                tx.commit().await
            };
            if let Err(error) = broken_off.await {
                tracing::error!(%error, push = %id, "nor could that be noted");
            }
        }
    });
    let _later = tokio::time::timeout(AT_ONCE, work).await;
    let view = get(services, actor, id).await?;
    match view.error {
        Some(why) => Err(Problem::new(ProblemKind::Internal, why)),
        None => Ok(view),
    }
}

/// Judges everything that is wanted, and closes the preview.
async fn fill(
    services: &Services,
    actor: &Actor,
    push: PricePushId,
    integration: Option<IntegrationId>,
    source: Source,
) -> Result<(), StoreError> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let rules = Rules::new(tx.guardrails().await?);
    let stores = Stores::read(services, &mut tx).await?;
    let mut filling = Filling {
        tx,
        push,
        rules,
        stores,
        next: 0,
    };
    match source {
        Source::Listings(prices) => filling.listings(integration, prices).await?,
        Source::Table(table) => filling.table(integration, *table).await?,
        Source::Change(shift) => filling.change(integration, shift).await?,
        Source::Revert(reverted) => filling.revert(reverted).await?,
    }
    let mut tx = filling.tx;
    tx.close_preview(push).await?;
    tx.commit().await
}

/// Which stores take prices, and why others do not.
struct Stores(HashMap<IntegrationId, Refusal>);

impl Stores {
    async fn read(services: &Services, tx: &mut TenantTx) -> Result<Self, StoreError> {
        let mut refusing = HashMap::new();
        for store in tx.integrations().await? {
            let takes = services
                .registry
                .get(&store.platform)
                .is_some_and(|connector| connector.info().can(Capability::PricePush));
            if store.status == IntegrationStatus::Disconnected {
                let message = format!("{} is disconnected. Reconnect it first.", store.name);
                refusing.insert(store.id, Refusal::new("store_disconnected", message));
            } else if !takes {
                let message = format!("Calibr cannot set prices on {}.", store.name);
                refusing.insert(store.id, Refusal::new("not_supported", message));
            }
        }
        Ok(Self(refusing))
    }
}

/// A preview that is being filled.
struct Filling {
    tx: TenantTx,
    push: PricePushId,
    rules: Rules,
    stores: Stores,
    /// The number of the next item.
    next: i64,
}

impl Filling {
    async fn add(&mut self, items: Vec<PushItem>) -> Result<(), StoreError> {
        self.tx.add_push_items(self.push, self.next, &items).await?;
        self.next += i64::try_from(items.len()).unwrap_or(i64::MAX);
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
        match self.stores.0.get(&listing.integration) {
            Some(refusal) => refused_listing(line, reference, listing, refusal.clone()),
            None => self.rules.judge(line, reference, listing, aim),
        }
    }

    async fn listings(
        &mut self,
        integration: Option<IntegrationId>,
        prices: Vec<WantedPrice>,
    ) -> Result<(), StoreError> {
        let wanted: Vec<(Option<i64>, String, Result<Aim, Refusal>)> = prices
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
        mut table: Table,
    ) -> Result<(), StoreError> {
        loop {
            let lines = table.next_lines(CHUNK);
            if lines.is_empty() {
                return Ok(());
            }
            let wanted = lines
                .into_iter()
                .map(|line| (Some(line.number), line.name, line.aim))
                .collect();
            self.named(table.named_by(), integration, wanted).await?;
        }
    }

    /// Judges what names its listings: one line may be of several, where several
    /// stores have the same SKU.
    async fn named(
        &mut self,
        by: NamedBy,
        integration: Option<IntegrationId>,
        wanted: Vec<(Option<i64>, String, Result<Aim, Refusal>)>,
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
        self.add(items).await
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
            let items = listings
                .into_iter()
                .map(|listing| {
                    let name = listing.sku.clone().unwrap_or_default();
                    self.judge(None, &name, listing, &aim)
                })
                .collect();
            self.add(items).await?;
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
            let items = prices
                .into_iter()
                .map(
                    |price| match self.stores.0.get(&price.listing.integration) {
                        Some(refusal) => {
                            refused_listing(None, price.reference, price.listing, refusal.clone())
                        }
                        None => self.rules.judge_revert(price),
                    },
                )
                .collect();
            self.add(items).await?;
        }
    }
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

fn missing() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such price push in this project.",
    )
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
        NotApplied::Stale => {
            "This preview is more than a day old. Nothing was sent; preview again.".to_owned()
        }
    };
    Problem::new(ProblemKind::Conflict, message)
}
