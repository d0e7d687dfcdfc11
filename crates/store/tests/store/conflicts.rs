//! Where the store has another price than is wanted here: what is a conflict, what
//! is none, and what the settings of the store make of it.

use calibr_model::{
    settings::ConflictPolicy,
    status::SyncStatus,
    views::{
        ConflictField::{CompareAt, Price},
        ConflictSide, ConflictStatus, HeldReason, PriceItemStatus,
    },
};
use calibr_store::prices::CompareAtMinor::{Clear, Keep, Set};
use sqlx::PgPool;

use crate::{
    conflict_shop::{AS_OPENED, batch_of, first_at, short},
    price_shop::{Shop, accepted, statuses},
};

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_store_that_left_what_was_agreed_on_is_in_conflict_until_it_comes_back(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.want(&[("T-1", 900, Keep)]).await;
    shop.send_all().await;
    shop.shows(first_at(900, None)).await;
    assert!(shop.conflicts().await.is_empty());
    assert_eq!(shop.ledger().await, [Some(900), Some(900), None, None]);

    shop.shows(first_at(1_100, None)).await;
    let found = shop.conflict().await;
    assert_eq!(short(&found), (Price, Some(900), Some(900), Some(1_100)));
    assert_eq!((found.status, found.version), (ConflictStatus::Open, 1));
    assert!(found.run_id.is_some() && found.held.is_none() && !found.can_undo);

    // Read again, nothing is written.
    let before = (
        shop.world.row_versions("price_conflicts").await,
        shop.world.row_versions("listing_prices").await,
    );
    shop.shows(first_at(1_100, None)).await;
    let after = (
        shop.world.row_versions("price_conflicts").await,
        shop.world.row_versions("listing_prices").await,
    );
    assert_eq!(before, after);

    shop.shows(first_at(1_200, None)).await;
    let moved = shop.conflict().await;
    assert_eq!(short(&moved), (Price, Some(900), Some(900), Some(1_200)));
    assert_eq!((moved.id, moved.version), (found.id, 2));
    assert!(moved.moved_at > moved.found_at);

    shop.shows(first_at(900, None)).await;
    let ended = shop.conflict().await;
    assert_eq!(ended.status, ConflictStatus::Superseded);
    shop.shows(first_at(1_200, None)).await;
    assert_eq!(
        shop.conflicts().await[0].status,
        ConflictStatus::Open,
        "open ones first"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_third_value_while_a_price_is_on_its_way_is_a_conflict_and_not_yet_shown_is_none(
    pool: PgPool,
) {
    let shop = Shop::open(pool).await;
    shop.want(&[("T-1", 900, Keep), ("T-2", 800, Keep)]).await;
    let mut tents = AS_OPENED;
    tents[1] = (1_050, None);
    shop.shows(tents).await;
    let found = shop.conflict().await;
    assert_eq!(short(&found), (Price, Some(1_000), Some(800), Some(1_050)));
    // Back at what the preview saw: nobody but Calibr has moved it.
    shop.shows(AS_OPENED).await;
    assert_eq!(shop.conflict().await.status, ConflictStatus::Superseded);

    // Taken and not shown yet.
    let run = shop.run().await;
    let taken = shop.take(&run).await;
    shop.send(&run, &taken).await;
    let settled = [
        accepted(&taken[0], &shop, Some(1_000)),
        accepted(&taken[1], &shop, None),
    ];
    shop.settle(&run, &settled).await;
    shop.world.finish(&run, SyncStatus::Success).await;
    assert_eq!(shop.conflicts().await.len(), 1);
    tents = [(900, None), (1_070, None), (1_000, None)];
    shop.shows(tents).await;
    let found = shop.conflicts().await.remove(0);
    assert_eq!(short(&found), (Price, Some(1_000), Some(800), Some(1_070)));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_is_not_wanted_or_was_never_there_is_no_conflict(pool: PgPool) {
    let shop = Shop::open(pool).await;
    // Nothing is wanted.
    shop.shows(first_at(1_100, Some(1_500))).await;
    shop.shows(AS_OPENED).await;
    // A price that was thrown away before it was sent.
    let push = shop.want(&[("T-1", 900, Keep)]).await;
    let mut tx = shop.world.tenant(shop.project).await;
    assert!(tx.discard_push(push, shop.world.now()).await.unwrap());
    tx.commit().await.unwrap();
    shop.shows(first_at(1_100, None)).await;
    // A struck-through price, where only the price is wanted.
    shop.want(&[("T-1", 950, Keep)]).await;
    shop.send_all().await;
    shop.shows(first_at(950, Some(1_500))).await;
    assert!(shop.conflicts().await.is_empty());

    // A new wish ends what is open, and so does a listing that is gone.
    shop.shows(first_at(990, Some(1_500))).await;
    assert_eq!(shop.conflict().await.status, ConflictStatus::Open);
    shop.want(&[("T-1", 940, Keep)]).await;
    assert_eq!(shop.conflict().await.status, ConflictStatus::Superseded);
    shop.send_all().await;
    shop.shows(first_at(1_300, Some(1_500))).await;
    assert_eq!(shop.conflicts().await[0].status, ConflictStatus::Open);
    let mut rest = batch_of(AS_OPENED);
    rest.variants.remove(0);
    shop.world
        .sync(shop.project, shop.integration, &[rest])
        .await;
    let all = shop.conflicts().await;
    assert!(
        all.iter()
            .all(|one| one.status == ConflictStatus::Superseded),
        "{all:?}"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_struck_through_price_is_followed_as_the_price_is(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.want(&[("T-1", 900, Set(1_200))]).await;
    shop.send_all().await;
    assert_eq!(
        shop.ledger().await,
        [Some(900), Some(900), Some(1_200), Some(1_200)]
    );
    shop.shows(first_at(900, None)).await;
    let found = shop.conflict().await;
    assert_eq!(short(&found), (CompareAt, Some(1_200), Some(1_200), None));
    shop.shows(first_at(900, Some(1_200))).await;
    assert_eq!(shop.conflict().await.status, ConflictStatus::Superseded);

    // None is wanted, and the store sets one.
    shop.want(&[("T-1", 900, Clear)]).await;
    shop.send_all().await;
    shop.shows(first_at(900, Some(1_400))).await;
    let found = shop.conflicts().await.remove(0);
    assert_eq!(short(&found), (CompareAt, None, None, Some(1_400)));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_store_whose_prices_stand_is_followed_and_what_waits_is_not_sent(pool: PgPool) {
    let shop = Shop::open_with(pool, ConflictPolicy::Platform).await;
    shop.want(&[("T-1", 900, Keep)]).await;
    shop.send_all().await;
    let waiting = shop.want(&[("T-1", 850, Keep), ("T-2", 850, Keep)]).await;
    shop.shows(first_at(1_100, None)).await;
    let decided = shop.conflict().await;
    assert_eq!(short(&decided), (Price, Some(900), Some(850), Some(1_100)));
    assert_eq!(
        (decided.status, decided.resolution, decided.policy),
        (
            ConflictStatus::Resolved,
            Some(ConflictSide::Theirs),
            Some(ConflictPolicy::Platform)
        )
    );
    assert_eq!(decided.decided_by, None);
    let items = shop.items(waiting).await;
    assert_eq!(
        statuses(&items),
        [PriceItemStatus::Failed, PriceItemStatus::Queued]
    );
    assert_eq!(items[0].code.as_deref(), Some("store_price_kept"));
    assert_eq!(shop.ledger().await, [Some(1_100), Some(1_100), None, None]);

    // The look before a push decides the same.
    let run = shop.run().await;
    let taken = shop.take(&run).await;
    shop.finds_moved(&run, &taken[0], 777).await;
    let items = shop.items(waiting).await;
    assert_eq!(items[1].code.as_deref(), Some("store_price_kept"));
    let decided = shop.conflicts().await.remove(0);
    assert_eq!(short(&decided), (Price, Some(1_000), Some(850), Some(777)));
    assert_eq!(decided.resolution, Some(ConflictSide::Theirs));
    assert!(shop.take(&run).await.is_empty());
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn calibrs_price_goes_back_by_itself_until_somebody_fights_it(pool: PgPool) {
    let shop = Shop::open_with(pool, ConflictPolicy::Calibr).await;
    shop.want(&[("T-1", 900, Keep)]).await;
    shop.send_all().await;
    for theirs in [1_100, 1_101, 1_102] {
        shop.shows(first_at(theirs, None)).await;
        let decided = shop.conflicts().await.remove(0);
        assert_eq!(
            (decided.status, decided.resolution, decided.policy),
            (
                ConflictStatus::Resolved,
                Some(ConflictSide::Ours),
                Some(ConflictPolicy::Calibr)
            )
        );
        let push = shop.push(decided.push_id.unwrap()).await;
        assert_eq!(push.reason, "Conflict: Calibr's price kept");
        assert_eq!((push.items_planned, push.created_by), (1, None));
        let sent = shop.send_all().await;
        assert_eq!(sent.len(), 1);
        // The guard before a push holds against anything newer.
        assert_eq!((sent[0].old_minor, sent[0].new_minor), (Some(theirs), 900));
        assert_eq!(shop.ledger().await, [Some(900), Some(900), None, None]);
    }
    shop.shows(first_at(1_103, None)).await;
    let held = shop.conflicts().await.remove(0);
    assert_eq!(held.status, ConflictStatus::Open);
    let why = held.held.unwrap();
    assert_eq!(why.reason, HeldReason::FoughtOver);
    assert!(why.message.contains("3 times"), "{}", why.message);
    assert!(shop.send_all().await.is_empty());

    // A day later it is tried again.
    shop.world.clock.advance(chrono::TimeDelta::hours(25));
    shop.shows(first_at(1_104, None)).await;
    let decided = shop.conflicts().await;
    assert!(
        decided
            .iter()
            .all(|one| one.status == ConflictStatus::Resolved),
        "{decided:?}"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn calibrs_price_goes_back_over_what_the_look_before_a_push_found(pool: PgPool) {
    let shop = Shop::open_with(pool, ConflictPolicy::Calibr).await;
    let push = shop.want(&[("T-1", 900, Keep)]).await;
    let run = shop.run().await;
    let taken = shop.take(&run).await;
    shop.finds_moved(&run, &taken[0], 1_070).await;
    assert_eq!(
        shop.items(push).await[0].code.as_deref(),
        Some("sent_again")
    );
    let again = shop.take(&run).await;
    assert_eq!(
        (again.len(), again[0].old_minor, again[0].new_minor),
        (1, Some(1_070), 900)
    );
    assert_eq!(shop.conflict().await.resolution, Some(ConflictSide::Ours));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_may_not_be_sent_by_itself_waits_and_says_why(pool: PgPool) {
    let shop = Shop::open_with(pool, ConflictPolicy::Calibr).await;
    shop.want(&[("T-1", 900, Keep)]).await;
    shop.send_all().await;
    let held = async |theirs| {
        shop.shows(first_at(theirs, None)).await;
        let conflict = shop.conflict().await;
        assert_eq!(conflict.status, ConflictStatus::Open);
        let held = conflict.held.unwrap();
        (held.reason, held.message)
    };
    shop.set("sync_prices", "false").await;
    let (reason, message) = held(1_100).await;
    assert_eq!(reason, HeldReason::NotAutomatic);
    assert!(message.contains("not sent by themselves"), "{message}");

    shop.set("sync_prices", "true").await;
    shop.set("dry_run", "true").await;
    assert_eq!(held(1_101).await.0, HeldReason::DryRun);

    shop.set("dry_run", "false").await;
    let bounds = async |floor: Option<i64>, share: Option<u32>| {
        let mut tx = shop.world.tenant(shop.project).await;
        let bounds = calibr_model::Guardrails {
            floor_minor: floor,
            max_change_bp: share,
            ..calibr_model::Guardrails::none("EUR".parse().unwrap())
        };
        tx.set_guardrails(&bounds, shop.user, shop.world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    bounds(None, Some(5_000)).await;
    let (reason, message) = held(1_102).await;
    assert_eq!(reason, HeldReason::NoFloor);
    assert!(message.contains("No floor is set for EUR"), "{message}");
    bounds(Some(950), None).await;
    let (reason, message) = held(1_103).await;
    assert_eq!(reason, HeldReason::OutsideBounds);
    assert!(message.contains("below the project's floor"), "{message}");
    bounds(Some(100), Some(100)).await;
    assert_eq!(held(1_104).await.0, HeldReason::OutsideBounds);

    bounds(Some(100), None).await;
    shop.shows(first_at(1_105, None)).await;
    assert_eq!(shop.conflict().await.resolution, Some(ConflictSide::Ours));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_batch_that_is_written_twice_finds_once(pool: PgPool) {
    let shop = Shop::open_with(pool, ConflictPolicy::Calibr).await;
    shop.want(&[("T-1", 900, Keep), ("T-2", 900, Set(1_200))])
        .await;
    shop.send_all().await;
    let moved = batch_of([(1_100, None), (1_100, None), (1_000, None)]);
    let run = shop.run().await;
    // A worker that is lost before its batch is kept.
    let mut tx = shop.world.tenant(shop.project).await;
    tx.write_batch(&moved, &shop.world.context(&run))
        .await
        .unwrap();
    drop(tx);
    assert!(shop.conflicts().await.is_empty());
    for _ in 0..2 {
        shop.world.write(&run, &moved).await;
        let all = shop.conflicts().await;
        assert_eq!(all.len(), 3, "{all:?}");
        assert_eq!(shop.world.count("price_pushes").await, 2);
    }
}
