//! How often somebody may ask.

use crate::support::{Console, OWNER};

#[tokio::test]
async fn passwords_cannot_be_tried_without_end() {
    let console = Console::fresh().await;
    console.set_up().await;
    let client = console.client();
    let refused = loop {
        let answer = client.sign_in(OWNER, "not the password").await;
        if answer.status != 401 {
            break answer;
        }
    };
    assert_eq!(refused.header("x-ratelimit-limit"), "10");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert!(refused.header("x-ratelimit-reset").parse::<u64>().unwrap() <= 60);
    assert!((1..=7).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    refused.problem(429, "rate-limited");
    // The pages' own way in is the same one.
    let form = serde_json::json!({ "form": { "email": OWNER, "password": "x" } });
    client
        .post("/api/fn/sign_in", &form)
        .await
        .problem(429, "rate-limited");
    // Other requests go on.
    client
        .get("/api/auth/me")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_person_and_their_address_are_counted_apart() {
    let console = Console::fresh().await;
    let owner = console.set_up().await;
    let stranger = console.client();
    while stranger.get("/api/auth/me").await.status == 401 {}
    stranger
        .get("/api/auth/me")
        .await
        .problem(429, "rate-limited");

    let answer = owner.get("/api/auth/me").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-ratelimit-limit"), "100");
    assert!(
        answer
            .header("x-ratelimit-remaining")
            .parse::<u64>()
            .unwrap()
            < 100
    );
    // Pages are not counted.
    assert_ne!(stranger.get("/sign-in").await.status, 429);
}

#[tokio::test]
async fn the_operator_may_allow_more_or_less() {
    use crate::support::{Launch, fresh_database};
    let launch = Launch::on_database(&fresh_database().await);
    let console = launch.variable("REQUESTS_PER_MINUTE", "2").start().await;
    let client = console.client();
    assert_eq!(
        client.get("/api/auth/me").await.header("x-ratelimit-limit"),
        "2"
    );
    while client.get("/api/auth/me").await.status == 401 {}
    client
        .get("/api/auth/me")
        .await
        .problem(429, "rate-limited");
}
