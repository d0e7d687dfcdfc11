//! What can stop a run or the engine.

use calibr_connectors::ConnectorError;
use calibr_model::{Problem, ProblemKind};
use calibr_store::StoreError;
use calibr_vault::VaultError;
use thiserror::Error;

/// A failure of the engine.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The platform, or what was entered for it.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// Credentials that cannot be sealed or opened.
    #[error("the credentials cannot be opened: {0}")]
    Vault(#[from] VaultError),
    /// A credential names a data key that is not there.
    #[error("the key that sealed the credentials is missing from the database")]
    DataKeyMissing,
    /// The job queue.
    #[error("the job queue does not work: {0}")]
    Queue(String),
    /// The integration is gone or disconnected.
    #[error("the integration was disconnected; connect it again to sync")]
    Disconnected,
    /// The task that reads from the store broke.
    #[error("reading from the store broke off: {0}")]
    Reader(String),
    /// The task that refreshes credentials broke.
    #[error("refreshing the credentials broke off: {0}")]
    Refresh(String),
    /// This process ends; another goes on with the run.
    #[error("this process ends")]
    Stopping,
    /// The store did not answer in time when its webhooks were looked after.
    #[error("the store took too long to answer for its webhooks")]
    WebhooksTookTooLong,
    /// No connector for a stored platform.
    #[error("this version of Calibr Console has no connector for \"{0}\"")]
    NoConnector(String),
}

impl EngineError {
    /// A short code for a run's outcome.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "database",
            Self::Connector(error) => error.fault.code(),
            Self::Vault(_) | Self::DataKeyMissing => "credentials_unreadable",
            Self::Queue(_) => "queue",
            Self::Disconnected => "disconnected",
            Self::Reader(_) => "reader_broke",
            Self::Refresh(_) => "refresh_broke",
            Self::Stopping => "stopping",
            Self::WebhooksTookTooLong => "webhooks_took_too_long",
            Self::NoConnector(_) => "no_connector",
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Connector(error) => error.into(),
            EngineError::Disconnected => Self::new(
                ProblemKind::Conflict,
                "This store is disconnected. Reconnect it first.",
            ),
            EngineError::WebhooksTookTooLong => Self::new(
                ProblemKind::Platform,
                "The store took too long to answer. Some webhooks may have been made; look again in \
                 a minute.",
            ),
            EngineError::Vault(_) | EngineError::DataKeyMissing => {
                tracing::error!(%error, "credentials cannot be sealed or opened");
                Self::new(
                    ProblemKind::Conflict,
                    format!("The saved credentials cannot be used: {error}. Reconnect the store."),
                )
            }
            other => {
                tracing::error!(error = %other, "the engine did not do what was asked");
                Self::new(
                    ProblemKind::Internal,
                    "Nothing was changed. Try again; if it stays so, tell whoever runs this \
                     console.",
                )
            }
        }
    }
}
