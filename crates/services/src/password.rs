//! Passwords: argon2id in the PHC string format.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use calibr_model::{Problem, ProblemKind, Sources};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Hashes at work at once: each takes 19 MiB and a core for a while.
const AT_ONCE: usize = 2;

/// Hashes and checks passwords, off the threads that answer requests.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    sources: Sources,
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(sources: Sources) -> Self {
        Self {
            sources,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, Problem> {
        let salt: [u8; 16] = self.sources.bytes();
        self.work(move || hashed(&password, &salt)).await?
    }

    /// Whether the password fits the hash. Without a hash (no such account) it
    /// takes as long, and does not.
    pub(crate) async fn fits(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, Problem> {
        let salt: [u8; 16] = self.sources.bytes();
        self.work(move || match hash {
            Some(hash) => verified(&password, &hash),
            None => hashed(&password, &salt).map(|_| false),
        })
        .await?
    }

    async fn work<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(broken)?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            act()
        });
        done.await.map_err(broken)
    }
}

fn hashed(password: &SecretString, salt: &[u8]) -> Result<String, Problem> {
    let hash = Argon2::default()
        .hash_password_with_salt(password.expose_secret().as_bytes(), salt)
        .map_err(broken)?;
    Ok(hash.to_string())
}

fn verified(password: &SecretString, hash: &str) -> Result<bool, Problem> {
    let hash = PasswordHash::new(hash).map_err(broken)?;
    Ok(Argon2::default()
        .verify_password(password.expose_secret().as_bytes(), &hash)
        .is_ok())
}

fn broken(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a password could not be worked on");
    Problem::new(
        ProblemKind::Internal,
        "The password could not be checked. Nothing was changed; try again.",
    )
}
