//! Queries: fields, pages, searches, errors.

use std::collections::HashSet;

use calibr_sandbox::shopify::{Change, ShopSettings, StaticToken};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{SHOP, World, settings};

#[tokio::test]
async fn a_shop_answers_at_its_own_path_and_the_first_one_at_the_root() {
    let world = World::of(100).await;
    for path in [
        "/admin",
        "/acme.myshopify.com/admin",
        "/ACME.myshopify.com/admin",
    ] {
        let response = world
            .client
            .post(world.url(&format!("{path}/api/2026-10/graphql.json")))
            .header("X-Shopify-Access-Token", crate::support::TOKEN)
            .json(&json!({ "query": "{ shop { myshopifyDomain currencyCode plan { publicDisplayName } } }" }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["x-shopify-api-version"], "2026-10");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["data"]["shop"]["myshopifyDomain"], SHOP);
    }
    let stranger = world.url("/other.myshopify.com/admin/api/2026-10/graphql.json");
    assert_eq!(
        world.client.post(stranger).send().await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn versions_of_the_past_fall_forward_and_say_so() {
    let world = World::of(100).await;
    for (asked, answering) in [
        ("2024-04", Some("2026-07")),
        ("2026-07", Some("2026-07")),
        ("2031-01", None),
    ] {
        let response = world
            .client
            .post(world.url(&format!("/admin/api/{asked}/graphql.json")))
            .header("X-Shopify-Access-Token", crate::support::TOKEN)
            .json(&json!({ "query": "{ shop { id } }" }))
            .send()
            .await
            .unwrap();
        let version = response.headers().get("x-shopify-api-version");
        assert_eq!(version.map(|version| version.to_str().unwrap()), answering);
    }
}

#[tokio::test]
async fn fields_fragments_aliases_and_directives_are_answered_as_asked() {
    let world = World::of(100).await;
    let query = "query Q($id: ID!, $with: Boolean!) {
        one: product(id: $id) { ...Card handle @include(if: $with) }
        node(id: $id) { __typename id ... on Product { title } ... on ProductVariant { sku } }
        nodes(ids: [$id, \"gid://shopify/Product/1\"]) { id }
    }
    fragment Card on Product { id name: title variants(first: 2) { edges { cursor node { id price } }
        pageInfo { hasNextPage hasPreviousPage } } }";
    let id = "gid://shopify/Product/7900000000003";

    let data = world.data(query, json!({ "id": id, "with": false })).await;

    let one = data["one"].as_object().unwrap();
    assert_eq!(one["id"], id);
    assert!(!one.contains_key("handle") && !one.contains_key("title"));
    let price = one["variants"]["edges"][0]["node"]["price"]
        .as_str()
        .unwrap();
    assert_eq!(price.split_once('.').unwrap().1.len(), 2);
    assert_eq!(data["node"]["__typename"], "Product");
    assert_eq!(data["node"]["title"], one["name"]);
    assert_eq!(data["nodes"], json!([{ "id": id }, null]));
}

#[tokio::test]
async fn fields_come_in_the_order_they_were_asked_for() {
    let world = World::of(100).await;
    let request = world.request("{ shop { name id email currencyCode } }", json!({}));
    let text = request.send().await.unwrap().text().await.unwrap();
    let places: Vec<_> = ["\"name\"", "\"id\"", "\"email\"", "\"currencyCode\""]
        .map(|key| text.find(key).unwrap())
        .into();
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test]
async fn cursors_lead_through_everything_exactly_once() {
    let world = World::of(1_500).await;
    let variants = "query($after: String) { page: productVariants(first: 97, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }";
    let by_update = "query($after: String) { page: products(first: 37, after: $after,
        sortKey: UPDATED_AT, reverse: true) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    let by_title = "query($after: String) { page: products(first: 41, after: $after,
        sortKey: TITLE) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    let truth: Vec<_> = world.shopify().truth(SHOP).unwrap().collect();
    let products: HashSet<_> = truth.iter().map(|variant| &variant.product_id).collect();

    for (query, expected) in [
        (variants, truth.len()),
        (by_update, products.len()),
        (by_title, products.len()),
    ] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = world.data(query, json!({ "after": after })).await["page"].take();
            let nodes = page["nodes"].as_array().unwrap().iter();
            seen.extend(nodes.map(|node| node["id"].as_str().unwrap().to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen.len(), expected);
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), expected);
    }
}

