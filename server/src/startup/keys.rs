//! The master keys at start: read, or made once; and proven to be the database's.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use calibr_model::Sources;
use calibr_store::Db;
use calibr_vault::{Canary, KeySources, Keyring, MasterKey, VaultError, check_canary};
use secrecy::ExposeSecret as _;

use super::random;
use crate::{config::KeySettings, error::ServerError};

/// The key file of an embedded database, in its data directory.
const KEY_FILE: &str = "encryption.keys";

/// A database's canaries: the id of the key, and the sealed text.
type Canaries = Vec<(String, Vec<u8>)>;

/// The keys to work with, proven against the database. With an embedded database and no key set, they are in the
/// data directory, and are made at the first start.
///
/// # Errors
/// [`ServerError`] in words where a key is missing, malformed, or not the database's.
pub(super) async fn open_keys(
    settings: &KeySettings,
    own_directory: Option<&Path>,
    db: &Db,
    sources: &Sources,
) -> Result<Arc<Keyring>, ServerError> {
    let canaries = read_canaries(db).await?;
    let keyring = match (configured(settings)?, own_directory) {
        (Some(keyring), _) => keyring,
        (None, Some(directory)) => match read_own_file(&directory.join(KEY_FILE))? {
            Some(keyring) => keyring,
            None if canaries.is_empty() => make_own_file(&directory.join(KEY_FILE), sources)?,
            None => return Err(ServerError::KeyFileLost(directory.join(KEY_FILE))),
        },
        (None, None) => return Err(ServerError::NoKey),
    };
    check(&keyring, &canaries)?;
    let primary = keyring.primary().id();
    if !canaries.iter().any(|(id, _)| id == primary.as_str()) {
        let canary = Canary::seal(&keyring, &mut random(sources)).map_err(ServerError::Keys)?;
        let mut tx = db.system().await?;
        tx.add_canary(primary.as_str(), canary.as_bytes(), sources.now())
            .await?;
        tx.commit().await?;
    }
    Ok(Arc::new(keyring))
}

async fn read_canaries(db: &Db) -> Result<Canaries, ServerError> {
    let mut tx = db.system().await?;
    Ok(tx.canaries().await?)
}

/// Each canary whose key is at hand has to open, and one of them has to be at hand.
fn check(keyring: &Keyring, canaries: &Canaries) -> Result<(), ServerError> {
    let mut opened = false;
    let mut unknown = None;
    for (_, sealed) in canaries {
        match check_canary(keyring, sealed) {
            Ok(()) => opened = true,
            Err(problem @ VaultError::UnknownKey { .. }) => unknown = Some(problem),
            Err(problem) => return Err(ServerError::KeyMismatch { problem }),
        }
    }
    match unknown {
        Some(problem) if !opened => Err(ServerError::KeyMismatch { problem }),
        _ => Ok(()),
    }
}

fn configured(settings: &KeySettings) -> Result<Option<Keyring>, ServerError> {
    if !settings.any() {
        return Ok(None);
    }
    let file = settings.file.as_deref().map(read_file).transpose()?;
    if let (Some(path), Some((_, mode))) = (&settings.file, &file)
        && mode & 0o007 != 0
    {
        tracing::warn!(file = %path.display(), "everybody on this machine can read the encryption keys");
    }
    let keys = KeySources {
        encryption_keys: settings.several.as_ref().map(|keys| keys.expose_secret()),
        encryption_key: settings.single.as_ref().map(|key| key.expose_secret()),
        key_file: file.as_ref().map(|(content, _)| content.as_str()),
    };
    keys.keyring().map(Some).map_err(ServerError::Keys)
}

fn read_file(path: &Path) -> Result<(String, u32), ServerError> {
    let mode = fs::metadata(path)
        .map_err(ServerError::file("read", path))?
        .mode()
        & 0o777;
    let content = fs::read_to_string(path).map_err(ServerError::file("read", path))?;
    Ok((content, mode))
}

fn read_own_file(path: &Path) -> Result<Option<Keyring>, ServerError> {
    if !path.try_exists().map_err(ServerError::file("find", path))? {
        return Ok(None);
    }
    let (content, mode) = read_file(path)?;
    if mode & 0o077 != 0 {
        return Err(ServerError::KeyFileOpen {
            path: path.to_owned(),
            mode,
        });
    }
    let keys = KeySources {
        key_file: Some(&content),
        ..KeySources::default()
    };
    keys.keyring().map(Some).map_err(ServerError::Keys)
}

