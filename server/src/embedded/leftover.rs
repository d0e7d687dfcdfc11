//! Servers and files that a Calibr which was killed left behind.

use std::{fs, path::Path, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::{EmbeddedError, endpoint::Endpoint, pid_file::PidFile};

/// How often to look whether a process is gone that is not this one's child.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long an immediate shutdown may take: PostgreSQL itself kills what is left after 5 s.
const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(15);

/// Ends every server process that works on the cluster, and removes what would stop a new one from
/// starting. Afterwards nothing runs on the cluster. The caller holds the lock of the data directory.
///
/// # Errors
///
/// [`EmbeddedError::DoesNotStop`] where processes stay in spite of a fast and an immediate shutdown.
pub(super) async fn clear(cluster: &Path, timeout: Duration) -> Result<(), EmbeddedError> {
    let pid_file =
        PidFile::read(cluster).map_err(EmbeddedError::file("read", PidFile::path(cluster)))?;
    let pids = processes(cluster, pid_file.as_ref());
    if !pids.is_empty() {
        let postmaster = pid_file
            .as_ref()
            .map(|file| file.pid)
            .filter(|pid| pids.contains(pid));
        tracing::warn!(
            ?pids,
            "stopping a PostgreSQL server that an earlier calibr left running"
        );
        // Without a postmaster its children are about to end by themselves.
        let (addressees, first) = match postmaster {
            Some(pid) => (vec![pid], Signal::INT),
            None => (pids, Signal::TERM),
        };
        signal(&addressees, first);
        if !all_gone(cluster, pid_file.as_ref(), timeout).await {
            signal(&addressees, Signal::QUIT);
            if !all_gone(cluster, pid_file.as_ref(), IMMEDIATE_TIMEOUT).await {
                return Err(EmbeddedError::DoesNotStop {
                    pids: processes(cluster, pid_file.as_ref()),
                });
            }
        }
    }

    // PostgreSQL tells a stale file by its process id being free. After a restart of the machine or of a
    // container another program may have that id, and PostgreSQL would refuse to start.
    let path = PidFile::path(cluster);
    if path.exists() {
        fs::remove_file(&path).map_err(EmbeddedError::file("remove", &path))?;
    }
    if let Some(endpoint) = pid_file.as_ref().and_then(Endpoint::of_running) {
        endpoint.tidy();
    }
    Ok(())
}

fn signal(pids: &[i32], signal: Signal) {
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        if let Err(reason) = kill_process(pid, signal) {
            tracing::debug!(%pid, ?signal, %reason, "not signalled");
        }
    }
}

async fn all_gone(cluster: &Path, pid_file: Option<&PidFile>, timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    while !processes(cluster, pid_file).is_empty() {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(LOOK_AGAIN).await;
    }
    true
}

/// Server processes that work on the cluster: PostgreSQL's programs whose working directory it is.
#[cfg(target_os = "linux")]
pub(super) fn processes(cluster: &Path, _pid_file: Option<&PidFile>) -> Vec<i32> {
    use std::os::unix::fs::MetadataExt as _;

    let Ok(cluster) = fs::metadata(cluster) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let process = entry.ok()?.path();
            let pid = process.file_name()?.to_str()?.parse().ok()?;
            let works_in = fs::metadata(process.join("cwd")).ok()?;
            let program = fs::read_link(process.join("exe")).ok()?;
            // " (deleted)" follows the name after an upgrade of the package.
            let is_postgres = program.file_name()?.to_str()?.split(' ').next()? == "postgres";
            let is_here = (works_in.dev(), works_in.ino()) == (cluster.dev(), cluster.ino());
            (is_postgres && is_here).then_some(pid)
        })
        .collect()
}

/// The postmaster of the cluster: the process of its pid file, if that is a PostgreSQL.
#[cfg(not(target_os = "linux"))]
pub(super) fn processes(_cluster: &Path, pid_file: Option<&PidFile>) -> Vec<i32> {
    let Some(pid) = pid_file.map(|file| file.pid) else {
        return Vec::new();
    };
    let Ok(output) = std::process::Command::new("ps")
        .args(["-o", "comm=", "-p", &pid.to_string()])
        .output()
    else {
        return Vec::new();
    };
    let program = String::from_utf8_lossy(&output.stdout);
    if program.trim().ends_with("postgres") {
        vec![pid]
    } else {
        Vec::new()
    }
}
