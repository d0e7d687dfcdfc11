//! An address that simulated platforms send messages to.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A listener that answers everything with `status`, and gives what it heard.
pub(crate) async fn hook(status: u16) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = String::new();
            while !is_whole(&text) {
                let mut chunk = [0; 8_192];
                let read = stream.read(&mut chunk).await.unwrap();
                text.push_str(&String::from_utf8_lossy(&chunk[..read]));
            }
            let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    length.is_some_and(|length| body.len() >= length.parse::<usize>().unwrap())
}

/// A header's value, of a request as it came.
pub(crate) fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let prefix = format!("{name}: ");
    message
        .lines()
        .find_map(|line| line.strip_prefix(prefix.as_str()))
}
