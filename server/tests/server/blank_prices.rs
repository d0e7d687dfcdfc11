//! What is blank, unreadable or no price at all, tried at every door: none of it
//! reaches a platform, by the platforms' own counts.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, PROJECT, SHOP, Scene, TOKEN,
    goods::{apply, items, listings, minor, preview, pushes, settled, unique},
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, SELLER, STORE, seller_form, store_form,
        usual_seller, usual_store,
    },
};

/// As they stand in a cell; none of them is a price in euros.
const TEXTS: &[&str] = &[
    "",
    " ",
    "   ",
    "\u{a0}",
    "\u{feff}",
    "\u{200b}",
    "\u{200e}",
    "-",
    "--",
    "—",
    "+",
    ".",
    ",",
    "'",
    "€",
    "EUR",
    "€ -",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "1e999",
    "1e3",
    "1E-3",
    "-1e-9",
    "null",
    "NULL",
    "none",
    "undefined",
    "true",
    "n/a",
    "#N/A",
    "#REF!",
    "=1+1",
    "twelve",
    "abc",
    "TBD",
    "١٢",
    "１２",
    "Ⅻ",
    "½",
    "12,34,56",
    "1.2.3",
    "12..5",
    "12,,5",
    "12.",
    ".50",
    ",50",
    "1,23,456.00",
    "12 50",
    "12\u{a0}50",
    "12\u{202f}5",
    "0x10",
    "0b11",
    "--5",
    "-5",
    "−5",
    "-0",
    "-0.01",
    "0",
    "0.00",
    "0,00",
    "0.001",
    "12.345",
    "1.005",
    "(12.50)",
    "+12.50",
    "12.50-",
    "12/50",
    "12-50",
    "$12.50",
    "12.50 USD",
    "USD 12.50",
    "12.50 £",
    "€12.50€",
    "12.50 EUR EUR",
    "\u{200f}12.50",
    "12.50\u{200e}",
    "12\u{200b}.50",
    "\u{202e}05.21",
    "12\u{301}",
    "9999999999999999999",
    "92233720368547758.08",
    "99999999999999999999999999999999999999999999999999999999999999999999999999",
    "<b>12</b>",
    "'; DROP TABLE listings; --",
];

/// As they stand in JSON where an amount in minor units belongs.
const AMOUNTS: &[&str] = &[
    "null",
    "\"\"",
    "\" \"",
    "\"1250\"",
    "\"12.50\"",
    "12.5",
    "1.0",
    "1e999",
    "1e3",
    "-1e-9",
    "true",
    "[]",
    "[1250]",
    "{}",
    "NaN",
    "Infinity",
    "0x10",
    "--5",
    "1250.",
    ".5",
    "٣",
    "0",
    "-0",
    "-1",
    "-1250",
    "9223372036854775808",
    "-9223372036854775808",
    "99999999999999999999999999999",
    "",
];

/// A shop, a seller and a store, each connected, and one thing that all of them
/// sell.
struct Everywhere {
    scene: Scene,
    sku: String,
    goods: Vec<Value>,
    /// What each platform had been sent by then.
    before: [u64; 3],
}

impl Everywhere {
    async fn open() -> Self {
        let scene = Scene::of_platforms(usual_seller(12), usual_store(20)).await;
        scene.give_token("shpat_prices", "write_products,read_orders");
        let mut shop = Scene::form(SHOP, TOKEN);
        shop["credentials"]["access_token"] = json!("shpat_prices");
        let store = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
        let mut all = Vec::new();
        for form in [shop, seller_form(REFRESH_TOKEN), store] {
            let integration = scene.connect_by(&form).await;
            scene.newest_run_ended(&integration).await;
            all.extend(unique(listings(&scene, &integration).await));
        }
        let of = |sku: &Value| -> Vec<Value> {
            let of_it = all.iter().filter(|one| one["sku"] == *sku);
            of_it.cloned().collect()
        };
        let goods = all.iter().map(|one| of(&one["sku"])).find(|goods| {
            let cheap = |one: &Value| minor(&one["price"]) < 5_000;
            goods.len() == 3 && goods.iter().all(cheap)
        });
        let goods = goods.expect("the generated stores sell the same");
        scene.shop.forget_calls();
        let mut everywhere = Self {
            sku: goods[0]["sku"].as_str().unwrap().to_owned(),
            scene,
            goods,
            before: [0; 3],
        };
        // A store is asked whether it may be written to when it is connected.
        everywhere.before = everywhere.sent();
        everywhere
    }

    /// How many prices each platform was sent.
    fn sent(&self) -> [u64; 3] {
        let shop = &self.scene.shop;
        let calls = u64::try_from(shop.calls("CalibrUpdatePrices")).unwrap();
        let seller = shop.amazon().counters(SELLER).unwrap();
        let store = shop.woocommerce().counters(STORE).unwrap();
        assert_eq!(store.prices_spoiled, 0);
        let all = [
            calls,
            seller.prices_sent + seller.prices_tried,
            store.writes,
        ];
        [0, 1, 2].map(|place: usize| all[place] - self.before[place])
    }

