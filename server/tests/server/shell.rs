//! What an operator sees at the shell.

use crate::support::{DataFolder, KEY, Launch, fresh_database, launch};

/// Exit code, standard output, standard error.
async fn run(launch: &Launch, command: &str) -> (Option<i32>, String, String) {
    let output = launch.run(command).await;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn a_wrong_setting_ends_with_2_and_says_what_is_right() {
    let (code, _, error) = run(&launch().variable("PUBLIC_URL", "calibr.example"), "serve").await;
    assert_eq!(code, Some(2));
    assert!(
        error.contains("calibr: PUBLIC_URL is not a web address. It takes https://"),
        "{error}"
    );

    let (code, _, error) = run(&launch(), "serve --listen everywhere").await;
    assert_eq!(code, Some(2));
    assert!(error.contains("--listen"), "{error}");
}

#[tokio::test]
async fn the_demo_stays_on_loopback() {
    let folder = DataFolder::new();
    let (code, _, error) = run(
        &Launch::embedded(&folder),
        "serve --demo --listen 0.0.0.0:0",
    )
    .await;
    assert_eq!(code, Some(2));
    assert!(error.contains("listens on loopback alone"), "{error}");
    assert!(
        std::fs::read_dir(folder.path()).unwrap().next().is_none(),
        "nothing was begun"
    );
}

#[tokio::test]
async fn without_a_key_a_database_of_ones_own_is_not_used() {
    let database = fresh_database().await;
    let (code, _, error) = run(
        &launch().variable("DATABASE_URL", &database),
        "serve --listen 127.0.0.1:0",
    )
    .await;
    assert_eq!(code, Some(1));
    assert!(error.contains("calibr keys generate"), "{error}");
}

#[tokio::test]
async fn another_key_than_the_databases_is_a_key_mismatch() {
    let database = fresh_database().await;
    let console = Launch::on_database(&database).start().await;
    assert_eq!(console.stop().await, Some(0));

    let other = launch()
        .variable("DATABASE_URL", &database)
        .variable("ENCRYPTION_KEY", KEY.replace("00", "ff"));
    let (code, _, error) = run(&other, "serve --listen 127.0.0.1:0").await;
    assert_eq!(code, Some(1));
    assert!(error.contains("key mismatch"), "{error}");
    // The right one still is.
    assert_eq!(
        Launch::on_database(&database).start().await.stop().await,
        Some(0)
    );
}

#[tokio::test]
async fn a_generated_key_can_be_used_as_it_is_printed() {
    let (code, key, _) = run(&launch(), "keys generate").await;
    assert_eq!(code, Some(0));
    let database = fresh_database().await;
    let with_key = launch()
        .variable("DATABASE_URL", &database)
        .variable("ENCRYPTION_KEYS", key.trim());
    assert_eq!(with_key.start().await.stop().await, Some(0));

    let (code, status, _) = run(&with_key, "keys status").await;
    assert_eq!(code, Some(0));
    assert!(status.contains("primary: seals what is new"), "{status}");
    let (_, json, _) = run(&with_key, "keys status --json").await;
    let keys: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(keys["keys"][0]["primary"], true);
    assert_eq!(keys["keys"][0]["in_database"], true);
}

#[tokio::test]
async fn migrate_brings_an_empty_database_up_to_date_and_may_be_repeated() {
    let launch = Launch::on_database(&fresh_database().await);
    for _ in 0..2 {
        let (code, out, error) = run(&launch, "migrate").await;
        assert_eq!(
            (code, out.trim()),
            (Some(0), "The database is up to date."),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let console = Launch::on_database(&fresh_database().await).start().await;
    let address = console.url().strip_prefix("http://").unwrap();
    let second = Launch::on_database(&fresh_database().await);
    let (code, _, error) = run(&second, &format!("serve --listen {address}")).await;
    assert_eq!(code, Some(1));
    assert!(
        error.contains(&format!("cannot listen on {address}")),
        "{error}"
    );
}

#[tokio::test]
async fn the_first_start_makes_a_key_file_and_a_later_one_misses_it() {
    let folder = DataFolder::new();
    let launch = Launch::embedded(&folder);
    let console = launch.start().await;
    assert!(
        console.log().contains("Back this file up"),
        "{}",
        console.log()
    );
    console.set_up().await;
    assert_eq!(console.stop().await, Some(0));

    let key_file = folder.path().join("encryption.keys");
    let kept = std::fs::read(&key_file).unwrap();
    std::fs::remove_file(&key_file).unwrap();
    let (code, _, error) = run(&launch, "serve --listen 127.0.0.1:0").await;
    assert_eq!(code, Some(1));
    assert!(
        error.contains("put the file back from its backup"),
        "{error}"
    );

    std::fs::write(&key_file, kept).unwrap();
    let (code, _, error) = run(&launch, "serve --listen 127.0.0.1:0").await;
    assert_eq!(code, Some(1), "others may read it: {error}");
    assert!(error.contains("chmod 600"), "{error}");
}

#[tokio::test]
async fn version_and_help_are_there() {
    let (code, version, _) = run(&launch(), "--version").await;
    assert_eq!(
        (code, version.trim()),
        (Some(0), concat!("calibr ", env!("CARGO_PKG_VERSION")))
    );
    let (code, help, _) = run(&launch(), "serve --help").await;
    assert_eq!(code, Some(0));
    for part in ["--listen", "CALIBR_DATA_DIR", "DATABASE_URL", "Exit codes"] {
        assert!(help.contains(part), "{part}");
    }
}
