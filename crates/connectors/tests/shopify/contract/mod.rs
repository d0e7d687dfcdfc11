//! Every document that the connector sends, and every answer the sandbox gives
//! to it, against the schemas that Shopify publishes.

mod conforms;
mod published;

use apollo_compiler::{
    ExecutableDocument,
    executable::{Selection, SelectionSet},
    request::coerce_variable_values,
    response::JsonMap,
    validation::Valid,
};
use calibr_connectors::{
    shopify::{DOCUMENTS, Document, Scopes},
    transport::{Request, Transport, graphql_body},
};
use calibr_sandbox::shopify::ShopSettings;
use http::HeaderName;
use serde_json::{Value, json};

use self::published::Published;
use crate::harness::{SHOP, Scene, TOKEN, transport, usual};

const VERSIONS: [&str; 2] = ["2026-07", "2026-10"];

fn parsed(published: &Published, document: &Document) -> Valid<ExecutableDocument> {
    ExecutableDocument::parse_and_validate(&published.schema, document.text, document.name)
        .unwrap_or_else(|errors| panic!("{}: {}", document.name, errors.errors))
}

fn selection(document: &ExecutableDocument) -> &SelectionSet {
    &document.operations.get(None).unwrap().selection_set
}

/// Goes through all fields: the type each belongs to, its name, and the type it
/// gives, which a fragment on it narrows down.
fn walk(selections: &SelectionSet, see: &mut impl FnMut(&str, &str, &str)) {
    for selection in &selections.selections {
        match selection {
            Selection::Field(field) => {
                let of = selections.ty.as_str();
                see(of, &field.name, field.ty().inner_named_type());
                for inner in &field.selection_set.selections {
                    if let Selection::InlineFragment(fragment) = inner {
                        see(of, &field.name, &fragment.selection_set.ty);
                    }
                }
                walk(&field.selection_set, see);
            }
            Selection::InlineFragment(fragment) => walk(&fragment.selection_set, see),
            Selection::FragmentSpread(_) => {
                panic!("the connector's documents name no fragments: {selection:?}")
            }
        }
    }
}

#[test]
fn every_document_is_valid_by_the_published_schemas() {
    for version in VERSIONS {
        let published = Published::version(version);
        for document in DOCUMENTS {
            let parsed = parsed(&published, document);
            let operation = parsed.operations.get(None).unwrap();
            let variables: JsonMap = match (document.example)() {
                Value::Null => JsonMap::default(),
                variables => serde_json::from_value(variables).unwrap(),
            };
            coerce_variable_values(&published.schema, operation, &variables)
                .unwrap_or_else(|error| panic!("{}: {}", document.name, error.message()));
            walk(selection(&parsed), &mut |of, field, _| {
                assert!(
                    !published.is_deprecated(of, field),
                    "{} asks for {of}.{field}, which is deprecated in {version}",
                    document.name,
                );
            });
        }
    }
}

/// What each field of the documents needs one of, with where it stands.
fn needed(published: &Published) -> Vec<(String, Vec<String>)> {
    let mut needed = Vec::new();
    for document in DOCUMENTS {
        walk(
            selection(&parsed(published, document)),
            &mut |of, field, gives| {
                let place = format!("{}: {of}.{field}", document.name);
                for any_of in published.needed_for(of, field, gives) {
                    needed.push((place.clone(), any_of.to_vec()));
                }
            },
        );
    }
    needed
}

#[test]
fn the_scopes_that_are_asked_for_open_every_field() {
    let ours = Scopes::wanted();
    for version in VERSIONS {
        let needed = needed(&Published::version(version));
        assert!(
            needed.len() > 20,
            "{} fields with scopes: is the scope data read at all?",
            needed.len()
        );
        for (place, any_of) in needed {
            assert!(
                any_of.iter().any(|scope| ours.permit(scope)),
                "{place} needs one of {any_of:?} in {version}"
            );
        }
    }
}

#[test]
fn the_catalogue_needs_no_more_than_reading_products() {
    let catalogue = [
        "CalibrIdentity",
        "CalibrCatalogueStart",
        "the exported query",
        "CalibrStartExport",
        "CalibrRecentExports",
        "CalibrExportStatus",
        "CalibrChangedProducts",
        "CalibrProductVariants",
    ];
    let ours = Scopes::needed();
    for (place, any_of) in needed(&Published::version(VERSIONS[0])) {
        let of_catalogue = catalogue.iter().any(|name| place.starts_with(name));
        assert!(
            !of_catalogue || any_of.iter().any(|scope| ours.permit(scope)),
            "{place} needs one of {any_of:?}"
        );
    }
}

