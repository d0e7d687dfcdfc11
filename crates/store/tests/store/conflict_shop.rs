//! A shop whose store and whose console want other prices.

use calibr_model::{
    ConflictId, Money, PageRequest, PricePushId,
    settings::ConflictPolicy,
    status::{FailureClass, SyncStatus},
    views::{
        ConflictField, ConflictQuery, ConflictSide, ConflictView, ConflictsUndone, PriceItemStatus,
        SeenConflict, UndoConflicts,
    },
};
use calibr_store::{
    catalogue::{BatchInput, VariantInput},
    conflicts::{DecidedBy, Decision, OursToSend},
    prices::{
        CompareAtMinor, NamedBy, NewPush, PriceOutcome, PushItem, SeenPrice, SettledPrice,
        TakenPrice,
    },
};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::{
    price_shop::Shop,
    support::{Run, batch, eur, product, variant, with_sku},
};

/// Price and struck-through price of the tents, as the store has them.
pub(crate) type Tents = [(i64, Option<i64>); 3];

pub(crate) const AS_OPENED: Tents = [(1_000, None); 3];

pub(crate) fn batch_of(tents: Tents) -> BatchInput {
    let variants = tents.iter().zip(1..).map(|((price, compare_at), number)| {
        let tent = with_sku(&format!("T-{number}"), variant(&format!("v{number}"), "p1"));
        VariantInput {
            price: eur(*price),
            compare_at: compare_at.and_then(eur),
            ..tent
        }
    });
    batch(vec![product("p1", "Tent")], variants.collect())
}

/// With these values for the first tent, the others as they were.
pub(crate) fn first_at(price: i64, compare_at: Option<i64>) -> Tents {
    let mut tents = AS_OPENED;
    tents[0] = (price, compare_at);
    tents
}

