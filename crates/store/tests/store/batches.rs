//! Writing the catalogue: what changed and nothing else, each record once.

use calibr_model::{
    PageRequest,
    status::{FailureClass, ListingState},
    views::FailureQuery,
};
use calibr_store::{
    StoreError,
    catalogue::{BatchCounts, BatchInput, ProductInput, VariantInput},
};
use sqlx::PgPool;

use crate::support::{World, batch, eur, failure, product, variant, with_sku};

const CATALOGUE: [&str; 4] = ["products", "variants", "product_links", "listings"];

fn tents() -> BatchInput {
    batch(
        vec![product("p1", "Tent"), product("p2", "Tarp")],
        vec![
            with_sku("T-1", variant("v1", "p1")),
            with_sku("T-2", variant("v2", "p1")),
            with_sku("T-3", variant("v3", "p2")),
        ],
    )
}

fn counts(created: i64, updated: i64, unchanged: i64, failed: i64) -> BatchCounts {
    BatchCounts {
        created,
        updated,
        unchanged,
        failed,
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn new_records_become_products_variants_and_listings(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let records = batch(
        vec![ProductInput {
            vendor: Some("Acme".to_owned()),
            image_url: Some("https://cdn.example/tent.png".to_owned()),
            state: ListingState::Draft,
            ..product("p1", "Tent")
        }],
        vec![
            VariantInput {
                title: "Green".to_owned(),
                compare_at: eur(1_500),
                stock: Some(-2),
                updated_at: Some(world.now()),
                ..with_sku("T-1", variant("v1", "p1"))
            },
            VariantInput {
                state: Some(ListingState::Active),
                ..variant("v2", "p1")
            },
        ],
    );
    assert_eq!(world.write(&run, &records).await, counts(2, 0, 0, 0));

    let products = world.products(project).await;
    assert_eq!(products.len(), 1);
    let tent = &products[0];
    assert_eq!(
        (tent.title.as_str(), tent.vendor.as_deref()),
        ("Tent", Some("Acme"))
    );
    assert_eq!((tent.state, tent.variant_count), (ListingState::Draft, 2));
    assert_eq!((tent.price_from, tent.price_to), (eur(1_000), eur(1_000)));
    assert_eq!(
        (tent.stock, &tent.integrations),
        (Some(-2), &vec![integration])
    );
    let green = world.listing(project, "v1").await;
    assert_eq!(
        (green.variant_title.as_str(), green.product_title.as_str()),
        ("Green", "Tent")
    );
    assert_eq!((green.price, green.compare_at), (eur(1_000), eur(1_500)));
    assert_eq!(green.sku.as_deref(), Some("T-1"));
    assert_eq!(green.external_updated_at, Some(world.now()));
    assert_eq!(green.state, ListingState::Draft, "its product's");
    assert_eq!(
        world.listing(project, "v2").await.state,
        ListingState::Active
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_same_catalogue_again_writes_nothing(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.sync(project, integration, &[tents()]).await;
    let mut before = Vec::new();
    for table in CATALOGUE {
        before.push(world.row_versions(table).await);
    }
    let second = world.sync(project, integration, &[tents()]).await;
    assert_eq!(
        (
            second.items_created,
            second.items_updated,
            second.items_unchanged
        ),
        (0, 0, 3)
    );
    assert_eq!((second.items_synced, second.items_removed), (3, 0));
    for (table, before) in CATALOGUE.iter().zip(before) {
        assert_eq!(world.row_versions(table).await, before, "{table}");
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_changed_price_writes_its_listing_and_nothing_else(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.sync(project, integration, &[tents()]).await;
    let mut before = Vec::new();
    for table in CATALOGUE {
        before.push(world.row_versions(table).await);
    }
    let mut changed = tents();
    changed.variants[1].price = eur(1_234);
    let changed = batch(changed.products, changed.variants);
    let run = world.run(project, integration).await;
    assert_eq!(world.write(&run, &changed).await, counts(0, 1, 2, 0));
    assert_eq!(world.listing(project, "v2").await.price, eur(1_234));
    for (table, before) in CATALOGUE.iter().zip(before) {
        let after = world.row_versions(table).await;
        let kept = before.iter().filter(|row| after.contains(row)).count();
        let written = if *table == "listings" { 1 } else { 0 };
        assert_eq!(
            (after.len(), kept),
            (before.len(), before.len() - written),
            "{table}"
        );
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn changed_titles_and_skus_reach_product_and_variant(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.sync(project, integration, &[tents()]).await;
    let renamed = batch(
        vec![ProductInput {
            state: ListingState::Archived,
            ..product("p1", "Yurt")
        }],
        vec![
            with_sku("Y-1", variant("v1", "p1")),
            with_sku("T-2", variant("v2", "p1")),
        ],
    );
    let run = world.run(project, integration).await;
    assert_eq!(world.write(&run, &renamed).await, counts(0, 2, 0, 0));
    let products = world.products(project).await;
    let titles: Vec<_> = products
        .iter()
        .map(|one| (one.title.as_str(), one.state))
        .collect();
    assert_eq!(
        titles,
        [
            ("Tarp", ListingState::Active),
            ("Yurt", ListingState::Archived)
        ]
    );
    let yurt = world.listing(project, "v2").await;
    assert_eq!(
        (yurt.product_title.as_str(), yurt.state),
        ("Yurt", ListingState::Archived)
    );
    let skus: Vec<String> = sqlx::query_scalar("SELECT sku FROM variants ORDER BY sku")
        .fetch_all(world.owner())
        .await
        .unwrap();
    assert_eq!(skus, ["T-2", "T-3", "Y-1"]);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_record_that_comes_twice_in_a_batch_counts_once_as_it_was_last(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let twice = batch(
        vec![product("p1", "Old"), product("p1", "New")],
        vec![
            variant("v1", "p1"),
            VariantInput {
                price: eur(2_000),
                ..variant("v1", "p1")
            },
        ],
    );
    assert_eq!(world.write(&run, &twice).await, counts(1, 0, 0, 0));
    assert_eq!(world.products(project).await[0].title, "New");
    assert_eq!(world.listing(project, "v1").await.price, eur(2_000));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_record_that_moves_between_pages_counts_once(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let first = world.sync(project, integration, &[tents(), tents()]).await;
    assert_eq!((first.items_created, first.items_synced), (3, 3));
    let mut moved = tents();
    moved.variants[0].price = eur(900);
    let moved = batch(moved.products, moved.variants);
    let second = world
        .sync(project, integration, &[tents(), moved.clone(), moved])
        .await;
    assert_eq!(second.items_synced, 3, "also where it changed in between");
    assert_eq!(world.listing(project, "v1").await.price, eur(900));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_batch_written_again_after_a_crash_counts_once(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.sync(project, integration, &[tents()]).await;
    let mut records = tents();
    records.variants[0].price = eur(1);
    let mut records = batch(records.products, records.variants);
    records.variants.push(variant("v4", "p2"));
    records.variants.push(variant("orphan", "p9"));
    records.failures = vec![
        failure(Some("v5"), "no_price"),
        failure(Some("v5"), "no_price"),
    ];
    let lost = world.run(project, integration).await;
    assert_eq!(world.write(&lost, &records).await, counts(1, 1, 2, 2));
    world.let_lease_lapse(lost.id).await;
    let heir = world.take_up(project, lost.id).await;
    assert_eq!(world.write(&heir, &records).await, counts(0, 0, 0, 0));
    let view = world.run_view(&heir).await;
    assert_eq!(
        (view.items_created, view.items_updated, view.items_unchanged),
        (1, 1, 2)
    );
    assert_eq!(
        (view.items_failed, world.count("item_failures").await),
        (2, 2)
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_variant_of_an_unknown_product_is_a_failure_and_the_rest_comes_through(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let records = batch(
        vec![product("p1", "Tent")],
        vec![variant("v1", "p1"), with_sku("LOST", variant("v2", "p7"))],
    );
    assert_eq!(world.write(&run, &records).await, counts(1, 0, 0, 1));
    let mut tx = world.tenant(project).await;
    let failures = tx
        .item_failures(run.id, &FailureQuery::default(), &PageRequest::default())
        .await
        .unwrap();
    let lost = &failures.items[0];
    assert_eq!(
        (lost.code.as_str(), lost.class),
        ("product_missing", FailureClass::Retryable)
    );
    assert_eq!(
        (lost.external_id.as_deref(), lost.label.as_deref()),
        (Some("v2"), Some("LOST"))
    );
    assert!(lost.message.contains("(p7)"), "{}", lost.message);
    // A later batch may bring variants of a product of an earlier one.
    let later = batch(vec![], vec![variant("v3", "p1")]);
    assert_eq!(world.write(&run, &later).await, counts(1, 0, 0, 0));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_variant_without_price_is_listed_without(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let free = VariantInput {
        price: None,
        ..variant("v1", "p1")
    };
    let records = batch(vec![product("p1", "Sample")], vec![free]);
    world.sync(project, integration, &[records]).await;
    assert_eq!(world.listing(project, "v1").await.price, None);
    let sample = &world.products(project).await[0];
    assert_eq!((sample.price_from, sample.more_currencies), (None, false));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn counters_and_checkpoint_come_with_the_rows_or_not_at_all(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let mut records = tents();
    records.checkpoint = Some(serde_json::json!({"after": "p2"}));
    records.expected = Some(30);
    records.failures = vec![failure(None, "malformed")];
    let mut tx = world.tenant(project).await;
    tx.write_batch(&records, &world.context(&run))
        .await
        .unwrap();
    drop(tx);
    let untouched = world.run_view(&run).await;
    assert_eq!((untouched.items_synced, untouched.items_failed), (0, 0));
    assert_eq!(
        (untouched.items_expected, world.count("listings").await),
        (None, 0)
    );

    world.write(&run, &records).await;
    let written = world.run_view(&run).await;
    assert_eq!((written.items_synced, written.items_failed), (3, 1));
    assert_eq!(written.items_expected, Some(30));
    world.let_lease_lapse(run.id).await;
    // A batch that knows of neither leaves both.
    let heir = world.take_up(project, run.id).await;
    assert_eq!(heir.claimed.checkpoint, records.checkpoint);
    world.write(&heir, &batch(vec![], vec![])).await;
    world.let_lease_lapse(run.id).await;
    let heir = world.take_up(project, run.id).await;
    assert_eq!(heir.claimed.checkpoint, records.checkpoint);
    assert_eq!(heir.claimed.items_expected, Some(30));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_worker_that_lost_its_run_writes_nothing(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let late = world.run(project, integration).await;
    world.let_lease_lapse(late.id).await;
    world.take_up(project, late.id).await;
    let mut tx = world.tenant(project).await;
    let error = tx
        .write_batch(&tents(), &world.context(&late))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost), "{error}");
    // Even where it went on to commit.
    tx.commit().await.unwrap();
    for table in CATALOGUE {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
}
