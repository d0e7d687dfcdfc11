//! Calls that a platform makes by itself: webhooks, and keys handed over to apps. Plain HTTP/1.1,
//! for a sandbox lives on one machine.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// Posts a body, and gives the status of the answer; `None` where none came in time.
pub(crate) async fn post(
    url: &Url,
    headers: &[(&str, String)],
    body: &[u8],
    patience: Duration,
) -> Option<u16> {
    tokio::time::timeout(patience, answered(url, headers, body))
        .await
        .ok()?
}

/// HMAC-SHA256 of the body by a secret that the subscriber knows, in base64.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

async fn answered(url: &Url, headers: &[(&str, String)], body: &[u8]) -> Option<u16> {
    if url.scheme() != "http" {
        return None;
    }
    let host = url.host_str()?;
    let port = url.port_or_known_default()?;
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port))
        .await
        .ok()?;
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let mut head = format!(
        "POST {}{query} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {}\r\nConnection: close\r\n",
        url.path(),
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()?;
    let mut answer = Vec::new();
    // "HTTP/1.1 200" is all that matters.
    while answer.len() < 12 {
        let mut chunk = [0; 512];
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        answer.extend_from_slice(&chunk[..read]);
    }
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}
