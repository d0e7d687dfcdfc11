//! Conflicts that a person decides, and takes back.

use calibr_model::{
    PageRequest,
    views::{
        ConflictField::{CompareAt, Price},
        ConflictQuery, ConflictSide, ConflictStatus, ConflictView, ConflictsUndone, HeldReason,
        MatchingConflicts, PriceItemStatus, SeenConflict,
    },
};
use calibr_store::prices::CompareAtMinor::{Keep, Set};
use sqlx::PgPool;

use crate::{
    conflict_shop::{first_at, short},
    price_shop::Shop,
};

const UNDONE: ConflictsUndone = ConflictsUndone {
    reopened: 1,
    too_late: 0,
};
const TOO_LATE: ConflictsUndone = ConflictsUndone {
    reopened: 0,
    too_late: 1,
};

/// The first tent was agreed on at 9 euros, struck through 12, and the store has
/// this.
async fn at_odds(pool: PgPool, price: i64, compare_at: Option<i64>) -> (Shop, Vec<ConflictView>) {
    let shop = Shop::open(pool).await;
    shop.want(&[("T-1", 900, Set(1_200))]).await;
    shop.send_all().await;
    shop.shows(first_at(price, compare_at)).await;
    let conflicts = shop.conflicts().await;
    (shop, conflicts)
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_stores_value_becomes_the_wanted_one_and_can_be_unwanted_again(pool: PgPool) {
    let (shop, open) = at_odds(pool, 1_100, Some(1_200)).await;
    shop.decide(&open, ConflictSide::Theirs).await;
    let decided = shop.conflict().await;
    assert_eq!(
        (decided.status, decided.resolution, decided.version),
        (
            ConflictStatus::Resolved,
            Some(ConflictSide::Theirs),
            open[0].version + 1
        )
    );
    assert_eq!(
        decided.decided_by.as_deref(),
        Some("Name of editor@acme.example")
    );
    assert!(decided.can_undo && decided.decision_id.is_some());
    assert_eq!(
        shop.ledger().await,
        [Some(1_100), Some(1_100), Some(1_200), Some(1_200)]
    );

    assert_eq!(shop.undo(std::slice::from_ref(&decided)).await, UNDONE);
    let again = shop.conflict().await;
    assert_eq!(short(&again), (Price, Some(900), Some(900), Some(1_100)));
    assert_eq!(
        (again.status, again.decided_by, again.decision_id),
        (ConflictStatus::Open, None, None)
    );
    assert_eq!(
        shop.ledger().await,
        [Some(900), Some(900), Some(1_200), Some(1_200)]
    );

    // Not once something newer is wanted.
    shop.decide(&shop.conflicts().await, ConflictSide::Theirs)
        .await;
    shop.want(&[("T-1", 950, Keep)]).await;
    let decided = shop.conflict().await;
    assert!(!decided.can_undo);
    assert_eq!(shop.undo(&[decided]).await, TOO_LATE);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_value_that_was_taken_and_left_by_the_store_again_is_a_new_conflict(pool: PgPool) {
    let (shop, open) = at_odds(pool, 1_100, Some(1_200)).await;
    shop.decide(&open, ConflictSide::Theirs).await;
    shop.shows(first_at(1_150, Some(1_200))).await;
    let all = shop.conflicts().await;
    assert_eq!(all.len(), 2);
    assert_eq!(
        short(&all[0]),
        (Price, Some(1_100), Some(1_100), Some(1_150))
    );
    assert_eq!(shop.undo(&all[1..]).await, TOO_LATE);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn calibrs_value_is_sent_once_and_taken_back_while_it_waits(pool: PgPool) {
    let (shop, open) = at_odds(pool, 1_100, Some(1_200)).await;
    shop.decide(&open, ConflictSide::Ours).await;
    let decided = shop.conflict().await;
    assert!(decided.can_undo);
    let push = decided.push_id.unwrap();
    assert_eq!(shop.undo(std::slice::from_ref(&decided)).await, UNDONE);
    let again = shop.conflict().await;
    assert_eq!(
        (again.status, again.push_id, again.held.clone()),
        (ConflictStatus::Open, None, None)
    );
    let items = shop.items(push).await;
    assert_eq!(items[0].code.as_deref(), Some("discarded"));
    assert!(shop.send_all().await.is_empty());
    // It follows the store as before.
    shop.shows(first_at(1_111, Some(1_200))).await;
    let moved = shop.conflict().await;
    assert_eq!(short(&moved), (Price, Some(900), Some(900), Some(1_111)));

    shop.decide(&[moved], ConflictSide::Ours).await;
    let sent = shop.send_all().await;
    assert_eq!(
        (sent.len(), sent[0].old_minor, sent[0].new_minor),
        (1, Some(1_111), 900)
    );
    assert_eq!(sent[0].compare_at, Keep);
    let decided = shop.conflict().await;
    assert!(!decided.can_undo);
    assert_eq!(shop.undo(&[decided]).await, TOO_LATE);
    // What the store shows now is agreed on: nothing is found.
    shop.shows(first_at(900, Some(1_200))).await;
    assert_eq!(shop.conflict().await.status, ConflictStatus::Resolved);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn of_two_fields_each_is_decided_by_itself(pool: PgPool) {
    let (shop, open) = at_odds(pool, 1_100, Some(1_500)).await;
    assert_eq!(open.len(), 2);
    let of = |field| open.iter().find(|one| one.field == field).cloned().unwrap();
    shop.decide(&[of(CompareAt)], ConflictSide::Ours).await;
    let all = shop.conflicts().await;
    assert_eq!((all[0].field, all[0].status), (Price, ConflictStatus::Open));
    // The price is sent along as the store has it, and is not wanted for it.
    assert_eq!(
        shop.ledger().await,
        [Some(900), Some(900), Some(1_200), Some(1_500)]
    );
    let sent = shop.send_all().await;
    assert_eq!(
        (sent[0].new_minor, sent[0].compare_at, sent[0].keeps_price),
        (1_100, Set(1_200), true)
    );
    assert_eq!(
        shop.ledger().await,
        [Some(900), Some(900), Some(1_200), Some(1_200)]
    );
    let open = shop.conflicts().await;
    assert_eq!(
        (open[0].field, open[0].status, open[0].version),
        (Price, ConflictStatus::Open, 1)
    );
    shop.decide(&open[..1], ConflictSide::Theirs).await;
    assert_eq!(
        shop.ledger().await,
        [Some(1_100), Some(1_100), Some(1_200), Some(1_200)]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn both_fields_of_a_listing_go_in_one_item(pool: PgPool) {
    let (shop, open) = at_odds(pool, 1_100, None).await;
    shop.decide(&open, ConflictSide::Ours).await;
    let decided = shop.conflicts().await;
    assert_eq!(decided[0].push_id, decided[1].push_id);
    assert_eq!(shop.items(decided[0].push_id.unwrap()).await.len(), 1);
    // Taken back together, too.
    assert_eq!(
        shop.undo(&decided[..1]).await,
        ConflictsUndone {
            reopened: 2,
            too_late: 0
        }
    );
    shop.decide(&shop.conflicts().await, ConflictSide::Ours)
        .await;
    let sent = shop.send_all().await;
    assert_eq!(
        (sent.len(), sent[0].new_minor, sent[0].compare_at),
        (1, 900, Set(1_200))
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_price_that_waits_gives_way_to_the_decision(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let waiting = shop.want(&[("T-1", 900, Keep)]).await;
    shop.shows(first_at(1_100, None)).await;
    shop.decide(&shop.conflicts().await, ConflictSide::Ours)
        .await;
    let items = shop.items(waiting).await;
    assert_eq!(
        (items[0].status, items[0].code.as_deref()),
        (PriceItemStatus::Failed, Some("sent_again"))
    );
    let sent = shop.send_all().await;
    assert_eq!((sent.len(), sent[0].old_minor), (1, Some(1_100)));
    let decided = shop.conflict().await;
    assert_eq!(decided.resolution, Some(ConflictSide::Ours));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_could_not_be_sent_waits_again_and_says_why(pool: PgPool) {
    let (shop, open) = at_odds(pool, 1_100, Some(1_200)).await;
    shop.decide(&open, ConflictSide::Ours).await;
    let mut tx = shop.world.tenant(shop.project).await;
    tx.fail_waiting_prices(shop.integration, "expired", "Reconnect.", shop.world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let again = shop.conflict().await;
    assert_eq!(again.status, ConflictStatus::Open);
    let held = again.held.unwrap();
    assert_eq!(
        (held.reason, held.message.as_str()),
        (HeldReason::NotSent, "Reconnect.")
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn only_what_was_looked_at_is_decided(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let all = ["T-1", "T-2", "T-3"].map(|sku| (sku, 900, Keep));
    shop.want(&all).await;
    shop.send_all().await;
    shop.shows([(1_100, None), (900, None), (900, None)]).await;
    shop.shows([(1_100, None), (1_200, None), (900, None)])
        .await;
    let looked = shop.world.now();
    shop.shows([(1_100, None), (1_210, None), (1_300, None)])
        .await;
    let conflicts = shop.conflicts().await;
    assert_eq!(conflicts.len(), 3);
    // By version.
    let mut seen: Vec<SeenConflict> = conflicts
        .iter()
        .map(|one| SeenConflict {
            id: one.id,
            version: 1,
        })
        .collect();
    seen.push(SeenConflict {
        id: shop.world.sources.id(),
        version: 1,
    });
    let mut tx = shop.world.tenant(shop.project).await;
    let picked = tx.pick_conflicts(&seen).await.unwrap();
    assert_eq!(
        (
            picked.open.len(),
            picked.changed,
            picked.missing,
            picked.already_decided
        ),
        (2, 1, 1, 0)
    );
    drop(tx);
    // By moment: what was found after it is left alone, what moved is counted.
    let matching = |search: &str, field| MatchingConflicts {
        integration: Some(shop.integration),
        field,
        search: search.to_owned(),
        as_of: looked,
    };
    let mut tx = shop.world.tenant(shop.project).await;
    let picked = tx
        .pick_matching_conflicts(&matching("tent", Some(Price)), 10)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((picked.open.len(), picked.changed), (1, 1));
    for none in [matching("boat", None), matching("", Some(CompareAt))] {
        let picked = tx.pick_matching_conflicts(&none, 10).await.unwrap();
        assert_eq!(picked.unwrap().open, []);
    }
    let too_many = tx.pick_matching_conflicts(&matching("", None), 1).await;
    assert_eq!(too_many.unwrap(), None);
    drop(tx);

    shop.decide(&conflicts[..1], ConflictSide::Theirs).await;
    let mut tx = shop.world.tenant(shop.project).await;
    let picked = tx.pick_conflicts(&seen[..1]).await.unwrap();
    assert_eq!((picked.open.len(), picked.already_decided), (0, 1));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_inbox_is_listed_open_ones_first_and_narrowed(pool: PgPool) {
    let (shop, open) = at_odds(pool, 1_100, Some(1_500)).await;
    shop.want(&[("T-2", 900, Keep)]).await;
    shop.send_all().await;
    let mut tents = first_at(1_100, Some(1_500));
    tents[1] = (1_300, None);
    shop.shows(tents).await;
    shop.decide(&open[..1], ConflictSide::Theirs).await;
    let mut pages = Vec::new();
    let mut page = PageRequest {
        limit: Some(1),
        cursor: None,
    };
    loop {
        let mut tx = shop.world.tenant(shop.project).await;
        let found = tx
            .conflicts(&ConflictQuery::default(), &page)
            .await
            .unwrap();
        pages.extend(found.items);
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(pages, shop.conflicts().await);
    let states: Vec<ConflictStatus> = pages.iter().map(|one| one.status).collect();
    assert_eq!(
        states,
        [
            ConflictStatus::Open,
            ConflictStatus::Open,
            ConflictStatus::Resolved
        ]
    );
    assert_eq!(pages[0].sku.as_deref(), Some("T-2"), "the newest first");

    let of_price = ConflictQuery {
        field: Some(Price),
        status: Some(ConflictStatus::Open),
        search: "tent".to_owned(),
        integration: Some(shop.integration),
    };
    let found = shop.conflicts_like(&of_price).await;
    assert!(
        found
            .iter()
            .all(|one| one.field == Price && one.status == ConflictStatus::Open),
        "{found:?}"
    );
    let none = ConflictQuery {
        search: "boat".to_owned(),
        ..ConflictQuery::default()
    };
    assert!(shop.conflicts_like(&none).await.is_empty());
    let mut tx = shop.world.tenant(shop.project).await;
    let counts = tx.conflict_counts(&none).await.unwrap();
    assert_eq!((counts.open, counts.stores.len()), (0, 0));
    let counts = tx.conflict_counts(&ConflictQuery::default()).await.unwrap();
    assert_eq!((counts.open, counts.stores.len()), (2, 1));
    assert_eq!(counts.stores[0].open, 2);
}
