use std::{path::PathBuf, time::Duration};

/// How the embedded server is run. The default suits a small machine.
#[derive(Debug, Clone)]
pub(crate) struct EmbeddedOptions {
    /// Directory of the `postgres` and `initdb` to use. `None` looks in the usual places.
    pub(crate) bin_dir: Option<PathBuf>,
    /// Listens on 127.0.0.1 with a password instead of a Unix socket. It also does so by itself where no
    /// directory takes a socket.
    pub(crate) loopback_tcp: bool,
    /// Settings of the server.
    pub(crate) tuning: Tuning,
    /// How long a start may take, replay of the write-ahead log after a crash included.
    pub(crate) start_timeout: Duration,
    /// How long a fast shutdown may take before an immediate one, which means a replay at the next start.
    pub(crate) stop_timeout: Duration,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            bin_dir: None,
            loopback_tcp: false,
            tuning: Tuning::default(),
            start_timeout: Duration::from_mins(10),
            stop_timeout: Duration::from_secs(30),
        }
    }
}

/// Settings of the server that depend on the machine. They win over those in `postgresql.conf`.
#[derive(Debug, Clone)]
pub(crate) struct Tuning {
    /// Page cache of the server, in MiB.
    pub(crate) shared_buffers_mib: u32,
    /// Memory of one sort or hash, in MiB.
    pub(crate) work_mem_mib: u32,
    /// Memory of one index build or vacuum, in MiB.
    pub(crate) maintenance_work_mem_mib: u32,
    /// Sessions at once.
    pub(crate) max_connections: u16,
    /// Write-ahead log between checkpoints, in MiB.
    pub(crate) max_wal_size_mib: u32,
    /// Time between checkpoints.
    pub(crate) checkpoint_timeout: Duration,
    /// Compresses full pages in the write-ahead log.
    pub(crate) wal_compression: bool,
    /// Compiles long queries. The compiler takes longer than this application's queries.
    pub(crate) jit: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            shared_buffers_mib: 128,
            work_mem_mib: 8,
            maintenance_work_mem_mib: 64,
            max_connections: 100,
            max_wal_size_mib: 2048,
            checkpoint_timeout: Duration::from_mins(15),
            wal_compression: true,
            jit: false,
        }
    }
}

impl Tuning {
    /// As `name=value`, for `postgres -c`.
    pub(super) fn settings(&self) -> Vec<String> {
        let switch = |on: bool| if on { "on" } else { "off" };
        vec![
            format!("shared_buffers={}MB", self.shared_buffers_mib),
            format!("work_mem={}MB", self.work_mem_mib),
            format!("maintenance_work_mem={}MB", self.maintenance_work_mem_mib),
            format!("max_connections={}", self.max_connections),
            format!("max_wal_size={}MB", self.max_wal_size_mib),
            format!("checkpoint_timeout={}s", self.checkpoint_timeout.as_secs()),
            format!("wal_compression={}", switch(self.wal_compression)),
            format!("jit={}", switch(self.jit)),
            // A committed write is on disk: nothing that was reported as done is lost.
            "synchronous_commit=on".to_owned(),
            "fsync=on".to_owned(),
            "full_page_writes=on".to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_as_postgresql_reads_them() {
        let tuning = Tuning {
            shared_buffers_mib: 256,
            jit: true,
            ..Tuning::default()
        };
        let settings = tuning.settings();
        for expected in [
            "shared_buffers=256MB",
            "jit=on",
            "checkpoint_timeout=900s",
            "synchronous_commit=on",
        ] {
            assert!(
                settings.iter().any(|setting| setting == expected),
                "{expected}"
            );
        }
    }
}
