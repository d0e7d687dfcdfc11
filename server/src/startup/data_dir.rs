use std::{env, path::PathBuf};

use crate::error::ServerError;

/// Where data is kept when nobody says: a place of the system for root, one of the person's own otherwise.
///
/// # Errors
/// [`ServerError::NoDataDir`] where the person has no home.
pub(crate) fn default_data_dir() -> Result<PathBuf, ServerError> {
    named("calibr")
}

/// The same for the demo, which does not mix with data of one's own.
///
/// # Errors
/// [`ServerError::NoDataDir`] where the person has no home.
pub(crate) fn default_demo_dir() -> Result<PathBuf, ServerError> {
    named("calibr-demo")
}

fn named(name: &str) -> Result<PathBuf, ServerError> {
    if rustix::process::geteuid().is_root() {
        // PostgreSQL runs as another user then, who could not pass through root's home.
        return Ok(PathBuf::from("/var/lib").join(name));
    }
    let absolute = |variable: &str| {
        env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join(name))
        .ok_or(ServerError::NoDataDir)
}
