//! The console as a process, and what it takes of memory.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use url::Url;

use crate::error::BenchError;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running console; killed when dropped.
pub(crate) struct Console {
    child: Child,
    pub(crate) url: Url,
}

impl Console {
    /// Starts it on a database, with what else it is to be told, and waits until
    /// it listens.
    pub(crate) async fn start(
        binary: &Path,
        database: &Url,
        variables: &[(&str, String)],
    ) -> Result<Self, BenchError> {
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", database.as_str())
            .env("ENCRYPTION_KEY", "7".repeat(64))
            .env("LOG", "warn")
            // The waiting asks more often than a person does.
            .env("REQUESTS_PER_MINUTE", "100000")
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let out = child
            .stdout
            .take()
            .ok_or_else(|| BenchError::Unfit("the console has no output".to_owned()))?;
        let mut lines = BufReader::new(out).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix("listening on ") {
                    return Ok(url.to_owned());
                }
            }
            Err(BenchError::Unfit(
                "the console ended at its start".to_owned(),
            ))
        };
        let url = timeout(PATIENCE, listening)
            .await
            .map_err(|_| BenchError::Unfit("the console did not start".to_owned()))??;
        let url = url
            .parse()
            .map_err(|_| BenchError::Unfit(format!("\"{url}\" is no address")))?;
        Ok(Self { child, url })
    }

    /// Memory in use now, in megabytes.
    pub(crate) fn resident(&self) -> Result<f64, BenchError> {
        self.status("VmRSS:")
    }

    /// The most memory that was in use so far, in megabytes.
    pub(crate) fn peak(&self) -> Result<f64, BenchError> {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> Result<f64, BenchError> {
        let pid = self
            .child
            .id()
            .ok_or_else(|| BenchError::Unfit("the console has ended".to_owned()))?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kilobytes: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| BenchError::Unfit(format!("there is no {name} in /proc")))?;
        Ok(kilobytes * 1_024.0 / 1_000_000.0)
    }

    pub(crate) async fn stop(mut self) -> Result<(), BenchError> {
        let pid = self
            .child
            .id()
            .and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(pid) = pid {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)
                .map_err(std::io::Error::from)?;
        }
        self.child.wait().await?;
        Ok(())
    }
}
