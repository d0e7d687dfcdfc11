use std::{fmt, pin::Pin};

use futures::{Stream, StreamExt as _};
use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use super::{Client, PATIENCE};

/// The line of events of a project.
pub(crate) struct Events {
    bytes: Pin<Box<dyn Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    read: String,
    client: Client,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

/// One event: its name and its data.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Events {
    pub(crate) fn of(response: Response, client: Client) -> Self {
        Self {
            bytes: Box::pin(response.bytes_stream()),
            read: String::new(),
            client,
        }
    }

    /// The next event; `None` where the line ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let event = read(block);
                self.read = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = timeout(PATIENCE, self.bytes.next())
                .await
                .expect("the line says something in time")?;
            self.read
                .push_str(std::str::from_utf8(&chunk.ok()?).unwrap());
        }
    }

    /// Waits for an event.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let search = async {
            loop {
                let event = self.next().await.expect("the line stays open");
                if wanted(&event) {
                    return event;
                }
            }
        };
        timeout(PATIENCE, search).await.expect("the event comes")
    }

    /// Waits for the end of a run and gives the run's last state.
    pub(crate) async fn until_run_ends(&mut self) -> Value {
        let ends = |event: &Event| {
            let status = event.data["status"].as_str().unwrap_or_default();
            event.name == "sync_progress"
                && matches!(status, "success" | "partial" | "error" | "cancelled")
        };
        let run = self.until(ends).await.data;
        let id = run["run_id"].as_str().unwrap();
        self.client.assert_it_adds_up(id).await;
        run
    }
}

/// An event of its lines; `None` for a comment.
fn read(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let name = field("event:")?.trim().to_owned();
    let data = serde_json::from_str(field("data:")?.trim()).expect("data is JSON");
    Some(Event { name, data })
}