    /// A preview with nothing to send, which is applied all the same.
    async fn comes_to_nothing(&self, push: &Value, refused: usize) {
        let told = items(&self.scene, push).await;
        let planned = told.iter().filter(|line| line["status"] != "refused");
        assert_eq!(
            (&push["items_planned"], &push["items_refused"]),
            (&json!(0), &json!(refused)),
            "{:#?}",
            planned.collect::<Vec<_>>()
        );
        for line in &told {
            let message = line["message"].as_str().unwrap_or_default();
            assert!(message.ends_with('.'), "{line}");
        }
        apply(&self.scene, push).await;
        settled(&self.scene, push).await;
    }
}

#[tokio::test]
async fn nothing_that_is_no_price_reaches_a_platform_by_any_door() {
    assert!(TEXTS.len() >= 50 && AMOUNTS.len() >= 25);
    let everywhere = Everywhere::open().await;
    let scene = &everywhere.scene;
    let client = &scene.client;
    let truths = || {
        (
            scene.shop.truth(),
            scene.shop.seller_truth(),
            scene.shop.store_truth(),
        )
    };
    let before = truths();

    // Pasted, by the page and by REST; uploaded as a file. A line is of three
    // listings.
    let sku = &everywhere.sku;
    let lines: Vec<String> = TEXTS.iter().map(|text| format!("{sku}\t{text}")).collect();
    let table = json!({ "table": lines.join("\n") });
    let push = preview(scene, table.clone()).await;
    everywhere.comes_to_nothing(&push, TEXTS.len() * 3).await;
    let wanted = json!({ "reason": "", "integration_id": null, "prices": table });
    let body = json!({ "project": PROJECT, "wanted": wanted });
    let push = client
        .post("/api/fn/preview_prices", &body)
        .await
        .expect(200);
    everywhere.comes_to_nothing(&push, TEXTS.len() * 3).await;
    let mut file = "sku;price;compare_at\n".to_owned();
    for text in TEXTS {
        file += &format!("\"{sku}\";\"{}\";\n", text.replace('"', "\"\""));
    }
    let request = client.request(Method::POST, &pushes("/import")).body(file);
    let push = client.send(request).await.expect(201);
    everywhere.comes_to_nothing(&push, TEXTS.len() * 3).await;

    // One price, by REST and by the page; several by REST.
    for listing in &everywhere.goods {
        let id = listing["id"].as_str().unwrap();
        for amount in AMOUNTS {
            let money = format!("{{\"amount_minor\":{amount},\"currency\":\"EUR\"}}");
            let price = Client::in_project(&format!("listings/{id}/price"));
            let doors = [
                (Method::PUT, price, format!("{{\"price\":{money}}}")),
                (
                    Method::POST,
                    "/api/fn/set_price".to_owned(),
                    format!(
                        "{{\"project\":\"{PROJECT}\",\"listing\":\"{id}\",\"wanted\":{{\"price\":{money}}}}}"
                    ),
                ),
            ];
            for (method, path, body) in doors {
                let request = client
                    .request(method, &path)
                    .header("content-type", "application/json")
                    .body(body.clone());
                let answer = client.send(request).await;
                assert!(
                    (400..500).contains(&answer.status),
                    "{path} took {body}: {}",
                    answer.text()
                );
            }
            let several = format!(
                "{{\"prices\":{{\"listings\":[{{\"listing_id\":\"{id}\",\"price\":{money}}}]}}}}"
            );
            let request = client
                .request(Method::POST, &pushes(""))
                .header("content-type", "application/json")
                .body(several);
            let answer = client.send(request).await;
            if answer.status == 201 {
                everywhere.comes_to_nothing(&answer.json(), 1).await;
            } else {
                assert!((400..500).contains(&answer.status), "{amount}");
            }
        }
    }

    // As a struck-through price.
    let texts = ["0", "-1", "abc", "NaN", "1e999", "0.001", "12 50", "$99"];
    let lines: Vec<String> = texts
        .iter()
        .map(|text| format!("{sku}\t1.00\t{text}"))
        .collect();
    let push = preview(scene, json!({ "table": lines.join("\n") })).await;
    everywhere.comes_to_nothing(&push, texts.len() * 3).await;

    // A share that leaves nothing.
    let change = json!({ "change": { "basis_points": -9_999, "search": sku } });
    let push = preview(scene, change).await;
    let of_it = items(scene, &push).await;
    let of_it: Vec<&Value> = of_it.iter().filter(|one| one["sku"] == **sku).collect();
    assert_eq!(of_it.len(), 3);
    for one in of_it {
        assert_eq!(one["code"], "price_not_positive", "{one}");
    }

    assert_eq!(everywhere.sent(), [0, 0, 0]);
    assert_eq!(truths(), before);

    // The doors are open: a price goes through.
    let push = preview(scene, json!({ "table": format!("{sku}\t12.34") })).await;
    apply(scene, &push).await;
    settled(scene, &push).await;
    let sent = everywhere.sent();
    assert!(sent.iter().all(|count| *count > 0), "{sent:?}");
}
