//! Tables of prices: as spreadsheets write them, of any size, and broken off.

use std::fmt::Write as _;

use calibr_sandbox::amazon::SellerSettings;
use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Scene,
    goods::{items, listings, pushes, unique, woo},
    platforms::usual_store,
    until,
};

async fn upload(scene: &Scene, table: impl Into<Body>) -> Answer {
    let request = scene
        .client
        .request(Method::POST, &pushes("/import?reason=Table"))
        .header("content-type", "text/csv")
        .body(table);
    scene.client.send(request).await
}

/// Waits until a preview is ready, however long its table is.
async fn ready(scene: &Scene, push: &Value) -> Value {
    let path = pushes(&format!("/{}", push["id"].as_str().unwrap()));
    until("the preview is ready", async || {
        let push = scene.client.get(&path).await.expect(200);
        (push["status"] != "preparing").then_some(push)
    })
    .await
}

fn utf16(text: &str) -> Vec<u8> {
    let text = format!("\u{feff}{text}");
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test]
async fn tables_are_read_as_spreadsheets_write_them() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let sku = |place: usize| goods[place]["sku"].as_str().unwrap();
    let (a, b, c) = (sku(0), sku(1), sku(2));
    let plain = format!("{a};\"41,50\"\r\n\r\n{b};1.042,50\r\n{c};43\r\n");
    let mut ansi = format!("{plain}Gr").into_bytes();
    ansi.extend_from_slice(b"\xf6\xdfe;5,00");
    let tables: Vec<Vec<u8>> = vec![
        format!("\u{feff}{plain}").into_bytes(),
        utf16(&plain),
        ansi,
        plain.replace(';', "\t").replace("\r\n", "\r").into_bytes(),
        format!("sku,title,price,currency\n{a},\"Tent,\ngreen\",41.50,EUR\n{b},,\"1,042.50\",\n{c},,43,eur")
            .into_bytes(),
        format!("sep=;\nPrice;SKU\n41,50 €;{a}\nEUR 1 042,50;{b}\n43;{c}").into_bytes(),
    ];
    for table in tables {
        let shown = String::from_utf8_lossy(&table).into_owned();
        let push = upload(&scene, table).await.expect(201);
        assert_eq!(push["items_planned"], 3, "{shown:?}: {push}");
        let lines = items(&scene, &push).await;
        let prices: Vec<&Value> = lines
            .iter()
            .map(|line| &line["new_price"]["amount_minor"])
            .filter(|amount| amount.is_i64())
            .collect();
        assert_eq!(prices, [4_150, 104_250, 4_300], "{shown:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_of_the_line_and_of_no_other() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let sku = |place: usize| goods[place]["sku"].as_str().unwrap();
    let (a, b) = (sku(0), sku(1));
    let table = format!(
        "sku;price;currency\n\
         {a};41,50;EUR\n\
         {b};42,50;USD\n\
         {b};$42.50;\n\
         {b};;\n\
         \"{b};43,00;\n\
         {b};12 50;\n\
         NO-SUCH;1;\n\
         ;1;\n\
         {a};44,00;\n\
         {b};45,00;EUR\n"
    );
    let push = upload(&scene, table).await.expect(201);
    let told: Vec<(i64, String)> = items(&scene, &push)
        .await
        .iter()
        .map(|item| {
            let code = item["code"].as_str().unwrap_or("planned");
            (item["line"].as_i64().unwrap(), code.to_owned())
        })
        .collect();
    let told: Vec<(i64, &str)> = told
        .iter()
        .map(|(line, code)| (*line, code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "planned"),
            (3, "other_currency"),
            (4, "other_currency"),
            (5, "price_missing"),
            (6, "line_unreadable"),
            (7, "price_unreadable"),
            (8, "unknown_listing"),
            (9, "name_missing"),
            (10, "named_twice"),
            (11, "planned"),
        ]
    );
    let twice = items(&scene, &push).await.swap_remove(8);
    assert!(
        twice["message"].as_str().unwrap().contains("line 2"),
        "the first one counts: {twice}"
    );

    for (table, words) in [
        (&b"PK\x03\x04 a workbook"[..], "workbook"),
        (b"\x00\x01\x02\x03 a picture", "no text"),
        (b"\n\n", "no line"),
        (b"title;price\nTent;1", "none for the product"),
    ] {
        let problem = upload(&scene, table).await.problem(422, "invalid");
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_table_beyond_the_limit_is_refused_in_words() {
    let scene = Scene::of_platforms(SellerSettings::new("A2NOBODY12345"), usual_store(1)).await;
    const TOO_LONG: usize = 64 * 1024 * 1024 + 1;
    let announced = upload(&scene, vec![b'x'; TOO_LONG]).await;
    let parts = (0..65).map(|_| Ok::<_, std::convert::Infallible>(vec![b'\n'; 1024 * 1024]));
    let unannounced = Body::wrap_stream(futures::stream::iter(parts));
    for answer in [announced, upload(&scene, unannounced).await] {
        let problem = answer.problem(413, "too-large");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("64 MB") && detail.contains("divide"),
            "{detail}"
        );
    }
    let pasted = json!({ "prices": { "table": "x".repeat(1024 * 1024) } });
    let problem = scene
        .client
        .post(&pushes(""), &pasted)
        .await
        .problem(413, "too-large");
    assert!(
        problem["detail"].as_str().unwrap().contains("1 MiB"),
        "{problem}"
    );
    assert_eq!(scene.client.all(&pushes("")).await, [] as [Value; 0]);
}

/// Lines of the long table. The whole million takes a while in a build for tests:
/// `PRICE_TABLE_LINES=1000000` asks for it.
fn lines() -> usize {
    let asked = std::env::var("PRICE_TABLE_LINES").ok();
    asked.map_or(60_000, |asked| asked.parse().unwrap())
}

/// Gives the store so many listings more, of one variant, and their SKUs.
async fn stock(scene: &Scene, integration: &str, listings: usize) {
    scene
        .database
        .run(&format!(
            "INSERT INTO variants (project_id, id, product_id, origin_integration_id, title, sku,
                                   sku_key, created_at, updated_at)
             SELECT v.project_id, gen_random_uuid(), v.product_id, v.origin_integration_id, '',
                    'BULK-' || n, 'bulk-' || n, now(), now()
             FROM (SELECT * FROM variants WHERE origin_integration_id = '{integration}' LIMIT 1) v,
                  generate_series(1, {listings}) n;
             INSERT INTO listings (project_id, id, integration_id, external_id,
                                   external_product_id, product_id, variant_id, title, sku,
                                   price_minor, currency, state, record_hash, first_run_id,
                                   created_at, updated_at)
             SELECT v.project_id, gen_random_uuid(), '{integration}', v.sku, 'bulk', v.product_id,
                    v.id, '', v.sku, 500, 'EUR', 'active', '', gen_random_uuid(), now(), now()
             FROM variants v WHERE v.sku LIKE 'BULK-%';
             ANALYZE variants; ANALYZE listings;"
        ))
        .await;
}

