//! What happens, told to every open browser: one listener a process, heard by
//! all lines.

use std::{sync::Arc, time::Duration};

use calibr_store::{
    Db, StoreError,
    events::{EventListener, Heard},
};
use tokio::sync::broadcast;
use tokio_util::task::AbortOnDropHandle;

use crate::Services;

/// Events that a slow line may fall behind by before it has to read everything
/// again.
const BUFFER: usize = 256;

/// The process's one listener.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    lines: broadcast::Sender<Heard>,
    /// Ends with the last of the services.
    _listening: Arc<AbortOnDropHandle<()>>,
}

impl Events {
    pub(crate) fn listen(db: Db) -> Self {
        let (lines, _) = broadcast::channel(BUFFER);
        let listening = tokio::spawn(listen(db, lines.clone()));
        Self {
            lines,
            _listening: Arc::new(AbortOnDropHandle::new(listening)),
        }
    }
}

/// What happens from now on, in all projects: the caller passes on what is of
/// its own.
pub fn subscribe(services: &Services) -> broadcast::Receiver<Heard> {
    services.events.lines.subscribe()
}

async fn listen(db: Db, lines: broadcast::Sender<Heard>) {
    let mut wait = Duration::from_millis(250);
    loop {
        match pass_on(&db, &lines, &mut wait).await {
            Err(error) if error.is_transient() => {
                tracing::debug!(%error, "events wait for the database");
            }
            Err(error) => tracing::warn!(%error, "events could not be listened to"),
            Ok(()) => {}
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// Listens until the line is cut. Whoever was there before may have missed
/// something: they are told so once the listening goes on.
async fn pass_on(
    db: &Db,
    lines: &broadcast::Sender<Heard>,
    wait: &mut Duration,
) -> Result<(), StoreError> {
    let mut listener = EventListener::open(db).await?;
    *wait = Duration::from_millis(250);
    let _nobody_there = lines.send(Heard::Gap);
    loop {
        let _nobody_there = lines.send(listener.next().await?);
    }
}
