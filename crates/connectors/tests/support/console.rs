//! A stand-in for the console's address for messages.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use url::Url;

/// Something that was posted: header names in lower case with their values, and
/// the body.
pub(crate) type Posted = (Vec<(String, String)>, Vec<u8>);

/// A console that takes what platforms post, and answers with `status`.
pub(crate) async fn console(status: u16) -> (Url, mpsc::UnboundedReceiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            let posted = loop {
                let mut chunk = [0; 4_096];
                let read = stream.read(&mut chunk).await.unwrap();
                text.extend_from_slice(&chunk[..read]);
                if let Some(posted) = whole(&text) {
                    break posted;
                }
            };
            let answer =
                format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            if sender.send(posted).is_err() {
                return;
            }
        }
    });
    let url = format!("http://127.0.0.1:{port}/hook").parse().unwrap();
    (url, receiver)
}

/// A request, once all of it is there.
fn whole(text: &[u8]) -> Option<Posted> {
    let end = text.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&text[..end]).unwrap();
    let headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?;
    let length: usize = length.1.parse().unwrap();
    let body = &text[end + 4..];
    (body.len() >= length).then(|| (headers, body[..length].to_vec()))
}
