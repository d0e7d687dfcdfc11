//! What a store no longer has, and what comes back.

use calibr_model::status::{ListingState, SyncStatus};
use calibr_store::{StoreError, catalogue::BatchInput};
use sqlx::PgPool;

use crate::support::{World, batch, product, variant, with_sku};

fn tent(id: &str) -> BatchInput {
    batch(
        vec![product(&format!("p-{id}"), &format!("Tent {id}"))],
        vec![with_sku(id, variant(id, &format!("p-{id}")))],
    )
}

async fn states(world: &World, project: calibr_model::ProjectId) -> Vec<(String, ListingState)> {
    let listings = world.listings(project).await;
    let states = listings.into_iter().map(|one| (one.external_id, one.state));
    states.collect()
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn only_what_a_full_run_did_not_meet_is_gone(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let other = world.integration(project, "other.example").await;
    world.sync(project, other, &[tent("x")]).await;
    world
        .sync(project, integration, &[tent("a"), tent("b")])
        .await;
    let second = world
        .sync(project, integration, &[tent("b"), tent("c")])
        .await;
    assert_eq!((second.items_removed, second.items_created), (1, 1));
    assert_eq!(
        states(&world, project).await,
        [
            ("a".to_owned(), ListingState::Gone),
            ("b".to_owned(), ListingState::Active),
            ("c".to_owned(), ListingState::Active),
            ("x".to_owned(), ListingState::Active),
        ]
    );
    let products = world.products(project).await;
    let gone: Vec<_> = products
        .iter()
        .filter(|one| one.state == ListingState::Gone)
        .collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(
        (gone[0].title.as_str(), &gone[0].integrations),
        ("Tent a", &vec![])
    );
    assert_eq!(gone[0].price_from, None);
    let mut tx = world.tenant(project).await;
    let view = tx.integration_view(integration).await.unwrap().unwrap();
    assert_eq!(view.item_count, 2);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_returns_is_no_longer_gone(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    for batches in [vec![tent("a"), tent("b")], vec![tent("b")]] {
        world.sync(project, integration, &batches).await;
    }
    let third = world
        .sync(project, integration, &[tent("a"), tent("b")])
        .await;
    assert_eq!(
        (
            third.items_updated,
            third.items_unchanged,
            third.items_created
        ),
        (1, 1, 0)
    );
    let returned = world.listing(project, "a").await;
    assert_eq!(returned.state, ListingState::Active);
    let products = world.products(project).await;
    assert!(products.iter().all(|one| one.state == ListingState::Active));
    let in_store = calibr_model::views::ProductQuery {
        integration: Some(integration),
        ..Default::default()
    };
    assert_eq!(world.find(project, &in_store).await.len(), 2);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_variant_that_goes_leaves_its_product_with_the_others(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let both = batch(
        vec![product("p", "Tent")],
        vec![variant("v1", "p"), variant("v2", "p")],
    );
    let one = batch(vec![product("p", "Tent")], vec![variant("v1", "p")]);
    world.sync(project, integration, &[both]).await;
    world.sync(project, integration, &[one]).await;
    let tent = &world.products(project).await[0];
    assert_eq!(
        (tent.state, tent.integrations.len()),
        (ListingState::Active, 1)
    );
    assert_eq!(world.listing(project, "v2").await.state, ListingState::Gone);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_product_is_gone_when_no_store_has_it_and_back_when_any_has(pool: PgPool) {
    let (world, project, first) = World::with_store(pool).await;
    let second = world.integration(project, "second.example").await;
    let theirs = batch(
        vec![product("q", "Tent, as the second calls it")],
        vec![with_sku("a", variant("w", "q"))],
    );
    let nothing = tent("other");
    world.sync(project, first, &[tent("a")]).await;
    world
        .sync(project, second, std::slice::from_ref(&theirs))
        .await;
    let state = async || {
        let products = world.products(project).await;
        let tent = products.iter().find(|one| one.title == "Tent a").unwrap();
        (tent.state, tent.integrations.clone())
    };
    world
        .sync(project, first, std::slice::from_ref(&nothing))
        .await;
    assert_eq!(state().await, (ListingState::Active, vec![second]));
    world
        .sync(project, second, std::slice::from_ref(&nothing))
        .await;
    assert_eq!(state().await, (ListingState::Gone, vec![]));
    // The one its titles do not come from has it again.
    world
        .sync(project, second, std::slice::from_ref(&theirs))
        .await;
    assert_eq!(state().await, (ListingState::Active, vec![second]));
}

/// A product whose variants another store spreads over two products.
#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_product_with_a_live_listing_of_any_store_is_not_gone(pool: PgPool) {
    let (world, project, first) = World::with_store(pool).await;
    let second = world.integration(project, "second.example").await;
    let spread = |skus: &[&str]| {
        let variants = skus
            .iter()
            .map(|sku| with_sku(sku, variant(&format!("w-{sku}"), "q")));
        batch(vec![product("q", "Tents")], variants.collect())
    };
    world.sync(project, first, &[tent("a"), tent("b")]).await;
    world.sync(project, second, &[spread(&["a", "b"])]).await;
    world.sync(project, second, &[spread(&["b"])]).await;
    // Its product there is on sale still, though only with "b".
    let before = world.row_versions("product_links").await;
    world.sync(project, second, &[spread(&["b"])]).await;
    assert_eq!(world.row_versions("product_links").await, before);
    world.sync(project, first, &[tent("a")]).await;
    let products = world.products(project).await;
    assert!(
        products.iter().all(|one| one.state == ListingState::Active),
        "{products:?}"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_product_that_never_had_a_variant_is_left_as_it_is(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let bare = batch(vec![product("bare", "Gift card")], vec![]);
    world
        .sync(project, integration, &[bare.clone(), tent("a"), tent("b")])
        .await;
    world.sync(project, integration, &[bare, tent("b")]).await;
    let products = world.products(project).await;
    let card = products.iter().find(|one| one.title == "Gift card");
    assert_eq!(card.unwrap().state, ListingState::Active);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_worker_lost_after_looking_for_what_is_gone_does_not_lose_the_count(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world
        .sync(project, integration, &[tent("a"), tent("b")])
        .await;
    let lost = world.run(project, integration).await;
    world.write(&lost, &tent("b")).await;
    assert_eq!(world.mark_gone(&lost).await, 1);
    world.let_lease_lapse(lost.id).await;
    let heir = world.take_up(project, lost.id).await;
    assert_eq!(world.mark_gone(&heir).await, 0);
    world.finish(&heir, SyncStatus::Success).await;
    assert_eq!(world.run_view(&heir).await.items_removed, 1);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn thousands_that_are_gone_go_some_at_a_time_and_a_run_is_stopped_in_between(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let variants = (0..5_002).map(|number| variant(&format!("v{number}"), "p1"));
    let all = batch(vec![product("p1", "Pegs")], variants.collect());
    world.sync(project, integration, &[all]).await;
    let run = world.run(project, integration).await;
    world.write(&run, &tent("a")).await;
    let mut tx = world.tenant(project).await;
    let removed = tx.mark_gone(&world.context(&run)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((removed.listings, removed.more), (5_000, true));
    let mut tx = world.tenant(project).await;
    assert!(tx.cancel_run(run.id, world.now()).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = world.tenant(project).await;
    let stopped = tx.mark_gone(&world.context(&run)).await;
    assert!(matches!(stopped, Err(StoreError::LeaseLost)), "{stopped:?}");
    drop(tx);
    // What it had found out is so, and the count is of what is left.
    let view = world.run_view(&run).await;
    assert_eq!(view.items_removed, 5_000);
    let mut tx = world.tenant(project).await;
    let store = tx.integration_view(integration).await.unwrap().unwrap();
    assert_eq!(store.item_count, 3);
}