#[tokio::test]
async fn a_very_long_table_is_taken_in_bit_by_bit() {
    let (scene, integration) = woo().await;
    let all = lines();
    // Every other line names nothing; each has a cell to pass over, so that the
    // table is nearly as long as one may be.
    let known = all / 2;
    stock(&scene, &integration, known).await;
    let padding = "x".repeat(((62 << 20) / all).saturating_sub(40));
    let mut table = String::with_capacity(64 << 20);
    for number in 1..=known {
        let _ = write!(
            table,
            "BULK-{number};{}.{:02};;{padding}\nNONE-{number};1;;{padding}\n",
            number % 900 + 6,
            number % 100,
        );
    }
    let size = table.len();
    assert!(size < 64 << 20);
    let before = scene.console.memory();
    let begun = tokio::time::Instant::now();
    let push = upload(&scene, table).await.expect(201);
    let push = ready(&scene, &push).await;
    let grown = scene.console.peak_memory().saturating_sub(before);
    println!(
        "{all} lines, {} MiB: {} s, {} MiB at the most, {} MiB more than before",
        size >> 20,
        begun.elapsed().as_secs(),
        scene.console.peak_memory() >> 20,
        grown >> 20,
    );
    let known = i64::try_from(known).unwrap();
    assert_eq!(push["status"], "preview", "{push}");
    assert_eq!(
        (
            &push["items_planned"],
            &push["items_refused"],
            &push["items_refused_unlisted"]
        ),
        (&json!(known), &json!(known), &json!(known - 10_000)),
        "{push}"
    );
    assert!(
        grown < 32 << 20,
        "a table of {size} bytes took {grown} bytes of memory"
    );

    // Looked at page by page, refused ones too.
    let page = |rest: &str| pushes(&format!("/{}/items?{rest}", push["id"].as_str().unwrap()));
    let first = scene.client.get(&page("limit=100")).await.expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 100);
    let next = first["next_cursor"].as_str().unwrap();
    let second = scene
        .client
        .get(&page(&format!("limit=100&cursor={next}")))
        .await
        .expect(200);
    assert_eq!(second["items"][0]["ordinal"], 100);
    let refused = scene.client.all(&page("status=refused")).await;
    assert_eq!(refused.len(), 10_000);
    assert_eq!(refused[9_999]["line"], 20_000);
}

