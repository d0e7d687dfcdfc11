use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream, tcp},
    task::AbortHandle,
};
use url::Url;

/// What begins a call of an API that is asked by POST alone.
const CALL: &[u8] = b"POST /";

/// A line to a server over HTTP/1.1 that counts the calls that go through it.
#[derive(Debug)]
pub(crate) struct Counter {
    url: Url,
    calls: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

impl Counter {
    pub(crate) async fn before(server: &Url) -> Self {
        let behind = (
            server.host_str().unwrap().to_owned(),
            server.port().unwrap(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = server.clone();
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        let calls = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&calls);
        let accepting = tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let (behind, counted) = (behind.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let there = TcpStream::connect(behind).await.unwrap();
                    let (asked, mut answered) = here.into_split();
                    let (mut answers, asking) = there.into_split();
                    tokio::join!(count(asked, asking, &counted), async {
                        let _either_may_hang_up = copy(&mut answers, &mut answered).await;
                    });
                });
            }
        });
        Self {
            url,
            calls,
            accepting: accepting.abort_handle(),
        }
    }

    /// The server's address through this line.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// How many calls there were since this was asked last.
    pub(crate) fn take(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes on what is asked, until either hangs up, and counts calls in it.
async fn count(
    mut asked: tcp::OwnedReadHalf,
    mut asking: tcp::OwnedWriteHalf,
    calls: &AtomicUsize,
) {
    let mut buffer = [0; 16 * 1_024];
    // The end of the piece before, where a call may have begun.
    let mut seen: Vec<u8> = Vec::new();
    while let Ok(read @ 1..) = asked.read(&mut buffer).await {
        seen.extend(&buffer[..read]);
        let found = seen
            .windows(CALL.len())
            .filter(|part| *part == CALL)
            .count();
        calls.fetch_add(found, Ordering::SeqCst);
        let rest = seen.len().saturating_sub(CALL.len() - 1);
        seen.drain(..rest);
        if asking.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