fn make_own_file(path: &Path, sources: &Sources) -> Result<Keyring, ServerError> {
    let key = MasterKey::generate(&mut random(sources));
    let keyring = Keyring::new(key, Vec::new()).map_err(ServerError::Keys)?;
    // Under another name first: a start that is broken off must not leave half a key.
    let unfinished = path.with_extension("keys.new");
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(keyring.to_key_file().expose_secret().as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        path.parent()
            .map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
    };
    write().map_err(ServerError::file("write", path))?;
    tracing::info!(
        file = %path.display(),
        "made an encryption key. Back this file up, apart from the database: without it, the stores' credentials \
         cannot be read again"
    );
    Ok(keyring)
}

/// One master key as `calibr keys status` shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyState {
    /// Its id.
    pub(crate) id: String,
    /// Whether it seals what is new.
    pub(crate) is_primary: bool,
    /// Whether this process was given it.
    pub(crate) is_at_hand: bool,
    /// Whether the database was used with it.
    pub(crate) is_in_database: bool,
}

/// The keys of this installation, the primary first. Makes and changes nothing.
///
/// # Errors
/// [`ServerError`] in words; a key mismatch, too.
pub(crate) async fn inspect_keys(
    settings: &KeySettings,
    own_directory: Option<&Path>,
    db: &Db,
) -> Result<Vec<KeyState>, ServerError> {
    let canaries = read_canaries(db).await?;
    let own_file: Option<PathBuf> = own_directory.map(|directory| directory.join(KEY_FILE));
    let keyring = match (configured(settings)?, own_file) {
        (Some(keyring), _) => Some(keyring),
        (None, Some(file)) => read_own_file(&file)?,
        (None, None) => None,
    };
    if let Some(keyring) = &keyring {
        check(keyring, &canaries)?;
    }
    let in_database = |id: &str| canaries.iter().any(|(known, _)| known == id);
    let at_hand: Vec<&str> = keyring
        .iter()
        .flat_map(|keyring| keyring.ids().map(|id| id.as_str()))
        .collect();
    let given = at_hand.iter().enumerate().map(|(place, id)| KeyState {
        id: (*id).to_owned(),
        is_primary: place == 0,
        is_at_hand: true,
        is_in_database: in_database(id),
    });
    let missing = canaries
        .iter()
        .filter(|(id, _)| !at_hand.contains(&id.as_str()))
        .map(|(id, _)| KeyState {
            id: id.clone(),
            is_primary: false,
            is_at_hand: false,
            is_in_database: true,
        });
    Ok(given.chain(missing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(sources: &Sources) -> Keyring {
        Keyring::new(MasterKey::generate(&mut random(sources)), Vec::new()).unwrap()
    }

    fn canary(keyring: &Keyring, sources: &Sources) -> (String, Vec<u8>) {
        let sealed = Canary::seal(keyring, &mut random(sources)).unwrap();
        (
            keyring.primary().id().to_string(),
            sealed.as_bytes().to_vec(),
        )
    }

    #[test]
    fn a_key_that_is_not_the_databases_is_a_mismatch() {
        let sources = Sources::system();
        let (own, other) = (ring(&sources), ring(&sources));
        assert!(check(&own, &vec![]).is_ok());
        assert!(check(&own, &vec![canary(&own, &sources)]).is_ok());
        let error = check(&other, &vec![canary(&own, &sources)])
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("key mismatch: "), "{error}");
    }

    #[test]
    fn while_keys_are_changed_one_that_opens_is_enough() {
        let sources = Sources::system();
        let (own, other) = (ring(&sources), ring(&sources));
        assert!(
            check(
                &own,
                &vec![canary(&other, &sources), canary(&own, &sources)]
            )
            .is_ok()
        );
    }

    #[test]
    fn a_made_key_is_read_again_and_is_nobody_elses_to_read() {
        let sources = Sources::system();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(KEY_FILE);
        assert!(read_own_file(&path).unwrap().is_none());

        let made = make_own_file(&path, &sources).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let read = read_own_file(&path).unwrap().unwrap();
        assert_eq!(read.primary().id(), made.primary().id());

        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        let error = read_own_file(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
