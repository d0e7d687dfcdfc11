//! The port that the demo's store had, kept so that links to it stay good.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::ServerError;

#[derive(Serialize, Deserialize)]
struct Kept {
    store_port: u16,
}

/// Where it is kept. That the file is there says: here is a demo.
pub(super) fn file_in(data_dir: &Path) -> PathBuf {
    data_dir.join("demo.json")
}

/// The port of the start before. A file that cannot be read costs nothing but the old port.
pub(super) fn read(file: &Path) -> Option<u16> {
    let kept: Kept = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    Some(kept.store_port)
}

/// Keeps the port of an address.
pub(super) fn write(file: &Path, base_url: &str) -> Result<(), ServerError> {
    let url: Option<Url> = base_url.parse().ok();
    let store_port = url.and_then(|url| url.port()).unwrap_or_default();
    let kept = serde_json::to_vec(&Kept { store_port }).unwrap_or_default();
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).map_err(ServerError::file("create", directory))?;
    }
    fs::write(file, kept).map_err(ServerError::file("write", file))
}
