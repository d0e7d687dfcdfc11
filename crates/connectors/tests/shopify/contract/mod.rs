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

/// Goes through all fields with the type they belong to.
fn walk(
    selections: &SelectionSet,
    see: &mut impl FnMut(&str, &apollo_compiler::executable::Field),
) {
    for selection in &selections.selections {
        let Selection::Field(field) = selection else {
            panic!("the connector's documents have fields only, not {selection:?}");
        };
        see(selections.ty.as_str(), field);
        walk(&field.selection_set, see);
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
            walk(selection(&parsed), &mut |of, field| {
                assert!(
                    !published.is_deprecated(of, &field.name),
                    "{} asks for {of}.{}, which is deprecated in {version}",
                    document.name,
                    field.name
                );
            });
        }
    }
}

#[test]
fn the_scopes_that_are_asked_for_open_every_field() {
    let ours = Scopes::needed();
    for version in VERSIONS {
        let published = Published::version(version);
        let mut checked = 0;
        for document in DOCUMENTS {
            walk(
                selection(&parsed(&published, document)),
                &mut |of, field| {
                    let gives = field.ty().inner_named_type().as_str();
                    for any_of in published.needed_for(of, &field.name, gives) {
                        checked += 1;
                        assert!(
                            any_of.iter().any(|scope| ours.permit(scope)),
                            "{}: {of}.{} needs one of {any_of:?} in {version}",
                            document.name,
                            field.name
                        );
                    }
                },
            );
        }
        assert!(
            checked > 10,
            "{checked} fields with scopes: is the scope data read at all?"
        );
    }
}

#[test]
fn the_scopes_that_are_asked_for_are_all_needed() {
    let published = Published::version(VERSIONS[0]);
    let mut used = false;
    for document in DOCUMENTS {
        walk(
            selection(&parsed(&published, document)),
            &mut |of, field| {
                let gives = field.ty().inner_named_type().as_str();
                used |= published
                    .needed_for(of, &field.name, gives)
                    .iter()
                    .any(|any_of| *any_of == ["read_products"]);
            },
        );
    }
    assert!(used, "nothing needs read_products alone");
    assert_eq!(Scopes::needed().joined(), "read_products");
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
        let url = state["bulkOperation"]["url"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let file = calls.transport.send(Request::get(url)).await.unwrap();
        check_file(&calls.published, &file.text());
    }
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
