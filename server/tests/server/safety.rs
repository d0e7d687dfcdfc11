//! What keeps other sites out.

use reqwest::Method;
use serde_json::json;

use crate::support::{Client, Console, Launch, OWNER, PASSWORD, fresh_database};

#[tokio::test]
async fn every_kind_of_answer_carries_the_safety_headers() {
    let console = Console::fresh().await;
    let client = console.set_up().await;
    let answers = [
        client.get("/").await,
        client.get("/favicon.svg").await,
        client.get("/missing.js").await,
        client.get("/api/health").await,
        client.get("/api/auth/me").await,
        client.get("/api/docs").await,
        client.get("/api/no-such-thing").await,
        client.get("/api/auth/login").await,
        client.post("/api/fn/me", &json!({})).await,
        client.post("/api/auth/login", &json!([])).await,
        client.get("/api/oauth/shopify/callback?state=x").await,
    ];
    for answer in answers {
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert!(
            !answer.header("referrer-policy").is_empty()
                && !answer.header("permissions-policy").is_empty()
        );
        assert_eq!(answer.header("x-request-id").len(), 32);
        assert_eq!(
            answer.header("strict-transport-security"),
            "",
            "not over plain http"
        );
    }
}

#[tokio::test]
async fn another_site_cannot_write_with_a_persons_cookie() {
    let console = Console::fresh().await;
    let client = console.set_up().await;
    let logout = |name: &'static str, value: &str| {
        client.send(
            client
                .request(Method::POST, "/api/auth/logout")
                .header(name, value),
        )
    };
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        logout(name, value).await.problem(403, "forbidden");
    }
    let function = client
        .request(Method::POST, "/api/fn/sign_out")
        .header("origin", "https://evil.example");
    client
        .send(function.json(&json!({})))
        .await
        .problem(403, "forbidden");
    // Still signed in; the console's own page may.
    assert_eq!(client.get("/api/auth/me").await.status, 200);
    logout("origin", console.url()).await.expect(204);
}

#[tokio::test]
async fn with_a_public_address_its_pages_may_write_and_others_may_not() {
    let launch = Launch::on_database(&fresh_database().await)
        .variable("PUBLIC_URL", "https://calibr.acme.example");
    let console = launch.start().await;
    let client = console.client();
    let login = json!({ "email": OWNER, "password": PASSWORD });
    let from = |origin: &str| {
        client.send(
            client
                .request(Method::POST, "/api/auth/login")
                .header("origin", origin)
                .json(&login),
        )
    };
    from("https://calibr.acme.example")
        .await
        .problem(401, "unauthenticated");
    from(console.url()).await.problem(403, "forbidden");
}

#[tokio::test]
async fn the_api_stays_out_of_caches() {
    let console = Console::fresh().await;
    let client = console.set_up().await;
    for path in [
        "/api/auth/me",
        &Client::in_project("products"),
        "/api/no-such-thing",
    ] {
        assert_eq!(
            client.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
}
