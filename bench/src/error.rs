use thiserror::Error;

/// What can keep a figure from being measured.
#[derive(Debug, Error)]
pub(crate) enum BenchError {
    /// The database.
    #[error(transparent)]
    Store(#[from] calibr_store::StoreError),
    /// The database, in raw SQL.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// HTTP.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] calibr_sandbox::Error),
    /// Files and processes.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Something is not as it has to be for the figure to mean anything.
    #[error("{0}")]
    Unfit(String),
}
