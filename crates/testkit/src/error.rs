use std::{io, time::Duration};

use calibr_connectors::ConnectorError;
use thiserror::Error;

/// Why a server for the tests could not be started or asked.
#[derive(Debug, Error)]
pub enum TestkitError {
    /// `DATABASE_URL` is not set.
    #[error("DATABASE_URL is not set; run the tests through `make test` or scripts/with-postgres")]
    NoDatabase,
    /// Its packages are missing.
    #[error("{0} is not installed; run `scripts/setup test`")]
    NotInstalled(&'static str),
    /// It is not there, or it broke off.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It ended before it was ready or while it was asked; its own words stand
    /// in the test's output.
    #[error("{0} ended by itself; what it said stands above")]
    Ended(&'static str),
    /// It took too long.
    #[error("{what} took longer than {limit:?}")]
    TooLong {
        /// What was being waited for.
        what: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// A call failed.
    #[error(transparent)]
    Call(#[from] ConnectorError),
    /// It answered something that was not expected.
    #[error("unexpected answer: {0}")]
    Unexpected(String),
}
