//! A shop whose prices are set, step by step.

use calibr_model::{
    IntegrationId, ListingId, Page, PageRequest, PricePushId, ProjectId, UserId,
    views::{PriceItemStatus, PriceItemView, PricePushView, PriceSource},
};
use calibr_store::prices::{
    Applied, CompareAtMinor, ItemFilter, NamedBy, NewPush, NotApplied, PriceOutcome, PushItem,
    RefusedInTrial, SeenPrice, SettledPrice, TakenPrice,
};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{Run, World, batch, eur, product, variant, with_sku};

/// A shop with three tents at 10 euros each.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) project: ProjectId,
    pub(crate) integration: IntegrationId,
    pub(crate) user: UserId,
}

impl Shop {
    pub(crate) async fn open(pool: PgPool) -> Self {
        let (world, project, integration) = World::with_store(pool).await;
        world.sync(project, integration, &[tents(1_000)]).await;
        let user = world.user("editor@acme.example").await;
        Self {
            world,
            project,
            integration,
            user,
        }
    }

    pub(crate) async fn listing(&self, id: &str) -> ListingId {
        self.world.listing(self.project, id).await.id
    }

    /// A push that is being prepared, and has nothing in it.
    pub(crate) async fn begin(&self) -> PricePushId {
        let id: PricePushId = self.world.sources.id();
        let mut tx = self.world.tenant(self.project).await;
        let push = NewPush {
            id,
            reason: "Sale",
            reverts: None,
            created_by: Some(self.user),
        };
        tx.add_price_push(&push, self.world.now()).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Prepares a push of these prices, by SKU.
    pub(crate) async fn preview(&self, prices: &[(&str, i64)]) -> PricePushView {
        let id = self.begin().await;
        let mut tx = self.world.tenant(self.project).await;
        let names: Vec<&str> = prices.iter().map(|(sku, _)| *sku).collect();
        let found = tx.listings_named(NamedBy::Sku, &names, None).await.unwrap();
        let items: Vec<PushItem> = found
            .into_iter()
            .map(|(position, listing)| PushItem {
                line: i64::try_from(position + 1).ok(),
                reference: prices[position].0.to_owned(),
                listing: Some(listing),
                new_minor: Some(prices[position].1),
                compare_at: CompareAtMinor::Keep,
                keeps_price: false,
                status: PriceItemStatus::Planned,
                code: None,
                message: None,
            })
            .collect();
        tx.add_push_items(id, 0, &items).await.unwrap();
        assert!(tx.close_preview(id, 0).await.unwrap());
        tx.commit().await.unwrap();
        self.push(id).await
    }

    pub(crate) async fn push(&self, id: PricePushId) -> PricePushView {
        let mut tx = self.world.tenant(self.project).await;
        tx.price_push(id).await.unwrap().unwrap()
    }

    pub(crate) async fn items(&self, id: PricePushId) -> Vec<PriceItemView> {
        let mut tx = self.world.tenant(self.project).await;
        let page: Page<PriceItemView> = tx
            .price_push_items(id, &ItemFilter::default(), &PageRequest::default())
            .await
            .unwrap();
        page.items
    }

    pub(crate) async fn apply(&self, push: &PricePushView) -> Result<Applied, NotApplied> {
        self.apply_hash(push.id, &bytes(push.hash.as_deref().unwrap()))
            .await
    }

    pub(crate) async fn apply_hash(
        &self,
        id: PricePushId,
        hash: &[u8],
    ) -> Result<Applied, NotApplied> {
        self.apply_with(id, hash, RefusedInTrial::LeftOut).await
    }

    pub(crate) async fn apply_with(
        &self,
        id: PricePushId,
        hash: &[u8],
        refused: RefusedInTrial,
    ) -> Result<Applied, NotApplied> {
        let now = self.world.now();
        let mut tx = self.world.tenant(self.project).await;
        let applied = tx
            .apply_push(
                id,
                hash,
                refused,
                self.user,
                now - TimeDelta::hours(24),
                now,
            )
            .await
            .unwrap();
        tx.commit().await.unwrap();
        applied
    }

    pub(crate) async fn run(&self) -> Run {
        self.world.run(self.project, self.integration).await
    }

    pub(crate) async fn take(&self, run: &Run) -> Vec<TakenPrice> {
        let mut tx = self.world.tenant(self.project).await;
        let oldest = self.world.now() - TimeDelta::hours(24);
        let taken = tx
            .take_prices(&self.world.context(run), 10, oldest)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        taken
    }

    pub(crate) async fn send(&self, run: &Run, prices: &[TakenPrice]) {
        let mut tx = self.world.tenant(self.project).await;
        tx.mark_sent(prices, &self.world.context(run))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn settle(&self, run: &Run, settled: &[SettledPrice]) {
        let mut tx = self.world.tenant(self.project).await;
        tx.settle_prices(settled, &self.world.context(run))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Prices and sources of a listing's changes, newest first.
    pub(crate) async fn changes(&self, id: &str) -> Vec<(Option<i64>, PriceSource)> {
        let listing = self.listing(id).await;
        let mut tx = self.world.tenant(self.project).await;
        let page = tx
            .price_changes(Some(listing), &PageRequest::default())
            .await
            .unwrap();
        let minor = |change: &calibr_model::views::PriceChangeView| {
            change.new_price.map(|price| price.amount_minor)
        };
        page.items
            .iter()
            .map(|change| (minor(change), change.source))
            .collect()
    }
}

pub(crate) fn tents(price: i64) -> calibr_store::catalogue::BatchInput {
    let tent = |id: &str, sku: &str| {
        let tent = with_sku(sku, variant(id, "p1"));
        calibr_store::catalogue::VariantInput {
            price: eur(price),
            ..tent
        }
    };
    batch(
        vec![product("p1", "Tent")],
        vec![tent("v1", "T-1"), tent("v2", "T-2"), tent("v3", "T-3")],
    )
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// Taken, and seen at the store with this price.
pub(crate) fn accepted(price: &TakenPrice, at: &Shop, seen: Option<i64>) -> SettledPrice {
    SettledPrice {
        price: price.clone(),
        outcome: PriceOutcome::Accepted {
            at: at.world.now(),
            note: None,
        },
        seen: seen.map(|amount| SeenPrice {
            price_minor: Some(amount),
            compare_at_minor: None,
            currency: price.currency,
        }),
    }
}

pub(crate) fn statuses(items: &[PriceItemView]) -> Vec<PriceItemStatus> {
    items.iter().map(|item| item.status).collect()
}
