//! Products and listings over REST.

use crate::support::{Client, Launch, Shop, fresh_database};

#[tokio::test]
async fn products_come_in_pages_and_are_found_by_what_they_are_called() {
    let shop = Shop::open(120).await;
    let console = shop
        .known_to(Launch::on_database(&fresh_database().await))
        .start()
        .await;
    shop.register(&console);
    let client = console.set_up().await;
    let mut events = client.events().await;
    shop.connect(&client).await;
    events.until_run_ends().await;

    let products = client.all(&Client::in_project("products")).await;
    let of_page = client
        .get(&Client::in_project("products?limit=7"))
        .await
        .expect(200);
    assert_eq!(of_page["items"].as_array().unwrap().len(), 7);
    assert_eq!(of_page["items"][0], products[0]);
    let next = of_page["next_cursor"].as_str().unwrap();
    let second = client
        .get(&Client::in_project(&format!(
            "products?limit=7&cursor={next}"
        )))
        .await
        .expect(200);
    assert_eq!(second["items"][0], products[7]);

    let sku = "DUPLICATE-001";
    let found = client
        .all(&Client::in_project(&format!("products?search={sku}")))
        .await;
    assert!(
        !found.is_empty() && found.len() < products.len(),
        "{} of {}",
        found.len(),
        products.len()
    );

    let product = products[0]["id"].as_str().unwrap();
    let listings = client
        .all(&Client::in_project(&format!("listings?product={product}")))
        .await;
    assert_eq!(
        Some(listings.len() as i64),
        products[0]["variant_count"].as_i64()
    );
    assert!(
        listings
            .iter()
            .all(|listing| listing["product_id"] == product)
    );
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_in_words() {
    let console = crate::support::Console::fresh().await;
    let client = console.set_up().await;
    for (query, field) in [
        ("products?limit=many", "limit"),
        ("products?sort=random", "sort"),
        ("listings?integration=5", "integration"),
    ] {
        let problem = client
            .get(&Client::in_project(query))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    client
        .get(&Client::in_project("products?cursor=zz"))
        .await
        .problem(422, "invalid");
}
