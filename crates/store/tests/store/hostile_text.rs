//! Titles, SKUs and vendors as stores really have them.

use calibr_model::{PageRequest, ProductId, views::ProductQuery};
use calibr_store::catalogue::{ProductInput, VariantInput};
use sqlx::PgPool;

use crate::support::{World, batch, product, variant};

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn any_text_comes_back_as_it_went_in_and_is_found(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let texts = [
        "T".repeat(300),
        "👩‍👩‍👧‍👦 family 🏕️".to_owned(),
        "חולצה כחולה قميص".to_owned(),
        "\u{301}\u{308}".to_owned(),
        "ÄRMEL straße İstanbul ΟΔΟΣ".to_owned(),
        "100% \\ _'\"; DROP TABLE products; --".to_owned(),
        "tab\tand\nline".to_owned(),
        "\u{1}".repeat(300),
        "\u{10FFFF}".to_owned(),
        "long ".repeat(1_000),
        "\u{1F3D5}".repeat(5_000),
        String::new(),
    ];
    for (number, text) in texts.iter().enumerate() {
        let id = format!("{number:02}");
        let records = batch(
            vec![ProductInput {
                vendor: Some(text.clone()),
                handle: Some(text.clone()),
                product_type: Some(text.clone()),
                image_url: Some(text.clone()),
                ..product(&id, text)
            }],
            vec![VariantInput {
                title: text.clone(),
                sku: Some(text.clone()),
                barcode: Some(text.clone()),
                ..variant(&id, &id)
            }],
        );
        let run = world.sync(project, integration, &[records]).await;
        assert_eq!(run.items_created, 1, "{text:?}");
        let listing = world.listing(project, &id).await;
        assert_eq!(&listing.product_title, text);
        assert_eq!(listing.sku.as_ref(), Some(text));
        let query = ProductQuery {
            search: text.clone(),
            ..ProductQuery::default()
        };
        let found: Vec<ProductId> = world
            .find(project, &query)
            .await
            .iter()
            .map(|one| one.id)
            .collect();
        assert!(found.contains(&listing.product_id), "{text:?}");
    }

    // And the pages go on behind each of them.
    let mut titles = Vec::new();
    let mut page = PageRequest {
        limit: Some(1),
        cursor: None,
    };
    loop {
        let mut tx = world.tenant(project).await;
        let found = tx.products(&ProductQuery::default(), &page).await.unwrap();
        titles.extend(found.items.into_iter().map(|one| one.title));
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    let mut expected = texts.to_vec();
    expected.sort();
    titles.sort();
    assert_eq!(titles, expected);
}
