//! dlt as a process of its own, running `bench/dlt/import_store.py`.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use serde::Deserialize;
use tokio::process::Command;
use url::Url;

use super::store::{CONSUMER_KEY, CONSUMER_SECRET};
use crate::{Settings, error::BenchError, figure::note};

const VERSIONS: &str = "import platform, importlib.metadata as m; \
    print('dlt', m.version('dlt'), 'with psycopg2', m.version('psycopg2-binary'), \
    'on Python', platform.python_version())";

/// An installed dlt.
pub(super) struct Dlt {
    python: PathBuf,
    script: PathBuf,
}

/// How many seconds each stage took.
#[derive(Debug, Deserialize)]
struct Stages {
    extract: f64,
    normalize: f64,
    load: f64,
}

impl Dlt {
    /// `None` where it is not installed.
    pub(super) fn of(settings: &Settings) -> Result<Option<Self>, BenchError> {
        let Some(python) = &settings.dlt_python else {
            return Ok(None);
        };
        Ok(Some(Self {
            python: std::path::absolute(python)?,
            script: std::path::absolute(&settings.dlt_script)?,
        }))
    }

    /// What is measured, in words.
    pub(super) async fn versions(&self) -> Result<String, BenchError> {
        let output = Command::new(&self.python)
            .args(["-c", VERSIONS])
            .output()
            .await?;
        Ok(printed(output)?.trim().to_owned())
    }

    /// Imports a store into an empty database. Gives how long it took from the
    /// beginning of the extract to the end of the load.
    pub(super) async fn import(&self, store: &str, database: &Url) -> Result<Duration, BenchError> {
        let folder = Folder::make()?;
        let output = Command::new(&self.python)
            .arg(&self.script)
            // It looks for its configuration where it runs.
            .current_dir(&folder.0)
            .env("DLT_DATA_DIR", &folder.0)
            .env("RUNTIME__DLTHUB_TELEMETRY", "false")
            .env("STORE_URL", store)
            .env("CONSUMER_KEY", CONSUMER_KEY)
            .env("CONSUMER_SECRET", CONSUMER_SECRET)
            .env("DATABASE_URL", database.as_str())
            .kill_on_drop(true)
            .output()
            .await?;
        let printed = printed(output)?;
        let stages: Stages = printed
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| BenchError::Unfit(format!("dlt told no times: {printed}")))?;
        note(&format!("  dlt: {stages:.2?}"));
        let seconds = stages.extract + stages.normalize + stages.load;
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| BenchError::Unfit(format!("dlt took {seconds} seconds")))
    }
}

fn printed(output: Output) -> Result<String, BenchError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(BenchError::Unfit(format!(
        "dlt ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// Where dlt keeps what it extracted, normalized and loaded: empty at the
/// beginning, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, BenchError> {
        let path = std::env::temp_dir().join(format!("calibr-bench-dlt.{}", std::process::id()));
        remove(&path)?;
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_to_the_system = remove(&self.0);
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