#[tokio::test]
async fn a_preview_left_behind_by_a_killed_console_ends_and_says_so() {
    let (scene, _) = woo().await;
    let table = "NONE;1\n".repeat(1_000_000);
    let push = upload(&scene, table.clone()).await.expect(201);
    assert_eq!(push["status"], "preparing", "{push}");
    let path = pushes(&format!("/{}", push["id"].as_str().unwrap()));
    until("it says how far it is", async || {
        let push = scene.client.get(&path).await.expect(200);
        (push["items_read"].as_i64().unwrap() > 0).then_some(())
    })
    .await;
    // One that is thrown away stops, too.
    let other = upload(&scene, table).await.expect(201);
    let other = pushes(&format!("/{}", other["id"].as_str().unwrap()));
    let gone = scene.client.delete(&other).await.expect(200);
    assert_eq!(gone["status"], "discarded", "{gone}");

    let scene = scene.killed_and_started_again().await;
    assert_eq!(
        scene.client.get(&path).await.expect(200)["status"],
        "preparing"
    );
    scene
        .database
        .run("UPDATE price_pushes SET progress_at = progress_at - interval '2 minutes'")
        .await;
    let over = ready(&scene, &push).await;
    assert_eq!(over["status"], "discarded", "{over}");
    let error = over["error"].as_str().unwrap();
    assert!(error.contains("Nothing was sent"), "{error}");
    assert_eq!(items(&scene, &push).await, [] as [Value; 0]);
    let apply = format!("{path}/apply");
    scene
        .client
        .post(&apply, &json!({ "hash": "00" }))
        .await
        .problem(409, "conflict");
}

#[tokio::test]
async fn a_preview_that_nobody_applied_in_time_expires() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let table = format!("{};41", goods[0]["sku"].as_str().unwrap());
    let push = upload(&scene, table).await.expect(201);
    scene
        .database
        .run("UPDATE price_pushes SET created_at = created_at - interval '25 hours'")
        .await;
    let path = pushes(&format!("/{}", push["id"].as_str().unwrap()));
    until("it expired", async || {
        let push = scene.client.get(&path).await.expect(200);
        (push["status"] == "expired").then_some(())
    })
    .await;
    let hash = json!({ "hash": push["hash"] });
    let problem = scene
        .client
        .post(&format!("{path}/apply"), &hash)
        .await
        .problem(409, "conflict");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("more than a day old"), "{detail}");
    assert_eq!(items(&scene, &push).await.len(), 1, "still to be looked at");
    let pushed = Client::in_project(&format!(
        "listings/{}/price",
        goods[0]["id"].as_str().unwrap()
    ));
    assert_eq!(
        scene.client.get(&pushed).await.expect(200)["ledger"],
        Value::Null
    );
}
