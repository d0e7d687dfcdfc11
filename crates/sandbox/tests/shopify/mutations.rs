//! Changes by clients: prices, inventory items, webhook subscriptions.

use serde_json::{Value, json};

use crate::support::{SHOP, World};

const UPDATE: &str = "mutation($id: ID!, $variants: [ProductVariantsBulkInput!]!, $partly: Boolean) {
    update: productVariantsBulkUpdate(productId: $id, variants: $variants, allowPartialUpdates: $partly) {
        product { id updatedAt } productVariants { id price compareAtPrice }
        userErrors { field message code } } }";

impl World {
    /// The ids of a product with several variants, and of its first two variants.
    fn product(&self) -> (String, String, String) {
        let truth: Vec<_> = self.shopify().truth(SHOP).unwrap().collect();
        let pair = truth
            .windows(2)
            .find(|pair| pair[0].product_id == pair[1].product_id)
            .unwrap();
        (
            pair[0].product_id.clone(),
            pair[0].variant_id.clone(),
            pair[1].variant_id.clone(),
        )
    }

    async fn update(&self, id: &str, variants: Value, partly: bool) -> Value {
        let variables = json!({ "id": id, "variants": variants, "partly": partly });
        self.data(UPDATE, variables).await["update"].take()
    }
}

#[tokio::test]
async fn prices_are_changed_and_stay_changed() {
    let world = World::of(100).await;
    let (product, first, second) = world.product();
    let variants = json!([
        { "id": first, "price": "12.5", "compareAtPrice": "20" },
        { "id": second, "price": 7, "compareAtPrice": null },
    ]);

    let update = world.update(&product, variants, false).await;

    assert_eq!(update["userErrors"], json!([]));
    assert_eq!(update["product"]["updatedAt"], "2026-09-21T14:13:20Z");
    let changed = json!([
        { "id": first, "price": "12.50", "compareAtPrice": "20.00" },
        { "id": second, "price": "7.00", "compareAtPrice": null },
    ]);
    assert_eq!(update["productVariants"], changed);
    let truth = world
        .shopify()
        .truth(SHOP)
        .unwrap()
        .find(|v| v.variant_id == first)
        .unwrap();
    assert_eq!(
        (truth.price.as_str(), truth.updated_at.as_str()),
        ("12.50", "2026-09-21T14:13:20Z")
    );
}

#[tokio::test]
async fn a_wrong_input_stops_all_unless_partial_updates_are_allowed() {
    let world = World::of(100).await;
    let (product, first, second) = world.product();
    let variants = json!([{ "id": first, "price": "-1" }, { "id": second, "price": "3" }]);
    let before = world.shopify().digest(SHOP).unwrap();
    let expected = json!([{
        "field": ["variants", "0", "price"],
        "message": "Price must be greater than or equal to 0",
        "code": "GREATER_THAN_OR_EQUAL_TO",
    }]);

    let refused = world.update(&product, variants.clone(), false).await;
    assert_eq!(refused["userErrors"], expected);
    assert_eq!(refused["productVariants"], Value::Null);
    assert_eq!(world.shopify().digest(SHOP).unwrap(), before);

    let partly = world.update(&product, variants, true).await;
    assert_eq!(partly["userErrors"], expected);
    assert_eq!(partly["productVariants"][0]["id"], second);
    assert_ne!(world.shopify().digest(SHOP).unwrap(), before);
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let world = World::of(100).await;
    let (product, first, _) = world.product();
    let stranger = json!([{ "id": "gid://shopify/ProductVariant/1", "price": "1" }]);

    let unknown = world
        .update("gid://shopify/Product/1", json!([{ "id": first }]), false)
        .await;
    assert_eq!(unknown["userErrors"][0]["code"], "PRODUCT_DOES_NOT_EXIST");
    let variant = world.update(&product, stranger, false).await;
    assert_eq!(
        variant["userErrors"][0]["code"],
        "PRODUCT_VARIANT_DOES_NOT_EXIST"
    );
    let without_id = world
        .update(&product, json!([{ "price": "1" }]), false)
        .await;
    assert_eq!(
        without_id["userErrors"][0]["code"],
        "PRODUCT_VARIANT_ID_MISSING"
    );
}