#[test]
fn the_scopes_that_are_asked_for_are_all_needed() {
    let needed = needed(&Published::version(VERSIONS[0]));
    let wanted = Scopes::wanted();
    assert_eq!(wanted.joined(), "write_products,read_orders");
    for scope in wanted.joined().split(',') {
        let others = Scopes::of(wanted.joined().split(',').filter(|other| *other != scope));
        let missed = needed
            .iter()
            .any(|(_, any_of)| !any_of.iter().any(|scope| others.permit(scope)));
        assert!(missed, "nothing needs {scope}");
    }
}

/// The sandbox's API of one version.
struct Calls<'a> {
    scene: &'a Scene,
    transport: Transport,
    version: &'a str,
    published: Published,
}

impl Calls<'_> {
    /// Asks, and checks the form of the answer.
    async fn ask(&self, name: &str, variables: Value) -> Value {
        let document = DOCUMENTS
            .iter()
            .find(|document| document.name == name)
            .unwrap();
        let base = self.scene.server.base_url();
        let url = format!("{base}/{SHOP}/admin/api/{}/graphql.json", self.version);
        let request = Request::post_json(
            url.parse().unwrap(),
            &graphql_body(document.text, &variables),
        )
        .secret_header(
            HeaderName::from_static("x-shopify-access-token"),
            "",
            &TOKEN.into(),
        )
        .unwrap();
        let answer = self.transport.send(request).await.unwrap();
        assert_eq!(answer.header("x-shopify-api-version"), Some(self.version));
        let body: Value = answer.json().unwrap();
        assert!(body.get("errors").is_none(), "{name}: {body}");
        let cost = &body["extensions"]["cost"];
        let requested = cost["requestedQueryCost"].as_f64().unwrap();
        assert!(
            requested < 500.0,
            "{name} costs {requested} of the 1,000 a query may"
        );
        let parsed = parsed(&self.published, document);
        conforms::check(&self.published.schema, selection(&parsed), &body["data"]);
        body["data"].clone()
    }

    /// A product with more variants than come with it.
    async fn large_product(&self) -> Value {
        let mut variables = Self::example("CalibrChangedProducts");
        loop {
            let page = self.ask("CalibrChangedProducts", variables.clone()).await;
            let mut products = page["products"]["nodes"].as_array().unwrap().iter();
            let large =
                products.find(|product| product["variants"]["pageInfo"]["hasNextPage"] == true);
            if let Some(large) = large {
                return large.clone();
            }
            assert_eq!(
                page["products"]["pageInfo"]["hasNextPage"], true,
                "there is none"
            );
            variables["after"] = page["products"]["pageInfo"]["endCursor"].clone();
        }
    }

    fn example(name: &str) -> Value {
        let document = DOCUMENTS
            .iter()
            .find(|document| document.name == name)
            .unwrap();
        (document.example)()
    }
}