/// What is wanted for tents, by SKU.
pub(crate) type Wanted<'a> = &'a [(&'a str, i64, CompareAtMinor)];

/// A conflict in short: field, base, ours, theirs.
pub(crate) type Short = (ConflictField, Option<i64>, Option<i64>, Option<i64>);

pub(crate) fn short(conflict: &ConflictView) -> Short {
    let minor = |money: Option<Money>| money.map(|money| money.amount_minor);
    (
        conflict.field,
        minor(conflict.base),
        minor(conflict.ours),
        minor(conflict.theirs),
    )
}

impl Shop {
    /// With this policy; prices may be sent by themselves, and have a floor.
    pub(crate) async fn open_with(pool: PgPool, policy: ConflictPolicy) -> Self {
        let shop = Self::open(pool).await;
        shop.set("conflict_policy", policy.as_str()).await;
        shop.set("sync_prices", "true").await;
        let mut tx = shop.world.tenant(shop.project).await;
        let bounds = calibr_model::Guardrails {
            floor_minor: Some(500),
            ..calibr_model::Guardrails::none("EUR".parse().unwrap())
        };
        tx.set_guardrails(&bounds, shop.user, shop.world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        shop
    }

    /// Sets a column of the store's settings.
    pub(crate) async fn set(&self, column: &str, value: &str) {
        let statement = format!("UPDATE integrations SET {column} = '{value}' WHERE id = $1");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(self.integration.0)
            .execute(self.world.owner())
            .await
            .unwrap();
    }

    /// A minute later, a sync sees the tents so.
    pub(crate) async fn shows(&self, tents: Tents) {
        self.world.clock.advance(TimeDelta::minutes(1));
        self.world
            .sync(self.project, self.integration, &[batch_of(tents)])
            .await;
    }

    /// Queues a push of these prices.
    pub(crate) async fn want(&self, prices: Wanted<'_>) -> PricePushId {
        self.world.clock.advance(TimeDelta::minutes(1));
        let id = self.begin().await;
        let mut tx = self.world.tenant(self.project).await;
        let names: Vec<&str> = prices.iter().map(|(sku, ..)| *sku).collect();
        let found = tx.listings_named(NamedBy::Sku, &names, None).await.unwrap();
        let items: Vec<PushItem> = found
            .into_iter()
            .map(|(position, listing)| PushItem {
                line: None,
                reference: prices[position].0.to_owned(),
                listing: Some(listing),
                new_minor: Some(prices[position].1),
                compare_at: prices[position].2,
                keeps_price: false,
                status: PriceItemStatus::Planned,
                code: None,
                message: None,
            })
            .collect();
        tx.add_push_items(id, 0, &items).await.unwrap();
        assert!(tx.close_preview(id, 0).await.unwrap());
        tx.commit().await.unwrap();
        let push = self.push(id).await;
        self.apply(&push).await.unwrap();
        id
    }

    /// Sends what waits; the store takes it and shows it.
    pub(crate) async fn send_all(&self) -> Vec<TakenPrice> {
        let run = self.run().await;
        let taken = self.take(&run).await;
        self.send(&run, &taken).await;
        let settled: Vec<SettledPrice> = taken
            .iter()
            .map(|price| SettledPrice {
                price: price.clone(),
                outcome: PriceOutcome::Accepted {
                    at: self.world.now(),
                    note: None,
                },
                seen: Some(SeenPrice {
                    price_minor: Some(price.new_minor),
                    compare_at_minor: price.compare_at.after(price.old_compare_minor),
                    currency: price.currency,
                }),
            })
            .collect();
        self.settle(&run, &settled).await;
        self.world.finish(&run, SyncStatus::Success).await;
        taken
    }

    /// The look before a push finds this at the store, and nothing is sent.
    pub(crate) async fn finds_moved(&self, run: &Run, price: &TakenPrice, seen: i64) {
        let settled = SettledPrice {
            price: price.clone(),
            outcome: PriceOutcome::Failed {
                code: "price_moved".to_owned(),
                message: "The store's price moved.".to_owned(),
                class: FailureClass::NeedsAction,
                request: None,
                answer: None,
            },
            seen: Some(SeenPrice {
                price_minor: Some(seen),
                compare_at_minor: price.old_compare_minor,
                currency: price.currency,
            }),
        };
        self.settle(run, &[settled]).await;
    }

    pub(crate) async fn conflicts(&self) -> Vec<ConflictView> {
        self.conflicts_like(&ConflictQuery::default()).await
    }

    pub(crate) async fn conflicts_like(&self, query: &ConflictQuery) -> Vec<ConflictView> {
        let mut tx = self.world.tenant(self.project).await;
        tx.conflicts(query, &PageRequest::default())
            .await
            .unwrap()
            .items
    }

    /// The only conflict there is.
    pub(crate) async fn conflict(&self) -> ConflictView {
        let all = self.conflicts().await;
        <[ConflictView; 1]>::try_from(all)
            .unwrap_or_else(|all| panic!("there should be one conflict: {all:#?}"))[0]
            .clone()
    }

    pub(crate) fn decision(&self) -> Decision {
        Decision {
            id: self.world.sources.id(),
            by: DecidedBy::Person(self.user),
            at: self.world.now(),
        }
    }

    /// A person decides conflicts, as they are shown.
    pub(crate) async fn decide(&self, conflicts: &[ConflictView], to: ConflictSide) {
        self.world.clock.advance(TimeDelta::minutes(1));
        let decision = self.decision();
        let mut tx = self.world.tenant(self.project).await;
        let seen: Vec<SeenConflict> = conflicts
            .iter()
            .map(|one| SeenConflict {
                id: one.id,
                version: one.version,
            })
            .collect();
        let picked = tx.pick_conflicts(&seen).await.unwrap();
        let ids: Vec<ConflictId> = picked.open.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), conflicts.len(), "{picked:?}");
        match to {
            ConflictSide::Theirs => tx.decide_for_theirs(&ids, &decision).await.unwrap(),
            ConflictSide::Ours => {
                let ours = tx.ours_to_send(&ids, decision.at).await.unwrap();
                let items: Vec<PushItem> = ours.iter().map(item).collect();
                let push = NewPush {
                    id: self.world.sources.id(),
                    reason: OursToSend::REASON,
                    reverts: None,
                    created_by: Some(self.user),
                };
                tx.decide_for_ours(&push, &items, &ids, &decision)
                    .await
                    .unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    pub(crate) async fn undo(&self, conflicts: &[ConflictView]) -> ConflictsUndone {
        let mut tx = self.world.tenant(self.project).await;
        let ids = conflicts.iter().map(|one| one.id).collect();
        let undone = tx
            .undo_conflicts(&UndoConflicts::Conflicts(ids), self.world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        undone
    }

    /// What is wanted for the first tent, and what both sides last agreed on: price,
    /// then struck-through price.
    pub(crate) async fn ledger(&self) -> [Option<i64>; 4] {
        let listing = self.listing("v1").await;
        let row: (i64, Option<i64>, Option<i64>, Option<i64>) = sqlx::query_as(
            "SELECT desired_minor, base_minor, desired_compare_minor, base_compare_minor
             FROM listing_prices WHERE listing_id = $1",
        )
        .bind(listing.0)
        .fetch_one(self.world.owner())
        .await
        .unwrap();
        [Some(row.0), row.1, row.2, row.3]
    }
}

fn item(ours: &OursToSend) -> PushItem {
    PushItem {
        line: None,
        reference: String::new(),
        listing: Some(ours.listing.clone()),
        new_minor: ours.new_minor,
        compare_at: ours.compare_at,
        keeps_price: ours.keeps_price,
        status: PriceItemStatus::Planned,
        code: None,
        message: None,
    }
}
