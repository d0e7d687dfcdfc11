//! The products page: search, filters, order, pages, sums.

use calibr_model::{
    Money, PageRequest, ProjectId,
    status::ListingState,
    views::{ProductQuery, ProductRow, ProductSort},
};
use calibr_store::catalogue::{BatchInput, ProductInput, VariantInput};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{World, batch, eur, product, variant, with_sku};

fn made_by(vendor: &str, product: ProductInput) -> ProductInput {
    ProductInput {
        vendor: Some(vendor.to_owned()),
        ..product
    }
}

fn shelf() -> BatchInput {
    batch(
        vec![
            made_by("Nordisk & Söhne", product("1", "Summer Tent 100% cotton")),
            made_by("ÅSGARD", product("2", "Winter tent (green_blue)")),
            made_by("Acme", product("3", "Camping Stove")),
            product("4", "ÜBERZELT für Straßen"),
            product("5", "חולצה כחולה"),
        ],
        vec![
            with_sku("TENT-100", variant("1", "1")),
            with_sku("tent_200", variant("2", "2")),
            with_sku("STOVE-1", variant("3", "3")),
            with_sku("Ä-7", variant("4", "4")),
            variant("5", "5"),
        ],
    )
}

async fn titles(world: &World, project: ProjectId, search: &str) -> Vec<String> {
    let query = ProductQuery {
        search: search.to_owned(),
        ..ProductQuery::default()
    };
    let found = world.find(project, &query).await;
    found.into_iter().map(|product| product.title).collect()
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn search_finds_words_of_title_and_vendor_and_the_beginning_of_a_sku(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.sync(project, integration, &[shelf()]).await;
    let summer = "Summer Tent 100% cotton";
    let winter = "Winter tent (green_blue)";
    let stove = "Camping Stove";
    let german = "ÜBERZELT für Straßen";
    let hebrew = "חולצה כחולה";
    let cases: &[(&str, &[&str])] = &[
        ("  ", &[stove, summer, winter, german, hebrew]),
        ("tent", &[summer, winter]),
        ("TENT", &[summer, winter]),
        ("tent summer", &[summer]),
        ("ten wint", &[winter]),
        ("tent stove", &[]),
        ("t", &[stove, summer, winter, german]),
        ("st", &[stove, german]),
        // By vendor, alone and with a word of the title.
        ("söhne", &[summer]),
        ("SÖHNE tent", &[summer]),
        ("åsgard", &[winter]),
        ("acme tent", &[]),
        ("cotton nordisk", &[summer]),
        // By the beginning of a SKU.
        ("stove-", &[stove]),
        ("Tent-1", &[summer]),
        ("ä-7", &[german]),
        ("-7", &[]),
        ("00", &[summer]),
        // Signs of LIKE are just signs.
        ("100%", &[summer]),
        ("%", &[summer]),
        ("_", &[winter]),
        ("tent_", &[winter]),
        ("t%t", &[]),
        ("\\", &[]),
        ("green_blue", &[winter]),
        ("greenXblue", &[]),
        ("'; --", &[]),
        // Other scripts.
        ("überzelt", &[german]),
        ("STRASSEN", &[]),
        ("straßen", &[german]),
        ("כחולה", &[hebrew]),
        ("\0", &[stove, summer, winter, german, hebrew]),
    ];
    for (search, expected) in cases {
        let mut found = titles(&world, project, search).await;
        let mut expected = expected.to_vec();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{search:?}");
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_search_of_any_length_is_answered(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.sync(project, integration, &[shelf()]).await;
    assert_eq!(
        titles(&world, project, &"tent ".repeat(5_000)).await.len(),
        2
    );
    assert_eq!(titles(&world, project, &"x".repeat(100_000)).await.len(), 0);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn products_are_filtered_by_store_and_state(pool: PgPool) {
    let (world, project, first) = World::with_store(pool).await;
    let second = world.integration(project, "second.example").await;
    let draft = ProductInput {
        state: ListingState::Draft,
        ..product("d", "Draft")
    };
    world.sync(project, first, &[shelf()]).await;
    let theirs = batch(
        vec![draft, product("s", "Their stove")],
        vec![variant("d", "d"), with_sku("STOVE-1", variant("s", "s"))],
    );
    world.sync(project, second, &[theirs]).await;
    let find = async |integration, state, search: &str| {
        let query = ProductQuery {
            search: search.to_owned(),
            integration,
            state,
            sort: None,
        };
        let found = world.find(project, &query).await;
        found.into_iter().map(|one| one.title).collect::<Vec<_>>()
    };
    assert_eq!(find(None, None, "").await.len(), 6);
    assert_eq!(
        find(Some(second), None, "").await,
        ["Camping Stove", "Draft"]
    );
    assert_eq!(find(None, Some(ListingState::Draft), "").await, ["Draft"]);
    assert_eq!(
        find(Some(first), Some(ListingState::Draft), "").await.len(),
        0
    );
    assert_eq!(find(Some(second), None, "camping").await, ["Camping Stove"]);
    let nowhere = Some(world.sources.id());
    assert_eq!(find(nowhere, None, "").await.len(), 0);
}

async fn pages(
    world: &World,
    project: ProjectId,
    sort: ProductSort,
    mut between: impl AsyncFnMut(),
) -> Vec<ProductRow> {
    let query = ProductQuery {
        sort: Some(sort),
        ..ProductQuery::default()
    };
    let mut page = PageRequest {
        limit: Some(3),
        cursor: None,
    };
    let mut products = Vec::new();
    loop {
        let mut tx = world.tenant(project).await;
        let found = tx.products(&query, &page).await.unwrap();
        drop(tx);
        assert!(found.items.len() <= 3);
        products.extend(found.items);
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return products,
        }
        between().await;
    }
}

/// Ten products of the same name, written at the same moment.
fn same_names() -> BatchInput {
    let ids: Vec<String> = (0..10).map(|number| format!("same-{number}")).collect();
    batch(
        ids.iter().map(|id| product(id, "Same name")).collect(),
        ids.iter().map(|id| variant(id, id)).collect(),
    )
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn pages_give_each_product_once_while_others_come_in(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    for sort in [ProductSort::Title, ProductSort::Updated] {
        let run = world.run(project, integration).await;
        world.write(&run, &same_names()).await;
        let before = world.products(project).await.len();
        let mut number = 0;
        let listed = pages(&world, project, sort, async || {
            // Before the present page, in either order.
            world.clock.advance(TimeDelta::seconds(1));
            let id = format!("new-{sort}-{number}");
            number += 1;
            let new = batch(vec![product(&id, "Aaa")], vec![variant(&id, &id)]);
            world.write(&run, &new).await;
        })
        .await;
        let mut ids: Vec<_> = listed.iter().map(|one| one.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), listed.len()), (before, before), "{sort}");
        let ordered = match sort {
            ProductSort::Title => listed.is_sorted_by_key(|one| (one.title.to_lowercase(), one.id)),
            ProductSort::Updated => listed
                .is_sorted_by(|one, next| (one.updated_at, one.id) > (next.updated_at, next.id)),
        };
        assert!(ordered, "{sort}: {listed:?}");
        world
            .finish(&run, calibr_model::status::SyncStatus::Success)
            .await;
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn products_changed_last_come_first(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    world.sync(project, integration, &[shelf()]).await;
    world.clock.advance(TimeDelta::seconds(1));
    let changed = batch(vec![made_by("Acme", product("3", "Stove, new"))], vec![]);
    let run = world.run(project, integration).await;
    world.write(&run, &changed).await;
    let by_change = pages(&world, project, ProductSort::Updated, async || {}).await;
    assert_eq!(
        (by_change[0].title.as_str(), by_change.len()),
        ("Stove, new", 5)
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn prices_are_a_range_in_the_currency_that_most_stores_use(pool: PgPool) {
    let (world, project, first) = World::with_store(pool).await;
    let second = world.integration(project, "second.example").await;
    let third = world.integration(project, "third.example").await;
    let priced = |id: &str, sku: &str, amount: i64, currency: &str, stock| VariantInput {
        price: Some(Money::new(amount, currency.parse().unwrap())),
        stock,
        ..with_sku(sku, variant(id, "p"))
    };
    let tent = |variants| batch(vec![product("p", "Tent")], variants);
    let dollars = tent(vec![
        priced("1", "A", 100, "USD", Some(5)),
        priced("2", "B", 900, "USD", None),
    ]);
    let euros = |low| tent(vec![priced("1", "A", low, "EUR", Some(3))]);
    world.sync(project, first, &[dollars]).await;
    world.sync(project, second, &[euros(250)]).await;
    world.sync(project, third, &[euros(300)]).await;
    let products = world.products(project).await;
    assert_eq!(products.len(), 1);
    let tent = &products[0];
    assert_eq!((tent.price_from, tent.price_to), (eur(250), eur(300)));
    assert!(tent.more_currencies);
    assert_eq!((tent.variant_count, tent.stock), (2, Some(11)));
    assert_eq!(tent.integrations.len(), 3);
    let mut tx = world.tenant(project).await;
    assert_eq!(
        tx.product_title(tent.id).await.unwrap().as_deref(),
        Some("Tent")
    );
    let listed = tx
        .listings(Some(tent.id), Some(first), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.items.len(), 2);
    assert!(
        tx.product_title(world.sources.id())
            .await
            .unwrap()
            .is_none()
    );
}