#[tokio::test]
async fn the_sandboxs_answers_have_the_published_form() {
    for version in VERSIONS {
        let scene = Scene::of(ShopSettings {
            variants: 1_500,
            orders: 120,
            oddities: true,
            ..usual()
        })
        .await;
        let calls = Calls {
            scene: &scene,
            transport: transport().allowing("127.0.0.1".parse().unwrap()).unwrap(),
            version,
            published: Published::version(version),
        };
        let example = |name| Calls::example(name);
        calls.ask("CalibrIdentity", example("CalibrIdentity")).await;
        calls
            .ask("CalibrCatalogueStart", example("CalibrCatalogueStart"))
            .await;

        let large = calls.large_product().await;
        let variants = json!({
            "product": large["id"], "after": large["variants"]["pageInfo"]["endCursor"],
        });
        calls.ask("CalibrProductVariants", variants).await;
        let none = json!({ "product": "gid://shopify/Product/1", "after": null });
        assert!(calls.ask("CalibrProductVariants", none).await["product"].is_null());

        let unknown = calls
            .ask("CalibrExportStatus", example("CalibrExportStatus"))
            .await;
        assert!(unknown["bulkOperation"].is_null());
        let started = calls
            .ask("CalibrStartExport", example("CalibrStartExport"))
            .await;
        let refused = calls
            .ask("CalibrStartExport", json!({ "query": "{ shop { id } }" }))
            .await;
        assert!(refused["bulkOperationRunQuery"]["bulkOperation"].is_null());
        calls
            .ask("CalibrRecentExports", example("CalibrRecentExports"))
            .await;
        let id = &started["bulkOperationRunQuery"]["bulkOperation"]["id"];
        let mut state = Value::Null;
        for _ in 0..10 {
            state = calls.ask("CalibrExportStatus", json!({ "id": id })).await;
            if state["bulkOperation"]["status"] == "COMPLETED" {
                break;
            }
        }
        prices(&calls).await;
        orders(&calls).await;
        webhooks(&calls).await;
        let url = state["bulkOperation"]["url"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let file = calls.transport.send(Request::get(url)).await.unwrap();
        check_file(&calls.published, &file.text());
    }
}

async fn prices(calls: &Calls<'_>) {
    let ask = async |name, variables| calls.ask(name, variables).await;
    ask("CalibrShopCurrency", json!({})).await;
    let variant = calls.scene.truth().into_values().next().unwrap();
    let gone = "gid://shopify/ProductVariant/1";
    let ids = json!({ "ids": [variant.variant_id, gone] });
    let seen = ask("CalibrListingPrices", ids).await;
    assert_eq!(seen["nodes"][0]["price"], variant.price);
    assert!(seen["nodes"][1].is_null());
    let update = |variants: Value| json!({ "product": variant.product_id, "variants": variants });
    let taken = json!({ "id": variant.variant_id, "price": "9.95", "compareAtPrice": null });
    let refused = json!({ "id": gone, "price": "9.95" });
    let set = ask("CalibrUpdatePrices", update(json!([refused, taken]))).await;
    let set = &set["productVariantsBulkUpdate"];
    assert_eq!(set["productVariants"][0]["price"], "9.95");
    assert_eq!(
        set["userErrors"][0]["field"],
        json!(["variants", "0", "id"])
    );
    ask("CalibrUpdatePrices", Calls::example("CalibrUpdatePrices")).await;
}

async fn orders(calls: &Calls<'_>) {
    let mut variables = Calls::example("CalibrChangedOrders");
    let mut refunded = 0;
    let mut long = 0;
    loop {
        let page = calls.ask("CalibrChangedOrders", variables.clone()).await;
        for order in page["orders"]["nodes"].as_array().unwrap() {
            if order["totalRefundedSet"]["shopMoney"]["amount"] != "0.0" {
                refunded += 1;
                let refunds = json!({ "order": order["id"] });
                let refunds = calls.ask("CalibrOrderRefunds", refunds).await;
                assert!(!refunds["order"]["refunds"].as_array().unwrap().is_empty());
            }
            let end = &order["lineItems"]["pageInfo"];
            if end["hasNextPage"] == true {
                long += 1;
                let lines = json!({ "order": order["id"], "after": end["endCursor"] });
                calls.ask("CalibrOrderLines", lines).await;
            }
        }
        if page["orders"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        variables["after"] = page["orders"]["pageInfo"]["endCursor"].clone();
    }
    assert!(refunded > 0 && long > 0, "{refunded} refunded, {long} long");
    for name in ["CalibrOrderLines", "CalibrOrderRefunds"] {
        assert!(calls.ask(name, Calls::example(name)).await["order"].is_null());
    }
}

async fn webhooks(calls: &Calls<'_>) {
    let ask = async |name| calls.ask(name, Calls::example(name)).await;
    let created = ask("CalibrCreateWebhook").await;
    let id = &created["webhookSubscriptionCreate"]["webhookSubscription"]["id"];
    let again = ask("CalibrCreateWebhook").await;
    assert!(again["webhookSubscriptionCreate"]["webhookSubscription"].is_null());
    let listed = ask("CalibrWebhooks").await;
    assert_eq!(listed["webhookSubscriptions"]["nodes"][0]["id"], *id);
    let deleted = calls.ask("CalibrDeleteWebhook", json!({ "id": id })).await;
    assert_eq!(
        deleted["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"],
        *id
    );
    ask("CalibrDeleteWebhook").await;
}

/// Every line of an export is of the form that the exported query asks for.
fn check_file(published: &Published, file: &str) {
    let document = DOCUMENTS
        .iter()
        .find(|document| document.name == "the exported query")
        .unwrap();
    let parsed = parsed(published, document);
    let products = node(selection(&parsed), "products");
    let variants = node(products, "variants");
    let mut counts = (0, 0);
    for line in file.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line.get("__parentId").is_some() {
            conforms::check_line(&published.schema, variants, &line, true);
            counts.1 += 1;
        } else {
            conforms::check_line(&published.schema, products, &line, false);
            counts.0 += 1;
        }
    }
    assert!(counts.0 > 100 && counts.1 == 1_500, "{counts:?}");
}

/// What is asked of each item of a connection.
fn node<'a>(of: &'a SelectionSet, connection: &str) -> &'a SelectionSet {
    let inner = |of: &'a SelectionSet, name: &str| {
        of.selections
            .iter()
            .find_map(|selection| match selection {
                Selection::Field(field) if field.name == name => Some(&field.selection_set),
                _ => None,
            })
            .unwrap()
    };
    inner(inner(inner(of, connection), "edges"), "node")
}
