//! Prices as somebody sets them over HTTP.

use serde_json::{Value, json};

use super::{
    Client, Scene,
    platforms::{CONSUMER_KEY, CONSUMER_SECRET, store_form, usual_seller, usual_store},
    until,
};

/// An address below that of all price pushes.
pub(crate) fn pushes(rest: &str) -> String {
    Client::in_project(&format!("price-pushes{rest}"))
}

/// Asks for a preview of these prices.
pub(crate) async fn preview(scene: &Scene, prices: Value) -> Value {
    let wanted = json!({ "reason": "Autumn sale", "prices": prices });
    scene.client.post(&pushes(""), &wanted).await.expect(201)
}

/// The lines of a push.
pub(crate) async fn items(scene: &Scene, push: &Value) -> Vec<Value> {
    let path = pushes(&format!(
        "/{}/items?limit=250",
        push["id"].as_str().unwrap()
    ));
    let page = scene.client.get(&path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Applies a preview that was looked at.
pub(crate) async fn apply(scene: &Scene, push: &Value) -> Value {
    let path = pushes(&format!("/{}/apply", push["id"].as_str().unwrap()));
    let hash = json!({ "hash": push["hash"] });
    scene.client.post(&path, &hash).await.expect(202)
}

/// Waits for a push's end.
pub(crate) async fn settled(scene: &Scene, push: &Value) -> Value {
    let path = pushes(&format!("/{}", push["id"].as_str().unwrap()));
    until("the push came to its end", async || {
        let push = scene.client.get(&path).await.expect(200);
        push["completed_at"].is_string().then_some(push)
    })
    .await
}

/// The listings of a store that have a price.
pub(crate) async fn listings(scene: &Scene, integration: &str) -> Vec<Value> {
    let path = Client::in_project(&format!("listings?integration={integration}&limit=250"));
    let page = scene.client.get(&path).await.expect(200);
    let listings = page["items"].as_array().unwrap().clone();
    listings
        .into_iter()
        .filter(|listing| listing["price"].is_object())
        .collect()
}

/// An amount in minor units.
pub(crate) fn minor(money: &Value) -> i64 {
    money["amount_minor"].as_i64().unwrap()
}

/// A table of these listings by SKU, each with its price.
pub(crate) fn table(lines: &[(&Value, &str)]) -> Value {
    let lines: Vec<String> = lines
        .iter()
        .map(|(listing, price)| format!("{};{price}", listing["sku"].as_str().unwrap()))
        .collect();
    json!({ "table": lines.join("\n") })
}

/// Those of them whose SKU no other has, without a struck-through price.
pub(crate) fn unique(listings: Vec<Value>) -> Vec<Value> {
    let skus: Vec<Value> = listings.iter().map(|one| one["sku"].clone()).collect();
    let is_unique =
        |sku: &Value| sku.is_string() && skus.iter().filter(|other| *other == sku).count() == 1;
    listings
        .into_iter()
        .filter(|one| is_unique(&one["sku"]) && one["compare_at"].is_null())
        .collect()
}

/// A WooCommerce store that is connected, its first sync done.
pub(crate) async fn woo() -> (Scene, String) {
    let scene = Scene::of_platforms(usual_seller(1), usual_store(40)).await;
    let form = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let integration = scene.connect_by(&form).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    (scene, integration)
}
