//! Why the program ends with a failure. Each message says what to do.

use std::{io, net::SocketAddr, path::PathBuf, process::ExitCode};

use calibr_connectors::ConnectorError;
use calibr_engine::EngineError;
use calibr_model::Problem;
use calibr_store::StoreError;
use calibr_vault::VaultError;

use crate::{config::SettingError, embedded::EmbeddedError};

/// A failure of the program as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    /// An environment variable.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The demo would be open to others: its password is public.
    #[error(
        "--demo has a password that everybody knows, so it listens on loopback alone, and {0} is not: give \
         --listen 127.0.0.1:8080, or leave --demo out"
    )]
    DemoBeyondLoopback(SocketAddr),
    /// The demo's data would be open to others.
    #[error(
        "the data in {} is the demo's, and everybody knows its password, so it is shown on loopback alone, and \
         {address} is not: give --listen 127.0.0.1:8080, or a --data-dir of your own", data_dir.display()
    )]
    DemoData {
        /// Where the demo's data is.
        data_dir: PathBuf,
        /// What was to be listened on.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}. Stop what listens there, or give another --listen"
    )]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The embedded database.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database that was named does not answer.
    #[error("the database that DATABASE_URL names cannot be used: {0}")]
    Database(#[source] StoreError),
    /// The database, once connected.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The job queue.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Settings of calls to the outside, or of a platform.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// No master key, and nowhere to keep one.
    #[error(
        "no encryption key is set, and with DATABASE_URL none is made: without it, what is in the database could not \
         be read again. Make one with `calibr keys generate`, keep it safe, and set it as ENCRYPTION_KEYS"
    )]
    NoKey,
    /// The key file is gone while the database needs it.
    #[error(
        "the encryption keys in {} are gone, but the database holds credentials that were sealed with them. Nothing \
         was changed: put the file back from its backup, or set ENCRYPTION_KEYS", .0.display()
    )]
    KeyFileLost(PathBuf),
    /// Others may read the key file.
    #[error(
        "the encryption keys in {} can be read by others (mode {mode:o}): take that away with `chmod 600 {}`",
        path.display(), path.display()
    )]
    KeyFileOpen {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file of ours.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was to be done, as in "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Keys that are malformed.
    #[error("{0}")]
    Keys(#[source] VaultError),
    /// The keys are not the database's.
    #[error(
        "key mismatch: {problem}. Nothing was changed. Set the key that this database was used with: without it the \
         stores' credentials in it cannot be read"
    )]
    KeyMismatch {
        /// Which key, and how it was seen.
        problem: VaultError,
    },
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] calibr_sandbox::Error),
    /// The demo could not be made.
    #[error("the demo could not be set up: {0}")]
    Demo(#[source] Problem),
    /// The demo's store did not go through its own consent.
    #[error("the demo could not be set up: {0}")]
    DemoStore(String),
    /// HTTP stopped by itself.
    #[error("the server stopped: {0}")]
    Serve(#[source] io::Error),
    /// No directory to keep data in.
    #[error("there is no home directory to keep data in: give one with --data-dir")]
    NoDataDir,
    /// The runtime did not start.
    #[error("the program cannot start its threads: {0}")]
    Runtime(#[source] io::Error),
}

impl ServerError {
    /// 2 where the program was called wrongly, 1 for all else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Setting(_)
            | Self::DemoBeyondLoopback(_)
            | Self::DemoData { .. }
            | Self::NoDataDir => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// For `map_err` on file operations.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
