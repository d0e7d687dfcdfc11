//! Prices on their way: what was looked at, and nothing else, each once.

use calibr_model::{
    status::SyncStatus,
    views::{PriceItemStatus, PricePushStatus, PricePushView, PriceSource},
};
use calibr_store::{StoreError, prices::NotApplied};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::{
    price_shop::{Shop, accepted, bytes, statuses, tents},
    support::{batch, eur},
};

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn only_the_preview_that_was_looked_at_is_applied_and_only_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900), ("T-2", 800)]).await;
    assert_eq!(
        (push.status, push.items_planned, push.items_refused),
        (PricePushStatus::Preview, 2, 0)
    );
    let other = shop.preview(&[("T-1", 900), ("T-2", 801)]).await;
    assert_ne!(push.hash, other.hash);
    let others_hash = bytes(other.hash.as_deref().unwrap());
    assert_eq!(
        shop.apply_hash(push.id, &others_hash).await,
        Err(NotApplied::OtherHash)
    );
    assert_eq!(
        shop.apply(&push).await.unwrap().integrations,
        [shop.integration]
    );
    assert_eq!(
        shop.apply(&push).await,
        Err(NotApplied::Over(PricePushStatus::Queued))
    );
    assert_eq!(shop.apply(&other).await, Err(NotApplied::Busy(2)));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_listing_is_named_once_in_a_push(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop
        .preview(&[("T-1", 900), ("T-2", 800), ("T-1", 700)])
        .await;
    assert_eq!((push.items_planned, push.items_refused), (2, 1));
    let items = shop.items(push.id).await;
    assert_eq!(items[2].code.as_deref(), Some("named_twice"));
    assert_eq!(
        items[2].message.as_deref(),
        Some("This listing has another price in line 1.")
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_moved_or_went_since_the_preview_is_not_applied(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900), ("T-2", 800)]).await;
    shop.world.clock.advance(TimeDelta::minutes(1));
    let mut moved = tents(1_000);
    moved.variants[0].price = eur(1_100);
    let moved = batch(moved.products, moved.variants);
    shop.world
        .sync(shop.project, shop.integration, &[moved])
        .await;
    assert_eq!(shop.apply(&push).await, Err(NotApplied::Moved(1)));
    assert_eq!(
        shop.changes("v1").await,
        [(Some(1_100), PriceSource::Platform)]
    );
    shop.world.clock.advance(TimeDelta::hours(25));
    assert_eq!(shop.apply(&push).await, Err(NotApplied::Stale));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_price_goes_from_desired_to_observed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900), ("T-2", 800)]).await;
    shop.apply(&push).await.unwrap();
    let run = shop.run().await;
    let taken = shop.take(&run).await;
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|price| !price.was_sent));
    shop.send(&run, &taken).await;
    assert_eq!(shop.push(push.id).await.status, PricePushStatus::Pushing);
    // Whoever takes the run up after a lost worker knows what was sent.
    assert!(shop.take(&run).await.iter().all(|price| price.was_sent));

    let settled = [
        accepted(&taken[0], &shop, Some(900)),
        accepted(&taken[1], &shop, Some(1_000)),
    ];
    shop.settle(&run, &settled).await;
    let done = shop.push(push.id).await;
    assert_eq!(
        (done.status, done.items_observed, done.items_accepted),
        (PricePushStatus::Done, 1, 1)
    );
    assert_eq!(
        statuses(&shop.items(push.id).await),
        [PriceItemStatus::Observed, PriceItemStatus::Accepted]
    );
    assert_eq!(shop.changes("v1").await, [(Some(900), PriceSource::Push)]);
    assert_eq!(shop.changes("v2").await, []);
    let mut tx = shop.world.tenant(shop.project).await;
    let two = shop.listing("v2").await;
    let ledger = tx.price_ledger(two).await.unwrap().unwrap();
    assert!(ledger.drifted, "{ledger:?}");
    drop(tx);
    assert!(shop.take(&run).await.is_empty());
    shop.world.finish(&run, SyncStatus::Success).await;

    // A later sync sees what was taken, and knows whose it is.
    shop.world.clock.advance(TimeDelta::minutes(1));
    let mut later = tents(1_000);
    later.variants[0].price = eur(900);
    later.variants[1].price = eur(800);
    let later = batch(later.products, later.variants);
    shop.world
        .sync(shop.project, shop.integration, &[later])
        .await;
    assert_eq!(shop.changes("v1").await, [(Some(900), PriceSource::Push)]);
    assert_eq!(shop.changes("v2").await, [(Some(800), PriceSource::Push)]);
    let seen = shop.push(push.id).await;
    assert_eq!((seen.items_observed, seen.items_accepted), (2, 0));

    // The same price set at the store later on is the store's own doing.
    for price in [950, 900] {
        shop.world.clock.advance(TimeDelta::minutes(1));
        let mut later = tents(1_000);
        later.variants[0].price = eur(price);
        later.variants[1].price = eur(800);
        let later = batch(later.products, later.variants);
        shop.world
            .sync(shop.project, shop.integration, &[later])
            .await;
    }
    let sources: Vec<PriceSource> = shop
        .changes("v1")
        .await
        .into_iter()
        .map(|(_, source)| source)
        .collect();
    assert_eq!(
        sources,
        [
            PriceSource::Platform,
            PriceSource::Platform,
            PriceSource::Push
        ]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_waited_too_long_or_cannot_be_sent_fails_and_says_why(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900)]).await;
    shop.apply(&push).await.unwrap();
    shop.world.clock.advance(TimeDelta::hours(25));
    let run = shop.run().await;
    assert!(shop.take(&run).await.is_empty());
    let failed = shop.push(push.id).await;
    assert_eq!(failed.status, PricePushStatus::Failed);
    assert_eq!(
        shop.items(push.id).await[0].code.as_deref(),
        Some("too_late")
    );

    let push = shop.preview(&[("T-2", 900), ("T-3", 900)]).await;
    shop.apply(&push).await.unwrap();
    let taken = shop.take(&run).await;
    shop.send(&run, &taken[..1]).await;
    shop.settle(&run, &[accepted(&taken[0], &shop, Some(900))])
        .await;
    let mut tx = shop.world.tenant(shop.project).await;
    tx.fail_waiting_prices(shop.integration, "expired", "Reconnect.", shop.world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let partial = shop.push(push.id).await;
    assert_eq!(
        (partial.status, partial.items_observed, partial.items_failed),
        (PricePushStatus::Partial, 1, 1)
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_preview_can_be_thrown_away_and_what_was_sent_cannot(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let discard = async |push: &PricePushView| {
        let mut tx = shop.world.tenant(shop.project).await;
        let done = tx.discard_push(push.id, shop.world.now()).await.unwrap();
        tx.commit().await.unwrap();
        done
    };
    let push = shop.preview(&[("T-1", 900)]).await;
    assert!(discard(&push).await);
    assert!(!discard(&push).await);
    assert_eq!(
        shop.apply(&push).await,
        Err(NotApplied::Over(PricePushStatus::Discarded))
    );

    let push = shop.preview(&[("T-1", 900), ("T-2", 900)]).await;
    shop.apply(&push).await.unwrap();
    let run = shop.run().await;
    let taken = shop.take(&run).await;
    shop.send(&run, &taken[..1]).await;
    assert!(discard(&push).await);
    assert_eq!(
        statuses(&shop.items(push.id).await),
        [PriceItemStatus::Sent, PriceItemStatus::Failed]
    );
    assert!(!discard(&push).await);
    shop.settle(&run, &[accepted(&taken[0], &shop, Some(900))])
        .await;
    assert_eq!(shop.push(push.id).await.status, PricePushStatus::Partial);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_worker_that_lost_its_run_settles_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900)]).await;
    shop.apply(&push).await.unwrap();
    let run = shop.run().await;
    let taken = shop.take(&run).await;
    shop.world.finish(&run, SyncStatus::Success).await;
    let settled = [accepted(&taken[0], &shop, Some(900))];
    let context = shop.world.context(&run);
    let mut tx = shop.world.tenant(shop.project).await;
    let refused = tx.settle_prices(&settled, &context).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    drop(tx);
    let mut tx = shop.world.tenant(shop.project).await;
    let refused = tx.mark_sent(&taken, &context).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
}
