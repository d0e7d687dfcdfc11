use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use sqlx::{Connection as _, PgConnection};
use tokio::{
    select,
    sync::{oneshot, watch},
    time::{Instant, sleep},
};

use super::{
    DataDir, EmbeddedError, EmbeddedOptions,
    binaries::Binaries,
    endpoint::Access,
    leftover,
    postmaster::{Postmaster, command_ending_with_parent},
    server_user::ServerUser,
};

/// The log is set aside at a start when it is longer than this, in bytes.
const LONGEST_LOG: u64 = 10 * 1024 * 1024;
/// How much of the log an error quotes, in bytes.
const QUOTED_LOG: u64 = 4 * 1024;
/// Time between two tries to connect while the server starts.
const TRY_AGAIN: Duration = Duration::from_millis(50);
/// Time between two lines that say the start is still going on.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);
/// Time before the first restart of a server that died; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest time between two restarts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// PostgreSQL's code for "the database system is starting up", and for shutting down or recovering.
const CANNOT_CONNECT_NOW: &str = "57P03";

/// What the embedded server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerState {
    /// It takes connections.
    Running {
        /// How often it was started again after it died.
        restarts: u32,
    },
    /// It died, and is being started again.
    Restarting,
    /// It was shut down.
    Stopped,
}

/// All that is needed to start the server, again and again.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) data_dir: DataDir,
    pub(super) binaries: Binaries,
    pub(super) user: ServerUser,
    pub(super) access: Access,
    pub(super) options: EmbeddedOptions,
}

impl Launch {
    /// Ends what an earlier server left, starts one, and returns when it takes connections.
    pub(super) async fn run(&self) -> Result<Postmaster, EmbeddedError> {
        let cluster = self.data_dir.cluster();
        leftover::clear(&cluster, self.options.stop_timeout).await?;
        self.access.endpoint.prepare(&self.user)?;

        let log = self.log_path();
        let (file, log_start) = open_log(&log)?;
        let program = self.binaries.postgres();
        let mut command = command_ending_with_parent(&self.user, &program, &cluster);
        command
            .arg("-D")
            .arg(&cluster)
            .stdout(Stdio::null())
            .stderr(Stdio::from(file));
        for setting in self.settings() {
            command.arg("-c").arg(setting);
        }
        let mut postmaster =
            Postmaster::spawn(command).map_err(|source| EmbeddedError::Run { program, source })?;
        if let Err(error) = self.until_ready(&mut postmaster, log_start).await {
            postmaster.stop(self.options.stop_timeout).await;
            return Err(error);
        }
        tracing::info!(
            version = self.binaries.major(),
            pid = postmaster.pid(),
            "PostgreSQL runs"
        );
        Ok(postmaster)
    }

    fn settings(&self) -> Vec<String> {
        let fixed = [
            "password_encryption=scram-sha-256",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_line_prefix=%m [%p] ",
            "logging_collector=off",
            "log_checkpoints=off",
            // The details of an error quote the values of rows.
            "log_error_verbosity=terse",
            "log_parameter_max_length=0",
            "log_parameter_max_length_on_error=0",
        ];
        let mut settings = self.access.endpoint.settings();
        settings.extend(self.options.tuning.settings());
        settings.extend(fixed.map(str::to_owned));
        settings
    }

    fn log_path(&self) -> PathBuf {
        self.data_dir.path().join("postgres.log")
    }

