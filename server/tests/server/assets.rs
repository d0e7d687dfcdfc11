//! The browser's part.

use std::{fs, path::Path};

use reqwest::Method;

use crate::support::Console;

fn dist() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist")
}

/// A file of `dist/` with a hashed name, where the pages have been built.
fn hashed_style_sheet() -> Option<String> {
    let names = fs::read_dir(dist())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .into_iter()
        .find(|name| name.starts_with("main-") && name.ends_with(".css"))
}

#[tokio::test]
async fn every_address_of_a_page_gives_the_page_and_a_missing_file_does_not() {
    let console = Console::fresh().await;
    let client = console.client();
    let is_built = dist().join("index.html").exists();
    for path in [
        "/",
        "/sign-in",
        "/p/acme/integrations",
        "/p/acme/products?search=a.b",
    ] {
        let page = client.get(path).await;
        assert_eq!(page.status, if is_built { 200 } else { 503 }, "{path}");
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(page.text().contains("Calibr Console"), "{path}");
    }
    for path in [
        "/missing-0123456789abcdef.js",
        "/p/acme/logo.png",
        "/../Cargo.toml",
        "/.sources",
    ] {
        client.get(path).await.problem(404, "not-found");
    }
    client
        .get("/api/no-such-thing")
        .await
        .problem(404, "not-found");
    client.get("/api").await.problem(404, "not-found");
    client
        .send(client.request(Method::POST, "/sign-in"))
        .await
        .problem(405, "method-not-allowed");
}

#[tokio::test]
async fn the_page_is_asked_for_again_and_told_the_same() {
    if !dist().join("index.html").exists() {
        return;
    }
    let console = Console::fresh().await;
    let client = console.client();
    let page = client.get("/").await;
    assert_eq!(page.header("cache-control"), "no-cache");
    let again = client
        .request(Method::GET, "/")
        .header("if-none-match", page.header("etag"));
    let again = client.send(again).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), page.header("etag"));

    let head = client.send(client.request(Method::HEAD, "/")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), page.body.len().to_string());
}

#[tokio::test]
async fn files_come_in_the_smallest_form_that_the_browser_takes_and_stay_for_ever() {
    let Some(name) = hashed_style_sheet() else {
        return;
    };
    let console = Console::fresh().await;
    let client = console.client();
    let plain = client.get(&format!("/{name}")).await;
    assert_eq!(
        plain.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(plain.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.header("vary"), "Accept-Encoding");

    for (accepted, encoding, suffix) in [("gzip, br", "br", ".br"), ("gzip, br;q=0", "gzip", ".gz")]
    {
        if !dist().join(format!("{name}{suffix}")).exists() {
            continue;
        }
        let request = client
            .request(Method::GET, &format!("/{name}"))
            .header("accept-encoding", accepted);
        let packed = client.send(request).await;
        assert_eq!(packed.header("content-encoding"), encoding);
        assert_eq!(packed.header("content-type"), "text/css; charset=utf-8");
        assert_eq!(
            packed.body,
            fs::read(dist().join(format!("{name}{suffix}"))).unwrap()
        );
        assert_ne!(packed.header("etag"), plain.header("etag"));
    }
}
