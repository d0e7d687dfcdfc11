//! A seller on Amazon: connected both ways, imported, kept up.

use calibr_sandbox::amazon::{ListingChange, SellerSettings};
use serde_json::{Value, json};

use crate::support::{
    Client, Scene,
    consent::{self, complaint},
    platforms::{
        CLIENT_SECRET, REFRESH_TOKEN, SELLER, begin_amazon, seller_form, shown, usual_seller,
        usual_store,
    },
    until,
};

async fn scene(listings: u32) -> Scene {
    Scene::of_platforms(usual_seller(listings), usual_store(1)).await
}

async fn consented(scene: &Scene) -> String {
    let page = begin_amazon(&scene.client).await;
    let confirm = [("decision", "confirm"), ("seller", SELLER)];
    let back = consent::answer(&scene.client, &page, &confirm).await;
    consent::connected(&scene.client.get(&back).await)
}

async fn assert_all_there(scene: &Scene) {
    assert_eq!(
        shown(&scene.client, "amazon").await,
        scene.shop.seller_truth()
    );
    let counters = scene.shop.amazon().counters(SELLER).unwrap();
    assert!(!counters.exceeded, "{counters:?}");
    assert!(!counters.personal_data_asked && counters.deprecated == 0);
}

fn calls(scene: &Scene, operation: &str) -> u64 {
    let counters = scene.shop.amazon().counters(SELLER).unwrap();
    let calls = counters.operations.get(operation);
    calls.map_or(0, |calls| calls.calls)
}

#[tokio::test]
async fn consent_connects_and_everything_arrives_and_later_only_what_changed() {
    let seller = SellerSettings {
        oddities: true,
        ..usual_seller(300)
    };
    let scene = Scene::of_platforms(seller, usual_store(1)).await;
    let integration = consented(&scene).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_all_there(&scene).await;
    let card = scene.integration(&integration).await;
    assert_eq!(
        (&card["name"], &card["address"], &card["status"]),
        (
            &json!("Acme on amazon.de"),
            &json!(format!("amazon.de ({SELLER})")),
            &json!("connected")
        )
    );

    let (sku, _) = scene.shop.seller_truth().into_iter().nth(150).unwrap();
    let change = ListingChange::Update {
        sku,
        price: Some("123.45".to_owned()),
        stock: None,
        title: None,
    };
    scene.shop.amazon().change(SELLER, change).unwrap();
    let run = scene.sync(&integration, "incremental").await;
    assert_eq!(
        (&run["status"], &run["items_created"]),
        (&json!("success"), &json!(0)),
        "{run}"
    );
    let read = run["items_synced"].as_i64().unwrap();
    assert!((1..10).contains(&read), "not everything was read: {run}");
    assert_eq!(calls(&scene, "createReport"), 1, "the first import's");
    assert_all_there(&scene).await;
}

