use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

use super::binaries::OLDEST_MAJOR;

/// Why the embedded PostgreSQL does not run. Each message says what to do; none of them carries a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    /// Another process holds the data directory.
    #[error(
        "the data directory {} is in use by another calibr{}: stop that one first, or give this one a directory of \
         its own with --data-dir",
        path.display(),
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    DataDirInUse {
        /// The data directory.
        path: PathBuf,
        /// The process that holds it, where it could be read.
        pid: Option<u32>,
    },

    /// A file or directory could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was to be done, as in "create the directory".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// The machine has no PostgreSQL server.
    #[error(
        "no PostgreSQL server is installed: install version {OLDEST_MAJOR} or newer (on Debian and Ubuntu: `apt-get \
         install postgresql`), or set DATABASE_URL to a server of your own"
    )]
    NotInstalled,

    /// The machine has none but servers that are too old.
    #[error(
        "PostgreSQL {major} in {} is too old: version {OLDEST_MAJOR} or newer is needed (on Debian and Ubuntu: \
         `apt-get install postgresql`), or set DATABASE_URL to a server of your own", bin_dir.display()
    )]
    TooOld {
        /// Where it was found.
        bin_dir: PathBuf,
        /// Its major version.
        major: u32,
    },

    /// The directory that was named has no PostgreSQL server in it.
    #[error("{} holds no `postgres` and `initdb` that run", bin_dir.display())]
    NotABinDir {
        /// The directory that was named.
        bin_dir: PathBuf,
    },

    /// The cluster was made by a major version that is not installed.
    #[error(
        "the database in {} was made by PostgreSQL {cluster}, but version {installed} is what is installed. Nothing was \
         changed. Either install PostgreSQL {cluster} (on Debian and Ubuntu: `apt-get install \
         postgresql-{cluster}`), or bring the database over with `pg_upgrade`, or restore a backup into a new data \
         directory", path.display()
    )]
    WrongVersion {
        /// The cluster's directory.
        path: PathBuf,
        /// Major version of the cluster.
        cluster: u32,
        /// Major version of the binaries at hand.
        installed: u32,
    },

    /// The cluster's place is taken by something else.
    #[error(
        "{} holds files, but no database that Calibr made. Nothing was changed: move them away, or give another \
         --data-dir", path.display()
    )]
    ForeignDirectory {
        /// The directory in question.
        path: PathBuf,
    },

    /// The cluster belongs to another user of the machine.
    #[error(
        "the database in {} belongs to user id {owner}, but calibr runs as user id {user}: run it as that user, or \
         as root", path.display()
    )]
    WrongOwner {
        /// The cluster's directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who this process is.
        user: u32,
    },

    /// The unprivileged user cannot reach the data directory.
    #[error(
        "PostgreSQL does not run as root, and user id {user}, as which it would run here, cannot enter {}. Give a \
         directory that it can reach, as with `--data-dir /var/lib/calibr`, or let others pass: `chmod o+x {}`",
        blocked.display(), blocked.display()
    )]
    NotTraversable {
        /// The user PostgreSQL would run as.
        user: u32,
        /// The topmost directory that this user cannot pass.
        blocked: PathBuf,
    },

    /// A program could not be run.
    #[error("cannot run {}: {source}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// `initdb` failed.
    #[error("initdb could not make a database in the data directory:\n{output}")]
    Initdb {
        /// What it wrote.
        output: String,
    },

    /// The server ended while it started.
    #[error("PostgreSQL did not start ({status}). The end of its log, {}:\n{tail}", log.display())]
    Start {
        /// How it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
        /// What it wrote there.
        tail: String,
    },

    /// The server did not take connections in time.
    #[error("PostgreSQL took no connection within {} s; see its log, {}", timeout.as_secs(), log.display())]
    StartTimeout {
        /// How long was waited.
        timeout: Duration,
        /// Its log.
        log: PathBuf,
    },

    /// The server takes connections, but not ours.
    #[error("PostgreSQL runs, but does not let calibr in: {0}")]
    Connect(#[source] sqlx::Error),

    /// The password of the cluster is lost or unreadable.
    #[error(
        "cannot read the database's password from {}: {source}. Run as the user that made the database, or restore \
         the file from a backup", path.display()
    )]
    Password {
        /// The file it stands in.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// The server does not end.
    #[error(
        "PostgreSQL (process {}) does not stop: end it by hand, then try again",
        pids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    DoesNotStop {
        /// The processes that are left.
        pids: Vec<i32>,
    },

    /// No directory takes a Unix socket and no port could be had.
    #[error(
        "PostgreSQL has nowhere to listen: no directory takes a socket, and 127.0.0.1 has no free port: {0}"
    )]
    NowhereToListen(#[source] io::Error),

    /// Another calibr holds the data directory but runs no server that could be reached.
    #[error(
        "another calibr holds {} but its PostgreSQL cannot be reached: wait until that one is done, or stop it",
        path.display()
    )]
    NotRunning {
        /// The data directory.
        path: PathBuf,
    },

    /// The task that watches the server ended by itself.
    #[error("the task that watches PostgreSQL ended: {0}")]
    Supervisor(#[source] tokio::task::JoinError),
}

impl EmbeddedError {
    /// For `map_err` on file operations.
    pub(super) fn file(
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
