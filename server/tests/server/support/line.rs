use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
};
use url::Url;

/// A line to a PostgreSQL that can be cut: what stands is torn, and nothing new comes through until it is mended.
#[derive(Debug)]
pub(crate) struct Line {
    at: SocketAddr,
    is_cut: Arc<watch::Sender<bool>>,
    accepting: AbortHandle,
}

impl Line {
    pub(crate) async fn to(database: &str) -> Self {
        let database: Url = database.parse().unwrap();
        let behind = (
            database.host_str().unwrap().to_owned(),
            database.port().unwrap(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let is_cut = Arc::new(watch::Sender::new(false));
        let cut = Arc::clone(&is_cut);
        let accepting = tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                if !*cut.borrow() {
                    tokio::spawn(pass(here, behind.clone(), cut.subscribe()));
                }
            }
        });
        Self {
            at,
            is_cut,
            accepting: accepting.abort_handle(),
        }
    }

    /// The database's address through this line.
    pub(crate) fn through(&self, database: &str) -> String {
        let mut url: Url = database.parse().unwrap();
        url.set_port(Some(self.at.port())).unwrap();
        url.to_string()
    }

    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut here: TcpStream, behind: (String, u16), mut cut: watch::Receiver<bool>) {
    let Ok(mut there) = TcpStream::connect(behind).await else {
        return;
    };
    tokio::select! {
        _ended = copy_bidirectional(&mut here, &mut there) => {}
        _cut = cut.wait_for(|is_cut| *is_cut) => {}
    }
}