#[tokio::test]
async fn pages_can_be_read_backwards() {
    let world = World::of(300).await;
    let query = "query($before: String) { productVariants(last: 3, before: $before) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor } } }";
    let truth: Vec<_> = world
        .shopify()
        .truth(SHOP)
        .unwrap()
        .map(|v| v.variant_id)
        .collect();
    let ids = |page: &Value| -> Vec<String> {
        page["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n["id"].as_str().unwrap().to_owned())
            .collect()
    };

    let last = world.data(query, json!({})).await["productVariants"].take();
    let before = json!({ "before": last["pageInfo"]["startCursor"] });
    let previous = world.data(query, before).await["productVariants"].take();

    assert_eq!(ids(&last), truth[297..]);
    assert_eq!(ids(&previous), truth[294..297]);
    assert_eq!(last["pageInfo"]["hasNextPage"], false);
    assert_eq!(previous["pageInfo"]["hasPreviousPage"], true);
}

#[tokio::test]
async fn a_search_for_updates_finds_what_changed_since() {
    let world = World::of(1_000).await;
    let query = "query($query: String) { products(first: 50, query: $query, sortKey: UPDATED_AT) {
        nodes { id updatedAt variants(first: 50) { nodes { id price updatedAt } } } } }";
    let since = "updated_at:>'2026-09-21T14:13:20Z'";
    assert_eq!(
        world.data(query, json!({ "query": since })).await["products"]["nodes"],
        json!([])
    );

    world
        .server
        .sandbox()
        .clock()
        .advance(TimeDelta::minutes(10));
    let variant = world.shopify().truth(SHOP).unwrap().nth(500).unwrap();
    let change = Change::UpdateVariant {
        variant: variant.variant_id.clone(),
        price: Some("77.70".to_owned()),
        compare_at_price: None,
        sku: None,
        stock: None,
    };
    let changed = world.shopify().change(SHOP, change).unwrap();

    let found = world.data(query, json!({ "query": since })).await["products"]["nodes"].take();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["id"], changed.product_id);
    assert_eq!(found[0]["updatedAt"], "2026-09-21T14:23:20Z");
    let variants = found[0]["variants"]["nodes"].as_array().unwrap();
    let own = variants
        .iter()
        .find(|node| node["id"] == variant.variant_id)
        .unwrap();
    assert_eq!(own["price"], "77.70");
}

#[tokio::test]
async fn searches_combine_and_warn_of_fields_that_do_not_exist() {
    let world = World::with(ShopSettings {
        oddities: true,
        ..settings(2_000)
    })
    .await;
    let count = "query($query: String) { productsCount(query: $query, limit: null) { count } }";
    let of = async |query: &str| {
        world.data(count, json!({ "query": query })).await["productsCount"]["count"]
            .as_i64()
            .unwrap()
    };

    let (all, active) = (of("").await, of("status:active").await);
    assert!(0 < active && active < all, "{active} of {all}");
    assert_eq!(active + of("status:archived,draft").await, all);
    assert_eq!(of("status:active AND -status:active").await, 0);
    assert!(of("sku:DUPLICATE-001").await > 1);

    let answer = world.answer(count, json!({ "query": "colour:red" })).await;
    assert_eq!(
        answer["extensions"]["search"][0]["warnings"][0]["code"],
        "invalid_field"
    );
}

