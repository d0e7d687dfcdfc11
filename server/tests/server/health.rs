//! For watchers.

use crate::support::Console;

#[tokio::test]
async fn a_healthy_server_says_so_and_is_not_counted() {
    let console = Console::fresh().await;
    let client = console.client();
    let health = client.get("/api/health").await.expect(200);
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["checks"]["database"], "up");
    assert!(
        health["timestamp"].as_str().unwrap().ends_with('Z'),
        "{health}"
    );
    for path in ["/api/health/live", "/api/health/ready"] {
        assert_eq!(
            client.get(path).await.expect(200)["status"],
            "healthy",
            "{path}"
        );
    }
    assert_eq!(
        client.get("/api/health").await.header("x-ratelimit-limit"),
        ""
    );
}

#[tokio::test]
async fn the_description_and_its_page_are_there() {
    let console = Console::fresh().await;
    let client = console.client();
    let description = client.get("/api/openapi.json").await.expect(200);
    assert!(description["paths"]["/api/auth/login"]["post"].is_object());
    let page = client.get("/api/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("/api/projects/{slug}/integrations"));
    assert_eq!(
        client
            .get("/api/docs/style.css")
            .await
            .header("content-type"),
        "text/css; charset=utf-8"
    );
}