#[tokio::test]
async fn inputs_that_make_no_sense_are_errors_of_the_request() {
    let world = World::of(100).await;
    let (product, first, _) = world.product();
    let many = vec![json!({ "id": first, "price": "1" }); 251];
    for (variants, code) in [
        (json!([{ "id": first, "price": "abc" }]), "INVALID_VARIABLE"),
        (json!(many), "MAX_INPUT_SIZE_EXCEEDED"),
        (json!([{ "id": first, "cost": "1" }]), "INVALID_VARIABLE"),
    ] {
        let variables = json!({ "id": product, "variants": variants });
        let answer = world.answer(UPDATE, variables).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
    }
}

#[tokio::test]
async fn cost_goes_through_the_inventory_item() {
    let world = World::of(100).await;
    let (_, first, _) = world.product();
    let read = "query($id: ID!) { productVariant(id: $id) { inventoryItem { id unitCost { amount currencyCode } } } }";
    let item =
        world.data(read, json!({ "id": first })).await["productVariant"]["inventoryItem"].take();
    let write = "mutation($id: ID!, $input: InventoryItemInput!) { inventoryItemUpdate(id: $id, input: $input)
        @idempotent(key: \"one\") { inventoryItem { unitCost { amount } } userErrors { field message } } }";

    let variables = json!({ "id": item["id"], "input": { "cost": "4.20" } });
    let answer = world.data(write, variables).await["inventoryItemUpdate"].take();

    assert_eq!(
        answer,
        json!({ "inventoryItem": { "unitCost": { "amount": "4.2" } }, "userErrors": [] })
    );
}

#[tokio::test]
async fn webhook_subscriptions_are_made_listed_changed_and_ended() {
    let world = World::of(100).await;
    let create = "mutation($uri: String!) { made: webhookSubscriptionCreate(topic: PRODUCTS_UPDATE,
        webhookSubscription: { uri: $uri }) { webhookSubscription { id topic uri format apiVersion { handle } }
        userErrors { field message } } }";
    let uri = json!({ "uri": "https://console.example/api/webhooks/shopify/1" });

    let made = world.data(create, uri.clone()).await["made"].take();
    assert_eq!(made["userErrors"], json!([]));
    let id = made["webhookSubscription"]["id"].clone();
    let again = world.data(create, uri).await["made"].take();
    assert_eq!(
        again["userErrors"][0]["message"],
        "Address for this topic has already been taken"
    );
    let plain = world
        .data(create, json!({ "uri": "http://console.example/" }))
        .await["made"]
        .take();
    assert_eq!(plain["webhookSubscription"], Value::Null);

    let update = "mutation($id: ID!) { webhookSubscriptionUpdate(id: $id,
        webhookSubscription: { includeFields: [\"id\"] }) { webhookSubscription { uri includeFields } } }";
    let changed = world.data(update, json!({ "id": id })).await["webhookSubscriptionUpdate"].take();
    assert_eq!(
        changed["webhookSubscription"]["includeFields"],
        json!(["id"])
    );
    assert_eq!(
        changed["webhookSubscription"]["uri"],
        made["webhookSubscription"]["uri"]
    );

    let list =
        "{ webhookSubscriptions(first: 10) { nodes { id } } webhookSubscriptionsCount { count } }";
    assert_eq!(
        world.data(list, json!({})).await["webhookSubscriptions"]["nodes"],
        json!([{ "id": id }])
    );
    let delete = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) {
        deletedWebhookSubscriptionId userErrors { message } } }";
    let deleted = world.data(delete, json!({ "id": id })).await["webhookSubscriptionDelete"].take();
    assert_eq!(deleted["deletedWebhookSubscriptionId"], id);
    assert_eq!(
        world.data(list, json!({})).await["webhookSubscriptionsCount"]["count"],
        0
    );
}
