//! The first start, signing in and out.

use serde_json::{Value, json};

use crate::support::{Console, OWNER, PASSWORD, PROJECT, setup_form};

#[tokio::test]
async fn the_first_person_becomes_the_owner_and_the_second_is_refused() {
    let console = Console::fresh().await;
    let client = console.client();
    assert_eq!(
        client
            .post("/api/fn/setup_state", &json!({}))
            .await
            .expect(200)["needs_setup"],
        true
    );

    let me = client.set_up().await;
    assert_eq!(me["projects"][0]["project"]["slug"], PROJECT);
    assert_eq!(me["projects"][0]["role"], "owner");
    // Signed in by it.
    assert_eq!(client.get("/api/auth/me").await.expect(200)["email"], OWNER);

    assert_eq!(
        client
            .post("/api/fn/setup_state", &json!({}))
            .await
            .expect(200)["needs_setup"],
        false
    );
    let second = console.client();
    assert_eq!(
        second.post("/api/fn/set_up", &setup_form()).await.status,
        409
    );
    assert_eq!(second.get("/api/auth/me").await.status, 401);
}

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let console = Console::fresh().await;
    console.set_up().await;

    let client = console.client();
    client
        .get("/api/auth/me")
        .await
        .problem(401, "unauthenticated");
    let answer = client.sign_in("OWNER@acme.example", PASSWORD).await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(
        !cookie.contains("Secure"),
        "over plain http a secure cookie would be lost: {cookie}"
    );
    assert_eq!(answer.expect(200)["name"], "Olivia Owner");
    assert_eq!(client.get("/api/auth/me").await.expect(200)["email"], OWNER);

    let left_behind = client.cookie().unwrap();
    client
        .post("/api/auth/logout", &Value::Null)
        .await
        .expect(204);
    assert_eq!(client.cookie(), None);
    client
        .get("/api/auth/me")
        .await
        .problem(401, "unauthenticated");
    client.set_cookie(&left_behind);
    client
        .get("/api/auth/me")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn signing_in_gives_a_new_session_id() {
    let console = Console::fresh().await;
    let client = console.set_up().await;
    let before = client.cookie().unwrap();
    client.sign_in(OWNER, PASSWORD).await.expect(200);
    assert_ne!(client.cookie().unwrap(), before);

    let planted = console.client();
    planted.set_cookie(&before);
    planted
        .get("/api/auth/me")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let console = Console::fresh().await;
    console.set_up().await;
    let client = console.client();
    let wrong = client
        .sign_in(OWNER, "not the password")
        .await
        .problem(401, "unauthenticated");
    let unknown = client
        .sign_in("nobody@acme.example", PASSWORD)
        .await
        .problem(401, "unauthenticated");
    assert_eq!(wrong["detail"], unknown["detail"]);
    assert_eq!(client.cookie(), None);
}

#[tokio::test]
async fn behind_https_the_cookie_is_for_https_and_this_host_alone() {
    use crate::support::{Launch, fresh_database};
    let launch = Launch::on_database(&fresh_database().await)
        .variable("PUBLIC_URL", "https://calibr.acme.example");
    let console = launch.start().await;
    let answer = console.client().post("/api/fn/set_up", &setup_form()).await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-calibr_session=") && cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(
        answer
            .header("strict-transport-security")
            .starts_with("max-age=")
    );
}

#[tokio::test]
async fn a_session_outlives_the_server() {
    use crate::support::{Launch, fresh_database};
    let launch = Launch::on_database(&fresh_database().await);
    let console = launch.start().await;
    let cookie = console.set_up().await.cookie().unwrap();
    assert_eq!(console.stop().await, Some(0));

    let console = launch.start().await;
    let client = console.client();
    client.set_cookie(&cookie);
    assert_eq!(client.get("/api/auth/me").await.expect(200)["email"], OWNER);
}
