//! What goes wrong is said in one form.

use reqwest::Method;

use crate::support::{Client, Console, PASSWORD};

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_a_problem() {
    let console = Console::fresh().await;
    let client = console.set_up().await;
    let login = |body: &'static str, kind: Option<&'static str>| {
        let request = client.request(Method::POST, "/api/auth/login").body(body);
        client.send(match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        })
    };
    let json = Some("application/json");
    let malformed = login("{\"email\":", json).await.problem(400, "malformed");
    assert!(
        malformed["detail"]
            .as_str()
            .unwrap()
            .starts_with("The body is not JSON"),
        "{malformed}"
    );
    let unfit = login("{\"email\":1}", json).await.problem(422, "invalid");
    assert_eq!(unfit["errors"][0]["field"], "email", "{unfit}");
    login("{\"email\":\"a@b.example\"}", json)
        .await
        .problem(422, "invalid");
    login("email=a", Some("application/x-www-form-urlencoded"))
        .await
        .problem(415, "unsupported-media-type");
    login("{}", None)
        .await
        .problem(415, "unsupported-media-type");

    let wrong_method = client.get("/api/auth/login").await;
    assert_eq!(wrong_method.header("allow"), "POST");
    let problem = wrong_method.problem(405, "method-not-allowed");
    assert_eq!(problem["instance"], "/api/auth/login");

    client
        .get("/api/projects/Not-A-Slug/integrations")
        .await
        .problem(404, "not-found");
    client
        .get("/api/projects/somebody-elses/integrations")
        .await
        .problem(404, "not-found");
    client
        .get(&Client::in_project("integrations/17"))
        .await
        .problem(404, "not-found");
    let unknown = "integrations/0197d2a0-0000-7000-8000-000000000000";
    client
        .get(&Client::in_project(unknown))
        .await
        .problem(404, "not-found");
    client
        .post("/api/fn/no_such_function", &serde_json::json!({}))
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let console = Console::fresh().await;
    let client = console.client();
    let request = client
        .request(Method::POST, "/api/auth/login")
        .header("content-type", "application/json")
        .body("x".repeat(1024 * 1024 + 1));
    client.send(request).await.problem(413, "too-large");
}

#[tokio::test]
async fn a_form_that_breaks_rules_is_answered_with_every_field_at_fault() {
    let console = Console::fresh().await;
    let client = console.client();
    let form = serde_json::json!({ "form": {
        "name": "", "email": "nobody", "password": "short", "project_name": "", "time_zone": "",
    } });
    let answer = client.post("/api/fn/set_up", &form).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    let problem = answer.json();
    let fields: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        ["name", "email", "password", "project_name", "time_zone"]
    );
    assert!(!answer.text().contains(PASSWORD));
}