#[tokio::test]
async fn counts_stop_at_their_limit_and_say_so() {
    let world = World::of(500).await;
    let data = world
        .data("{ a: productVariantsCount { count precision } b: productVariantsCount(limit: 9) { count precision } }", json!({}))
        .await;
    assert_eq!(data["a"], json!({ "count": 500, "precision": "EXACT" }));
    assert_eq!(data["b"], json!({ "count": 9, "precision": "AT_LEAST" }));
}

#[tokio::test]
async fn mistakes_come_as_errors_inside_200() {
    let world = World::of(100).await;
    for (query, variables, code) in [
        ("{ shop { nope } }", json!({}), "undefinedField"),
        ("{ product { id } }", json!({}), "missingRequiredArguments"),
        (
            "query($id: ID!) { product(id: $id) { id } }",
            json!({}),
            "INVALID_VARIABLE",
        ),
        ("{ products { nodes { id } } }", json!({}), "BAD_REQUEST"),
        (
            "{ products(first: 251) { nodes { id } } }",
            json!({}),
            "BAD_REQUEST",
        ),
        (
            "{ products(first: 1, after: \"zz\") { nodes { id } } }",
            json!({}),
            "BAD_REQUEST",
        ),
        (
            "{ node(id: \"7\") { id } }",
            json!({}),
            "argumentLiteralsIncompatible",
        ),
    ] {
        let answer = world.answer(query, variables).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], code,
            "{query}: {answer}"
        );
    }
}

#[tokio::test]
async fn what_is_no_query_at_all_is_a_bad_request() {
    let world = World::of(100).await;
    let request = world.request("", json!({})).body("{");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 400);
    let body: Value = response.json().await.unwrap();
    assert_eq!(
        body,
        json!({ "errors": { "query": "Required parameter missing or invalid" } })
    );
}

#[tokio::test]
async fn without_its_scope_a_field_is_denied() {
    let world = World::of(100).await;
    let token = StaticToken {
        token: "shpat_poor".to_owned(),
        scopes: vec!["read_orders".to_owned()],
    };
    world.shopify().add_token(SHOP, "poor", token).unwrap();
    let world = world.token("shpat_poor");

    let denied = world
        .answer("{ products(first: 1) { nodes { id } } }", json!({}))
        .await;
    assert_eq!(denied["data"], Value::Null);
    assert_eq!(
        denied["errors"],
        json!([{
            "message": "Access denied for products field. Required access: `read_products` access scope.",
            "locations": [{ "line": 1, "column": 3 }],
            "path": ["products"],
            "extensions": {
                "code": "ACCESS_DENIED",
                "documentation": "https://shopify.dev/api/usage/access-scopes",
                "requiredAccess": "`read_products` access scope.",
            },
        }])
    );
    let partly = world
        .answer("{ shop { name } productsCount { count } }", json!({}))
        .await;
    assert_eq!(
        partly["data"],
        json!({ "shop": { "name": "acme" }, "productsCount": null })
    );
    let scopes = "{ currentAppInstallation { accessScopes { handle } } }";
    let data = world.data(scopes, json!({})).await;
    assert_eq!(
        data["currentAppInstallation"]["accessScopes"],
        json!([{ "handle": "read_orders" }])
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_in_shopifys_words() {
    let world = World::of(100).await.token("shpat_wrong");
    let response = world
        .request("{ shop { name } }", json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    let body: Value = response.json().await.unwrap();
    let words = "[API] Invalid API key or access token (unrecognized login or wrong password)";
    assert_eq!(body["errors"], words);
}

#[tokio::test]
async fn pictures_are_served_by_the_sandbox_itself() {
    let world = World::of(300).await;
    let query = "{ products(first: 20) { nodes { featuredMedia { __typename preview { image { url } } } } } }";
    let data = world.data(query, json!({})).await;
    let media = data["products"]["nodes"].as_array().unwrap();
    let url = media
        .iter()
        .find_map(|node| node["featuredMedia"]["preview"]["image"]["url"].as_str());
    let response = world.client.get(url.unwrap()).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/svg+xml");
    assert!(response.text().await.unwrap().starts_with("<svg"));
}
