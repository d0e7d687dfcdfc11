//! Two stores that sell the same thing: one variant, two listings.

use calibr_model::{IntegrationId, ProjectId, status::SyncStatus};
use calibr_store::catalogue::BatchInput;
use futures::future::join_all;
use sqlx::PgPool;

use crate::support::{World, batch, product, somebody_waits, variant, with_sku};

/// A product of `store` with a variant for each SKU.
fn offer(store: &str, skus: &[&str]) -> BatchInput {
    let id = format!("{store}-{}", skus.join("+"));
    let variants = skus
        .iter()
        .enumerate()
        .map(|(number, sku)| with_sku(sku, variant(&format!("{id}-{number}"), &id)))
        .collect();
    batch(vec![product(&id, &id)], variants)
}

async fn two_stores(pool: PgPool) -> (World, ProjectId, IntegrationId, IntegrationId) {
    let (world, project, first) = World::with_store(pool).await;
    let second = world.integration(project, "second.example").await;
    (world, project, first, second)
}

/// Products, variants and listings of all projects.
async fn sizes(world: &World) -> (i64, i64, i64) {
    (
        world.count("products").await,
        world.count("variants").await,
        world.count("listings").await,
    )
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_sku_that_is_unique_joins_two_stores_listings(pool: PgPool) {
    let (world, project, first, second) = two_stores(pool).await;
    world
        .sync(project, first, &[offer("one", &["A", "B"])])
        .await;
    world
        .sync(project, second, &[offer("two", &["B", "A", "C"])])
        .await;
    assert_eq!(sizes(&world).await, (1, 3, 5));
    let products = world.products(project).await;
    assert_eq!(
        products[0].title, "one-A+B",
        "the first store's titles count"
    );
    let mut integrations = products[0].integrations.clone();
    integrations.sort_unstable();
    assert_eq!(integrations, [first, second]);
    let ours = world.listing(project, "one-A+B-0").await;
    let theirs = world.listing(project, "two-B+A+C-1").await;
    assert_eq!(ours.variant_id, theirs.variant_id);
    assert_eq!(theirs.product_title, "two-B+A+C", "as that store calls it");

    // Renamed by the second store, nothing moves for the first.
    let mut renamed = offer("two", &["B", "A", "C"]);
    renamed.products[0].title = "Renamed".to_owned();
    let renamed = batch(renamed.products, renamed.variants);
    world.sync(project, second, &[renamed]).await;
    assert_eq!(world.products(project).await[0].title, "one-A+B");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn case_matters_in_a_sku(pool: PgPool) {
    let (world, project, first, second) = two_stores(pool).await;
    world.sync(project, first, &[offer("one", &["abc"])]).await;
    world.sync(project, second, &[offer("two", &["ABC"])]).await;
    assert_eq!(sizes(&world).await, (2, 2, 2));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_sku_that_stands_twice_matches_nothing(pool: PgPool) {
    let (world, project, first, second) = two_stores(pool).await;
    world
        .sync(project, first, &[offer("one", &["A", "A", "B"])])
        .await;
    // Twice in the project: A. Twice in the batch: B.
    world
        .sync(project, second, &[offer("two", &["A", "B", "B"])])
        .await;
    assert_eq!(sizes(&world).await, (2, 6, 6));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_store_does_not_list_one_variant_twice(pool: PgPool) {
    let (world, project, first, second) = two_stores(pool).await;
    world.sync(project, first, &[offer("one", &["A"])]).await;
    // In another batch, so that neither sees the other; and among its own.
    let batches = [offer("two", &["A"]), offer("three", &["A"])];
    world.sync(project, second, &batches).await;
    assert_eq!(sizes(&world).await, (2, 2, 3));
    world
        .sync(
            project,
            first,
            &[offer("one", &["A"]), offer("more", &["A"])],
        )
        .await;
    assert_eq!(sizes(&world).await, (3, 3, 4));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn another_projects_sku_matches_nothing(pool: PgPool) {
    let (world, project, first, _) = two_stores(pool).await;
    let (elsewhere, _) = world.project("elsewhere").await;
    let theirs = world.integration(elsewhere, "theirs.example").await;
    let also_theirs = world.integration(elsewhere, "also.example").await;
    world.sync(project, first, &[offer("one", &["A"])]).await;
    world.sync(elsewhere, theirs, &[offer("two", &["B"])]).await;
    world
        .sync(elsewhere, also_theirs, &[offer("three", &["A"])])
        .await;
    assert_eq!(sizes(&world).await, (3, 3, 3));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn two_stores_that_bring_the_same_sku_at_the_same_moment_share_the_variant(pool: PgPool) {
    let (world, project, first, second) = two_stores(pool.clone()).await;
    let one = world.run(project, first).await;
    let two = world.run(project, second).await;
    let mut writing = world.tenant(project).await;
    writing
        .write_batch(&offer("one", &["A", "B"]), &world.context(&one))
        .await
        .unwrap();
    let other = tokio::spawn({
        let (world, two) = (world.clone(), two.clone());
        async move { world.write(&two, &offer("two", &["B", "A"])).await }
    });
    somebody_waits(&pool).await;
    // While it waits for its turn, its worker still renews its lease.
    let mut heartbeat = world.tenant(project).await;
    heartbeat.renew_lease(two.id, two.worker).await.unwrap();
    heartbeat.commit().await.unwrap();
    writing.commit().await.unwrap();
    assert_eq!(other.await.unwrap().created, 2);
    assert_eq!(sizes(&world).await, (1, 2, 4));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn stores_that_write_in_opposite_orders_neither_block_nor_double(pool: PgPool) {
    let (world, project, first, second) = two_stores(pool).await;
    let skus: Vec<String> = (0..30).map(|number| format!("SKU-{number:02}")).collect();
    let batches = |store: &str| -> Vec<BatchInput> {
        let offers = skus.chunks(5).flat_map(|chunk| {
            let single = chunk.iter().map(|sku| offer(store, &[sku.as_str()]));
            let merged = single.reduce(|mut all, one| {
                all.products.extend(one.products);
                all.variants.extend(one.variants);
                all
            });
            merged.into_iter()
        });
        offers.collect()
    };
    let forward = batches("one");
    let mut backward = batches("two");
    backward.reverse();
    for one in &mut backward {
        one.products.reverse();
        one.variants.reverse();
    }
    let import =
        async |integration, batches: &[BatchInput]| world.sync(project, integration, batches).await;
    // New at first, then one has all changed while the other finds all gone.
    let mut runs = join_all([import(first, &forward), import(second, &backward)]).await;
    let empty = [offer("two", &["LEFT"])];
    let mut repriced = forward.clone();
    for one in &mut repriced {
        for product in &mut one.products {
            product.title.push('!');
        }
        *one = batch(one.products.clone(), one.variants.clone());
    }
    runs.extend(join_all([import(first, &repriced), import(second, &empty)]).await);
    assert!(runs.iter().all(|run| run.status == SyncStatus::Success));
    assert_eq!(sizes(&world).await, (31, 31, 61));
}
