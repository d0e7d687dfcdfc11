//! What must not be found anywhere.

use calibr_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{
    API_SECRET, Client, KEY, OWNER, PASSWORD, PROJECT, SHOP, Scene, TOKEN, usual_shop,
};

/// Every value of every table, as text; bytes in hex and as they stand.
async fn everything_stored(scene: &Scene) -> String {
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let tables: Vec<(String,)> = scene.database.rows(tables).await;
    assert!(tables.len() > 15, "{tables:?}");
    let mut all = String::new();
    for (table,) in tables {
        let rows = format!("SELECT t::text FROM {table} AS t");
        for (row,) in scene.database.rows::<(String,)>(&rows).await {
            all.push_str(&row);
            all.push('\n');
        }
    }
    all
}

#[tokio::test]
async fn no_secret_is_logged_answered_or_stored_in_clear() {
    let mut scene = Scene::of(usual_shop(60)).await;
    // The same again, saying all it has to say.
    scene.launch = scene.launch.clone().variable("LOG", "debug");
    scene.console = scene.launch.start().await;
    scene.shop.register(&scene.console);
    let client = scene.console.client();
    client
        .sign_in(OWNER, "not the password")
        .await
        .problem(401, "unauthenticated");
    client.sign_in(OWNER, PASSWORD).await.expect(200);
    scene.client = client;

    let wrong_token = "shpat_eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
    let mut answers = String::new();
    let integrations = Client::in_project("integrations");
    for token in [wrong_token, TOKEN] {
        let answer = scene
            .client
            .post(&integrations, &Scene::form(SHOP, token))
            .await;
        answers += &answer.text();
    }
    let integration = scene.client.all(&integrations).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    scene.newest_run_ended(&integration).await;
    scene
        .client
        .delete(&Scene::at(&integration, ""))
        .await
        .expect(200);
    let consent = scene.shop.begin(&scene.client).await;
    let callback = scene.shop.answer(&scene.client, &consent, "install").await;
    let callback: url::Url = callback.parse().unwrap();
    scene.client.get(callback.as_str()).await;
    scene.newest_run_ended(&integration).await;
    scene.shop.shopify().expire_tokens(SHOP).unwrap();
    scene.test(&integration).await;
    let lines = FaultKind::MalformedLines {
        lines: vec![3],
        truncate_last: false,
    };
    scene.shop.fails(Fault::once(lines));
    scene.sync(&integration, "full").await;
    scene.shop.shopify().revoke_tokens(SHOP).unwrap();
    let failed = scene.sync(&integration, "full").await;

    for path in [
        integrations.clone(),
        Scene::at(&integration, ""),
        Scene::at(&integration, "/syncs"),
        Scene::at(
            &integration,
            &format!("/syncs/{}/failures", failed["id"].as_str().unwrap()),
        ),
        Client::in_project("products"),
        Client::in_project("listings"),
        "/api/auth/me".to_owned(),
        "/api/platforms".to_owned(),
        "/api/health".to_owned(),
    ] {
        answers += &scene.client.get(&path).await.text();
    }
    let body = json!({ "project": PROJECT, "id": integration });
    answers += &scene
        .client
        .post("/api/fn/integration_config", &body)
        .await
        .text();
    answers += &Value::to_string(&scene.test(&integration).await);

    let cookie = scene.client.cookie().unwrap();
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    let of_callback = |wanted: &str| {
        let found = callback.query_pairs().find(|(name, _)| name == wanted);
        found.unwrap().1.into_owned()
    };
    let (code, hmac, state) = (
        of_callback("code"),
        of_callback("hmac"),
        of_callback("state"),
    );
    let mut secrets = vec![
        TOKEN,
        wrong_token,
        API_SECRET,
        PASSWORD,
        "not the password",
        KEY,
        &cookie,
        &code,
        &hmac,
        &state,
    ];
    let database: url::Url = scene.database.url().parse().unwrap();
    let database_password = database.password().unwrap_or_default().to_owned();
    if database_password.len() > 8 {
        secrets.push(&database_password);
    }
    let log = scene.console.log();
    let stored = everything_stored(&scene).await;
    assert!(log.contains("DEBUG") && stored.contains(SHOP) && answers.contains(&integration));
    let tokens = ["shpat_", "shprt_"].into_iter().flat_map(|begin| {
        "0123456789abcdef"
            .chars()
            .map(move |digit| format!("{begin}{digit}"))
    });
    let tokens: Vec<String> = tokens.collect();
    secrets.extend(tokens.iter().map(String::as_str));
    for secret in secrets {
        // Bytes are written in hex.
        let in_hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (place, text) in [("log", &log), ("answers", &answers), ("database", &stored)] {
            for written in [secret, &in_hex] {
                let around = text.find(written).map(|at| {
                    let lines = &text[..at];
                    let begin = lines.rfind('\n').map_or(0, |line| line + 1);
                    text[begin..].lines().next().unwrap_or_default().to_owned()
                });
                assert_eq!(around, None, "{written} stands in the {place}");
            }
        }
    }
}