    async fn until_ready(
        &self,
        postmaster: &mut Postmaster,
        log_start: u64,
    ) -> Result<(), EmbeddedError> {
        let begun = Instant::now();
        let mut next_progress = begun + PROGRESS_EVERY;
        loop {
            if let Some(status) = postmaster.status() {
                let log = self.log_path();
                return Err(EmbeddedError::Start {
                    status,
                    tail: tail(&log, log_start),
                    log,
                });
            }
            if try_connect(&self.access).await? {
                return Ok(());
            }
            let now = Instant::now();
            if now.duration_since(begun) >= self.options.start_timeout {
                return Err(EmbeddedError::StartTimeout {
                    timeout: self.options.start_timeout,
                    log: self.log_path(),
                });
            }
            if now >= next_progress {
                next_progress = now + PROGRESS_EVERY;
                tracing::info!(
                    waited_s = begun.elapsed().as_secs(),
                    "PostgreSQL is starting, or recovering from a crash"
                );
            }
            select! {
                _ = postmaster.ended() => {}
                () = sleep(TRY_AGAIN) => {}
            }
        }
    }
}

/// Whether the server takes connections. `false` while it starts.
///
/// # Errors
///
/// [`EmbeddedError::Connect`] where it will not let this process in later either.
pub(super) async fn try_connect(access: &Access) -> Result<bool, EmbeddedError> {
    match PgConnection::connect_with(&access.connect_options("postgres")).await {
        Ok(connection) => {
            // It was only to be made: whether it closes well changes nothing.
            let _ = connection.close().await;
            Ok(true)
        }
        Err(sqlx::Error::Io(_)) => Ok(false),
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some(CANNOT_CONNECT_NOW) =>
        {
            Ok(false)
        }
        Err(error) => Err(EmbeddedError::Connect(error)),
    }
}

/// Watches the server until `stop` is sent or dropped, starts it again when it dies, shuts it down in the end.
/// The data directory stays locked for as long.
pub(super) async fn supervise(
    launch: Launch,
    mut postmaster: Postmaster,
    state: watch::Sender<ServerState>,
    mut stop: oneshot::Receiver<()>,
) -> Result<(), EmbeddedError> {
    let mut restarts = 0;
    loop {
        let status = select! {
            _ = &mut stop => break,
            status = postmaster.ended() => status,
        };
        tracing::error!(%status, "PostgreSQL ended by itself: starting it again");
        state.send_replace(ServerState::Restarting);
        let Some(restarted) = start_again(&launch, &mut stop).await else {
            // The start that was broken off may have left a server.
            let cleared =
                leftover::clear(&launch.data_dir.cluster(), launch.options.stop_timeout).await;
            state.send_replace(ServerState::Stopped);
            return cleared;
        };
        postmaster = restarted;
        restarts += 1;
        state.send_replace(ServerState::Running { restarts });
    }
    let pids = postmaster.pid();
    let ended = postmaster.stop(launch.options.stop_timeout).await;
    launch.access.endpoint.tidy();
    state.send_replace(ServerState::Stopped);
    if ended {
        Ok(())
    } else {
        Err(EmbeddedError::DoesNotStop {
            pids: pids.into_iter().collect(),
        })
    }
}

/// Tries until it works: a full disk is emptied at some time. `None` where it was to stop meanwhile.
async fn start_again(launch: &Launch, stop: &mut oneshot::Receiver<()>) -> Option<Postmaster> {
    let mut pause = FIRST_PAUSE;
    loop {
        select! {
            _ = &mut *stop => return None,
            () = sleep(pause) => {}
        }
        select! {
            _ = &mut *stop => return None,
            started = launch.run() => match started {
                Ok(postmaster) => return Some(postmaster),
                Err(error) => tracing::error!(%error, "PostgreSQL could not be started again"),
            },
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The log for appending, and how long it is already.
fn open_log(path: &Path) -> Result<(File, u64), EmbeddedError> {
    let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > LONGEST_LOG {
        fs::rename(path, path.with_extension("log.1"))
            .map_err(EmbeddedError::file("set aside", path))?;
    }
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(EmbeddedError::file("open", path))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    Ok((file, length))
}

/// What was written to the log since it had that length; the last part of it.
fn tail(path: &Path, since: u64) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(
            since.max(length.saturating_sub(QUOTED_LOG)),
        ))?;
        file.read_to_end(&mut bytes)
    });
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        Err(error) => format!("(it cannot be read: {error})"),
    }
}
