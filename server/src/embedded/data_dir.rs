use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::{EmbeddedError, server_user};

/// The data directory, held by this process alone until dropped. The hold is an operating-system lock on
/// `calibr.lock`, so it ends with the process however that ends.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Never read: what counts is that it stays open.
    _lock: File,
}

impl DataDir {
    /// Takes the directory, making it where it is missing.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::DataDirInUse`] where another process has it, [`EmbeddedError::File`] where it cannot
    /// be made or locked.
    pub(crate) fn lock(path: &Path) -> Result<Self, EmbeddedError> {
        let path = create(path)?;
        let lock_path = path.join("calibr.lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(EmbeddedError::file("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let pid = lock
                    .read_to_string(&mut holder)
                    .ok()
                    .and_then(|_| holder.trim().parse().ok());
                return Err(EmbeddedError::DataDirInUse { path, pid });
            }
            Err(TryLockError::Error(source)) => {
                return Err(EmbeddedError::File {
                    action: "lock",
                    path: lock_path,
                    source,
                });
            }
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(EmbeddedError::file("write", &lock_path))?;
        Ok(Self { path, _lock: lock })
    }

    /// The directory, absolute and without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the PostgreSQL cluster lives.
    pub(super) fn cluster(&self) -> PathBuf {
        cluster_in(&self.path)
    }
}

/// Where the cluster of a data directory lives.
pub(super) fn cluster_in(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

fn create(path: &Path) -> Result<PathBuf, EmbeddedError> {
    // Root's directory lets the user that PostgreSQL runs as pass through, and list nothing.
    let mode = if server_user::is_root() { 0o711 } else { 0o700 };
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(EmbeddedError::file("create the data directory", path))?;
    path.canonicalize()
        .map_err(EmbeddedError::file("find the data directory", path))
}
