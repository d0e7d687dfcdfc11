//! Reading the next batch from a store while the one before is written.

use std::future::Future;

use calibr_connectors::{ConnectorError, waits};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{Engine, error::EngineError};

/// What a reader has read, at most one batch of it waiting.
pub(super) struct ReadAhead<T> {
    read: mpsc::Receiver<Result<T, ConnectorError>>,
    reader: Option<AbortOnDropHandle<()>>,
    stopping: CancellationToken,
}

impl<T: Send + 'static> ReadAhead<T> {
    /// Lets `reader` read in a task of its own, which ends with this.
    pub(super) fn begin<F>(
        engine: &Engine,
        reader: impl FnOnce(mpsc::Sender<Result<T, ConnectorError>>) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (batches, read) = mpsc::channel(1);
        let reading = reader(batches);
        let reader = match waits::listener() {
            Some(listener) => tokio::spawn(waits::telling(listener, reading)),
            None => tokio::spawn(reading),
        };
        Self {
            read,
            reader: Some(AbortOnDropHandle::new(reader)),
            stopping: engine.stopping.clone(),
        }
    }

    /// The next batch; `None` at the end of all. A process that ends still gets
    /// what has been read, so that it need not be read again.
    ///
    /// # Errors
    /// What the store said; [`EngineError::Stopping`] after the last batch that
    /// was read; [`EngineError::Reader`].
    pub(super) async fn next(&mut self) -> Result<Option<T>, EngineError> {
        loop {
            let batch = tokio::select! {
                biased;
                () = self.stopping.cancelled(), if !self.read.is_closed() => {
                    self.read.close();
                    continue;
                }
                batch = self.read.recv() => batch,
            };
            if let Some(batch) = batch {
                return Ok(Some(batch?));
            }
            if self.stopping.is_cancelled() {
                return Err(EngineError::Stopping);
            }
            // A reader that broke must not pass for one that came to the end.
            if let Some(reader) = self.reader.take() {
                reader
                    .await
                    .map_err(|broken| EngineError::Reader(broken.to_string()))?;
            }
            return Ok(None);
        }
    }
}

/// Hands a stream on, batch by batch.
pub(super) async fn pass_on<T>(
    stream: impl Stream<Item = Result<T, ConnectorError>>,
    batches: mpsc::Sender<Result<T, ConnectorError>>,
) {
    let mut stream = std::pin::pin!(stream);
    while let Some(batch) = stream.next().await {
        // Nobody takes it where the run was stopped.
        if batches.send(batch).await.is_err() {
            return;
        }
    }
}