#[tokio::test]
async fn by_hand_a_refresh_token_is_enough_and_goes_on_working() {
    let scene = scene(40).await;
    let tested = scene.test_form(&seller_form(REFRESH_TOKEN)).await;
    assert_eq!(
        (&tested["ok"], &tested["store_name"], &tested["currency"]),
        (&json!(true), &json!("Acme on amazon.de"), &json!("EUR")),
        "{tested}"
    );
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    scene.shop.amazon().expire_tokens(SELLER).unwrap();
    let run = scene.sync(&integration, "full").await;
    assert_eq!(run["status"], "success", "{run}");
    assert_all_there(&scene).await;

    scene.shop.amazon().revoke_tokens(SELLER).unwrap();
    assert_eq!(scene.test(&integration).await["ok"], false);
    assert_eq!(scene.integration(&integration).await["status"], "expired");
    // Consent gives the same store new credentials.
    assert_eq!(consented(&scene).await, integration);
    scene.newest_run_ended(&integration).await;
    assert_eq!(scene.integration(&integration).await["status"], "connected");
    assert_eq!(scene.test(&integration).await["ok"], true);
    let mut everything = scene.console.log();
    everything += &scene.integration(&integration).await.to_string();
    for secret in ["Atzr|", "Atza|", CLIENT_SECRET] {
        assert!(
            !everything.contains(secret),
            "{secret} stands in {everything}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words_and_nothing_is_kept() {
    let scene = scene(1).await;
    let integrations = Client::in_project("integrations");
    let with = |field: &str, value: &str| {
        let mut form = seller_form(REFRESH_TOKEN);
        form["config"][field] = json!(value);
        form
    };
    let refused = scene.test_form(&seller_form("Atzr|another")).await;
    assert_eq!(refused["ok"], false);
    for (form, status, kind, words) in [
        (
            seller_form("Atzr|another"),
            502,
            "platform",
            "refresh token",
        ),
        (
            with("marketplace_id", "amazon.example"),
            422,
            "invalid",
            "amazon.example",
        ),
        (with("seller_id", "B123"), 422, "invalid", "merchant token"),
        (
            with("marketplace_id", "amazon.com"),
            502,
            "platform",
            "North America",
        ),
    ] {
        let answer = scene.client.post(&integrations, &form).await;
        let problem = answer.problem(status, kind);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }
    assert!(scene.client.all(&integrations).await.is_empty());

    let page = begin_amazon(&scene.client).await;
    let back = consent::answer(&scene.client, &page, &[("decision", "cancel")]).await;
    let told = complaint(&scene.client.get(&back).await);
    assert!(told.contains("declined"), "{told}");
    assert!(scene.client.all(&integrations).await.is_empty());
}

#[tokio::test]
async fn without_an_application_one_click_is_off_and_sellers_bring_their_own() {
    let mut scene = scene(5).await;
    let launch = scene.launch.clone();
    scene.launch = ["APPLICATION_ID", "CLIENT_ID", "CLIENT_SECRET"]
        .iter()
        .fold(launch, |launch, name| {
            launch.variable(format!("AMAZON_{name}"), "")
        });
    scene.console = scene.launch.start().await;
    let client = scene.console.client();
    client.set_cookie(&scene.client.cookie().unwrap());
    scene.client = client;

    let platforms = scene.client.get("/api/platforms").await.expect(200);
    let of = |id: &str| -> Value {
        let all = platforms["items"].as_array().unwrap().iter();
        all.clone().find(|one| one["id"] == id).unwrap().clone()
    };
    let amazon = of("amazon");
    assert_eq!(amazon["one_click_ready"], false);
    let required = amazon["credential_fields"].as_array().unwrap().iter();
    assert!(required.clone().all(|field| field["required"] == true));
    scene
        .client
        .get("/api/oauth/amazon/start?project=acme&marketplace_id=amazon.de")
        .await
        .problem(503, "unavailable");

    let mut form = seller_form(REFRESH_TOKEN);
    form["credentials"]["client_id"] = json!("amzn1.application-oa2-client.calibr-test");
    form["credentials"]["client_secret"] = json!(CLIENT_SECRET);
    let integration = scene.connect_by(&form).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
}

#[tokio::test]
async fn what_others_ask_is_looked_at_after_a_sync() {
    let scene = scene(6).await;
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let looked = "SELECT count(*) FROM competitor_looks";
    until("all listings were looked at", async || {
        let on_sale = "SELECT count(*) FROM listings WHERE state = 'active'";
        let (looked, on_sale) = (
            scene.database.number(looked).await,
            scene.database.number(on_sale).await,
        );
        (on_sale > 0 && looked == on_sale).then_some(())
    })
    .await;
    let listings = scene.client.all(&Client::in_project("listings")).await;
    let mut found = 0;
    for listing in &listings {
        let id = listing["id"].as_str().unwrap();
        let path = Client::in_project(&format!("listings/{id}/competitors"));
        let offers = scene.client.get(&path).await.expect(200);
        for offer in offers.as_array().unwrap() {
            found += 1;
            assert_ne!(offer["seller"], SELLER, "{offer}");
            assert!(
                offer["price"]["amount_minor"].as_i64().unwrap() > 0,
                "{offer}"
            );
        }
    }
    assert!(
        found > 0,
        "no offer was found for {} listings",
        listings.len()
    );
}
