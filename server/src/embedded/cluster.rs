use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::Output,
};

use rand::CryptoRng;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::process::Command;

use super::{
    EmbeddedError, binaries::Binaries, data_dir::DataDir, endpoint::ROLE, server_user::ServerUser,
};

/// Begins the name of a directory in which a cluster is being made. One that is found was left by a start
/// that was killed.
const STAGING_PREFIX: &str = "postgres.partial-";
/// The file inside the cluster that holds the password of its owner, so that both live and move together.
const PASSWORD_FILE: &str = "calibr.password";

/// What stands where the cluster should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClusterState {
    /// Nothing, or an empty directory.
    Absent,
    /// A cluster that this major version made.
    Made {
        /// From the file `PG_VERSION`.
        major: u32,
    },
}

/// Looks, and changes nothing.
///
/// # Errors
///
/// [`EmbeddedError::ForeignDirectory`] where the place is taken by something else.
pub(super) fn inspect(cluster: &Path) -> Result<ClusterState, EmbeddedError> {
    let mut entries = match fs::read_dir(cluster) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ClusterState::Absent),
        Err(source) => {
            return Err(EmbeddedError::File {
                action: "read",
                path: cluster.to_owned(),
                source,
            });
        }
    };
    if entries.next().is_none() {
        return Ok(ClusterState::Absent);
    }
    let foreign = || EmbeddedError::ForeignDirectory {
        path: cluster.to_owned(),
    };
    let version = fs::read_to_string(cluster.join("PG_VERSION")).map_err(|_| foreign())?;
    // Before version 10 there were two numbers in it.
    let major = version
        .trim()
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .ok_or_else(foreign)?;
    Ok(ClusterState::Made { major })
}

/// The password of the cluster's owner.
pub(super) fn password(cluster: &Path) -> Result<SecretString, EmbeddedError> {
    let path = cluster.join(PASSWORD_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(SecretString::from(text.trim())),
        Err(source) => Err(EmbeddedError::Password { path, source }),
    }
}

/// Makes a cluster. It appears in its place whole or not at all: `initdb` writes elsewhere, and a rename
/// puts it there.
pub(super) async fn make<R: CryptoRng + ?Sized>(
    data_dir: &DataDir,
    binaries: &Binaries,
    user: &ServerUser,
    random: &mut R,
) -> Result<(), EmbeddedError> {
    let staging = data_dir
        .path()
        .join(format!("{STAGING_PREFIX}{}", hex_secret::<8, R>(random)));
    DirBuilder::new()
        .mode(0o700)
        .create(&staging)
        .map_err(EmbeddedError::file("create", &staging))?;
    let password_file = staging.join(PASSWORD_FILE);
    write_password(
        &password_file,
        &SecretString::from(hex_secret::<24, R>(random)),
    )
    .map_err(EmbeddedError::file("write", &password_file))?;
    user.give(&staging)?;

    let made = staging.join("cluster");
    run_initdb(binaries, user, &staging, &made, &password_file)
        .await
        .inspect_err(|_| {
            // What stays is removed by the next start.
            let _ = fs::remove_dir_all(&staging);
        })?;

    let moved = made.join(PASSWORD_FILE);
    fs::rename(&password_file, &moved)
        .map_err(EmbeddedError::file("move the password to", &moved))?;
    sync_directory(&made)?;
    let cluster = data_dir.cluster();
    fs::rename(&made, &cluster)
        .map_err(EmbeddedError::file("move the new database to", &cluster))?;
    sync_directory(data_dir.path())?;
    fs::remove_dir_all(&staging).map_err(EmbeddedError::file("remove", &staging))
}

/// Removes what starts that were killed while they made a cluster left behind.
pub(super) fn remove_unfinished(data_dir: &DataDir) -> Result<(), EmbeddedError> {
    for path in unfinished(data_dir.path()).map_err(EmbeddedError::file("read", data_dir.path()))? {
        tracing::warn!(directory = %path.display(), "removing a database that was not made to the end");
        if let Err(reason) = fs::remove_dir_all(&path) {
            // An initdb that outlived its parent still writes there. It is in nobody's way.
            tracing::warn!(directory = %path.display(), %reason, "it could not be removed; the next start will try");
        }
    }
    Ok(())
}

fn unfinished(data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(STAGING_PREFIX)
        {
            found.push(entry.path());
        }
    }
    Ok(found)
}

async fn run_initdb(
    binaries: &Binaries,
    user: &ServerUser,
    staging: &Path,
    cluster: &Path,
    password_file: &Path,
) -> Result<(), EmbeddedError> {
    let mut output = String::new();
    for locale in locales(binaries.major()) {
        let mut initdb = user.command(&binaries.initdb(), staging);
        initdb
            .arg("--pgdata")
            .arg(cluster)
            .arg("--pwfile")
            .arg(password_file)
            .args(locale)
            .args([
                "--username",
                ROLE,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--data-checksums",
                "--no-instructions",
            ]);
        let Output {
            status,
            stdout,
            stderr,
        } = Command::from(initdb)
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|source| EmbeddedError::Run {
                program: binaries.initdb(),
                source,
            })?;
        if status.success() {
            return Ok(());
        }
        output = format!(
            "{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
        if !output.contains("locale") {
            break;
        }
    }
    Err(EmbeddedError::Initdb {
        output: output.trim().to_owned(),
    })
}

/// Locales to try in turn: code point order with Unicode's letters, which never changes with a system
/// library as other orders do (and breaks indexes); then the plain C locale, which every system has.
fn locales(major: u32) -> Vec<Vec<&'static str>> {
    let plain = vec!["--locale=C"];
    if major >= 17 {
        vec![
            vec![
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ],
            plain,
        ]
    } else {
        vec![vec!["--locale=C.UTF-8"], plain]
    }
}

fn write_password(path: &Path, password: &SecretString) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", password.expose_secret())?;
    file.sync_all()
}

fn hex_secret<const BYTES: usize, R: CryptoRng + ?Sized>(random: &mut R) -> String {
    let mut bytes = [0; BYTES];
    random.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

fn sync_directory(path: &Path) -> Result<(), EmbeddedError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(EmbeddedError::file("write", path))
}
