//! Previews that platforms are asked about before they are applied.

use calibr_model::{
    IntegrationId, PageRequest,
    views::{PriceCheckStatus, PriceCheckView, PriceItemStatus, PricePushView, TrialResult},
};
use calibr_store::prices::{
    ItemFilter, NextTrials, NotApplied, NotChecked, RefusedInTrial, TakenPrice, TriedPrice,
};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::price_shop::{Shop, bytes, statuses};

fn tried(price: &TakenPrice, result: Option<TrialResult>) -> TriedPrice {
    let refused = result == Some(TrialResult::Refused);
    TriedPrice {
        ordinal: price.ordinal,
        result,
        code: refused.then(|| "price_refused".to_owned()),
        message: refused.then(|| "Error 18320: far higher than it was".to_owned()),
    }
}

const TAKEN: Option<TrialResult> = Some(TrialResult::Accepted);
const REFUSED: Option<TrialResult> = Some(TrialResult::Refused);

impl Shop {
    async fn begin_check(
        &self,
        push: &PricePushView,
        stores: &[IntegrationId],
        most: i64,
    ) -> Result<Vec<IntegrationId>, NotChecked> {
        let mut tx = self.world.tenant(self.project).await;
        let begun = tx
            .begin_price_checks(push.id, stores, most, self.user, self.world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        begun
    }

    async fn checked(&self, push: &PricePushView) -> NextTrials {
        let mut tx = self.world.tenant(self.project).await;
        tx.next_trials(push.id, self.integration, 2).await.unwrap()
    }

    async fn keep(&self, push: &PricePushView, tried: &[TriedPrice]) -> bool {
        let mut tx = self.world.tenant(self.project).await;
        let kept = tx
            .keep_trials(push.id, self.integration, tried)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        kept
    }

    async fn check(&self, push: &PricePushView) -> PriceCheckView {
        self.push(push.id).await.checks.remove(0)
    }

    /// Three prices, of which the platform took the first and refused the second.
    async fn two_of_three_checked(&self) -> PricePushView {
        let push = self
            .preview(&[("T-1", 900), ("T-2", 800), ("T-3", 700)])
            .await;
        self.begin_check(&push, &[self.integration], 100)
            .await
            .unwrap();
        let NextTrials::Ask(first) = self.checked(&push).await else {
            panic!("the check is over");
        };
        let answers = [tried(&first[0], TAKEN), tried(&first[1], REFUSED)];
        assert!(self.keep(&push, &answers).await);
        push
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_check_goes_on_from_where_it_stands(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.two_of_three_checked().await;
    let check = shop.check(&push).await;
    assert_eq!(
        (check.status, check.items_total, check.items_tried),
        (PriceCheckStatus::Checking, 3, 2)
    );
    // Another worker may take it up; what was asked before is not asked again.
    let NextTrials::Ask(last) = shop.checked(&push).await else {
        panic!("the check is over");
    };
    assert_eq!(last.len(), 1);
    assert!(shop.keep(&push, &[tried(&last[0], None)]).await);
    assert!(!shop.keep(&push, &[tried(&last[0], TAKEN)]).await, "twice");
    assert_eq!(shop.checked(&push).await, NextTrials::Ask(vec![]));
    let mut tx = shop.world.tenant(shop.project).await;
    tx.end_price_check(push.id, shop.integration, None, shop.world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let check = shop.check(&push).await;
    assert_eq!(
        (check.status, check.items_accepted, check.items_refused),
        (PriceCheckStatus::Done, 1, 1)
    );
    assert_eq!(check.completed_at, Some(shop.world.now()));

    let items = shop.items(push.id).await;
    let trial = items[1].trial.clone().unwrap();
    assert_eq!(trial.result, TrialResult::Refused);
    assert_eq!(trial.code.as_deref(), Some("price_refused"));
    assert!(trial.message.unwrap().contains("18320"));
    assert_eq!(
        (items[0].status, &items[2].trial),
        (PriceItemStatus::Planned, &None)
    );
    let mut tx = shop.world.tenant(shop.project).await;
    let refused = ItemFilter {
        trial: REFUSED,
        ..ItemFilter::default()
    };
    let page = tx
        .price_push_items(push.id, &refused, &PageRequest::default())
        .await
        .unwrap();
    drop(tx);
    let skus: Vec<_> = page.items.iter().map(|item| item.sku.as_deref()).collect();
    assert_eq!(skus, [Some("T-2")]);

    // Asked for again, it begins anew.
    assert_eq!(
        shop.begin_check(&push, &[shop.integration], 2).await,
        Ok(vec![shop.integration])
    );
    assert_eq!(
        shop.begin_check(&push, &[shop.integration], 2).await,
        Ok(vec![])
    );
    let check = shop.check(&push).await;
    assert_eq!(
        (check.status, check.items_tried, check.items_refused),
        (PriceCheckStatus::Queued, 0, 0)
    );
    assert_eq!((check.items_planned, check.items_total), (3, 2));
    assert!(
        shop.items(push.id)
            .await
            .iter()
            .all(|item| item.trial.is_none())
    );
    let NextTrials::Ask(both) = shop.checked(&push).await else {
        panic!("the check is over");
    };
    let answers = [tried(&both[0], TAKEN), tried(&both[1], TAKEN)];
    assert!(shop.keep(&push, &answers).await);
    assert_eq!(
        shop.checked(&push).await,
        NextTrials::Ask(vec![]),
        "no more than two"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_was_refused_in_the_trial_is_left_out_and_says_so(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.two_of_three_checked().await;
    shop.apply(&push).await.unwrap();
    let items = shop.items(push.id).await;
    assert_eq!(
        statuses(&items),
        [
            PriceItemStatus::Queued,
            PriceItemStatus::Refused,
            PriceItemStatus::Queued
        ]
    );
    assert_eq!(items[1].code.as_deref(), Some("refused_in_trial"));
    assert!(items[1].trial.is_some());
    let push = shop.push(push.id).await;
    assert_eq!((push.items_planned, push.items_refused), (2, 1));
    assert_eq!(push.checks[0].status, PriceCheckStatus::Cancelled);
    let run = shop.run().await;
    assert_eq!(shop.take(&run).await.len(), 2);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_was_refused_in_the_trial_is_sent_where_that_is_wanted(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.two_of_three_checked().await;
    let hash = bytes(push.hash.as_deref().unwrap());
    shop.apply_with(push.id, &hash, RefusedInTrial::Sent)
        .await
        .unwrap();
    assert_eq!(
        statuses(&shop.items(push.id).await),
        [PriceItemStatus::Queued; 3]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn where_every_price_was_refused_there_is_nothing_to_apply(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900)]).await;
    shop.begin_check(&push, &[shop.integration], 100)
        .await
        .unwrap();
    let NextTrials::Ask(prices) = shop.checked(&push).await else {
        panic!("the check is over");
    };
    assert!(shop.keep(&push, &[tried(&prices[0], REFUSED)]).await);
    assert_eq!(shop.apply(&push).await, Err(NotApplied::AllRefused));
    assert_eq!(
        statuses(&shop.items(push.id).await),
        [PriceItemStatus::Planned]
    );
    let still = shop.check(&push).await;
    assert_eq!(still.status, PriceCheckStatus::Checking);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_check_ends_with_its_preview(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900)]).await;
    let elsewhere = shop.world.integration(shop.project, "other.example").await;
    assert_eq!(
        shop.begin_check(&push, &[elsewhere], 100).await,
        Err(NotChecked::Nothing)
    );
    shop.begin_check(&push, &[elsewhere, shop.integration], 100)
        .await
        .unwrap();
    let NextTrials::Ask(prices) = shop.checked(&push).await else {
        panic!("the check is over");
    };
    let mut tx = shop.world.tenant(shop.project).await;
    assert!(tx.discard_push(push.id, shop.world.now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shop.checked(&push).await, NextTrials::Over);
    assert!(!shop.keep(&push, &[tried(&prices[0], TAKEN)]).await);
    assert_eq!(shop.check(&push).await.status, PriceCheckStatus::Cancelled);
    assert_eq!(shop.items(push.id).await[0].trial, None);
    assert!(matches!(
        shop.begin_check(&push, &[shop.integration], 100).await,
        Err(NotChecked::Over(_))
    ));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn attempts_that_come_to_nothing_are_counted_and_say_why(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let push = shop.preview(&[("T-1", 900)]).await;
    shop.begin_check(&push, &[shop.integration], 100)
        .await
        .unwrap();
    for attempt in 1..=2 {
        let mut tx = shop.world.tenant(shop.project).await;
        let noted = tx
            .note_check_waits(push.id, shop.integration, "The store is away.")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(noted, Some(attempt));
    }
    let check = shop.check(&push).await;
    assert_eq!(check.error.as_deref(), Some("The store is away."));
    shop.world.clock.advance(TimeDelta::minutes(10));
    let mut tx = shop.world.tenant(shop.project).await;
    tx.end_price_check(
        push.id,
        shop.integration,
        Some("Gave up."),
        shop.world.now(),
    )
    .await
    .unwrap();
    assert_eq!(
        tx.note_check_waits(push.id, shop.integration, "Away.")
            .await
            .unwrap(),
        None
    );
    tx.commit().await.unwrap();
    assert_eq!(shop.check(&push).await.status, PriceCheckStatus::Failed);
}
