//! Previews that nobody prepares or applies any more.

use calibr_model::views::{PricePushStatus, PricePushView};
use calibr_store::prices::{NotApplied, Overdue};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::price_shop::Shop;

impl Shop {
    /// What the look-out does, with its times.
    async fn look_out(&self) -> Vec<PricePushStatus> {
        let now = self.world.now();
        let overdue = Overdue {
            silent_since: now - TimeDelta::minutes(1),
            made_before: now - TimeDelta::hours(24),
        };
        let mut tx = self.world.db.system().await.unwrap();
        let found = tx.overdue_price_pushes(overdue).await.unwrap();
        tx.commit().await.unwrap();
        let mut ended = Vec::new();
        for (project, push) in found {
            assert_eq!(project, self.project);
            let mut tx = self.world.tenant(project).await;
            ended.extend(tx.end_overdue_price_push(push, overdue, now).await.unwrap());
            tx.commit().await.unwrap();
        }
        ended
    }

    async fn note_preparing(&self, push: &PricePushView, read: i64) -> bool {
        let mut tx = self.world.tenant(self.project).await;
        let wanted = tx
            .note_preparing(push.id, read, self.world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        wanted
    }

    async fn remove_unapplied(&self) -> u64 {
        let mut tx = self.world.db.system().await.unwrap();
        let before = self.world.now() - TimeDelta::days(7);
        let removed = tx.remove_unapplied_price_pushes(before).await.unwrap();
        tx.commit().await.unwrap();
        removed
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_preview_that_nobody_prepares_any_more_is_broken_off(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let left_behind = shop.begin().await;
    let alive = shop.begin().await;
    let alive = shop.push(alive).await;
    for minute in 1..=3 {
        shop.world.clock.advance(TimeDelta::seconds(50));
        assert!(shop.note_preparing(&alive, minute * 5_000).await);
        let ended = shop.look_out().await;
        let expected: &[_] = match minute {
            2 => &[PricePushStatus::Discarded],
            _ => &[],
        };
        assert_eq!(ended, expected);
    }
    let alive = shop.push(alive.id).await;
    assert_eq!(
        (alive.status, alive.items_read),
        (PricePushStatus::Preparing, 15_000)
    );
    let over = shop.push(left_behind).await;
    let error = over.error.as_deref().unwrap();
    assert!(error.contains("Nothing was sent"), "{error}");
    assert_eq!(
        over.completed_at,
        Some(shop.world.now() - TimeDelta::seconds(50))
    );

    // Whoever prepared it after all keeps nothing of it.
    assert!(!shop.note_preparing(&over, 1).await);
    let mut tx = shop.world.tenant(shop.project).await;
    assert!(!tx.close_preview(over.id, 0).await.unwrap());
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_preview_can_be_thrown_away_while_it_is_filled(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.begin().await;
    let named = shop.preview(&[("T-1", 900)]).await;
    let mut filling = shop.world.tenant(shop.project).await;
    let items = shop.items(named.id).await;
    let listing = items[0].listing_id.unwrap().to_string();
    let found = filling
        .listings_named(calibr_store::prices::NamedBy::Id, &[&listing], None)
        .await
        .unwrap();
    let item = calibr_store::prices::PushItem {
        line: None,
        reference: String::new(),
        listing: Some(found[0].1.clone()),
        new_minor: Some(900),
        compare_at: Default::default(),
        keeps_price: false,
        status: calibr_model::views::PriceItemStatus::Planned,
        code: None,
        message: None,
    };
    filling.add_push_items(push, 0, &[item]).await.unwrap();
    // Does not wait for the end of the filling.
    let mut tx = shop.world.tenant(shop.project).await;
    assert!(tx.discard_push(push, shop.world.now()).await.unwrap());
    tx.commit().await.unwrap();
    assert!(!filling.close_preview(push, 0).await.unwrap());
    drop(filling);
    assert_eq!(shop.push(push).await.status, PricePushStatus::Discarded);
    assert!(shop.items(push).await.is_empty());
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_preview_that_nobody_applied_expires_and_is_cleared_away(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900)]).await;
    let applied = shop.preview(&[("T-2", 900)]).await;
    shop.apply(&applied).await.unwrap();
    shop.world.clock.advance(TimeDelta::hours(24));
    assert_eq!(shop.look_out().await, []);
    shop.world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(shop.look_out().await, [PricePushStatus::Expired]);
    assert_eq!(shop.look_out().await, []);
    let expired = shop.push(push.id).await;
    assert!(expired.error.unwrap().contains("Nobody applied"));
    assert_eq!(
        shop.apply(&push).await,
        Err(NotApplied::Over(PricePushStatus::Expired))
    );
    // Still to be looked at, for a while.
    assert_eq!(shop.items(push.id).await.len(), 1);
    assert_eq!(shop.remove_unapplied().await, 0);
    shop.world.clock.advance(TimeDelta::days(8));
    assert_eq!(shop.remove_unapplied().await, 1);
    assert_eq!(shop.remove_unapplied().await, 0);
    assert_eq!(shop.world.count("price_push_items").await, 1);
    assert_eq!(shop.push(applied.id).await.status, PricePushStatus::Queued);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn refused_lines_that_are_not_listed_are_counted(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.begin().await;
    let mut tx = shop.world.tenant(shop.project).await;
    assert!(tx.close_preview(push, 990_000).await.unwrap());
    tx.commit().await.unwrap();
    let view = shop.push(push).await;
    assert_eq!(
        (view.items_refused, view.items_refused_unlisted),
        (990_000, 990_000)
    );
}
