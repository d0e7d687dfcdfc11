//! Who may do what: consumer keys, shown in an `Authorization` header or, for servers that lose
//! it, in the query.

use axum::http::{HeaderMap, Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// What a key may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permissions {
    /// Only look.
    Read,
    /// Only change.
    Write,
    /// Both.
    #[default]
    ReadWrite,
}

impl Permissions {
    /// As it stands in WooCommerce's answers.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::ReadWrite => "read_write",
        }
    }

    /// The permissions of a scope that an app asks for.
    pub(crate) fn of_scope(scope: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::ReadWrite]
            .into_iter()
            .find(|permissions| permissions.word() == scope)
    }
}

/// A consumer key with its secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ApiKey {
    /// `ck_…`
    pub consumer_key: String,
    /// `cs_…`
    pub consumer_secret: String,
    /// What it may do.
    #[serde(default)]
    pub permissions: Permissions,
    /// Whether its user manages the shop; a customer's key sees nothing.
    #[serde(default = "yes")]
    pub manager: bool,
}

fn yes() -> bool {
    true
}

impl ApiKey {
    /// A manager's key that may read and write.
    pub fn new(consumer_key: impl Into<String>, consumer_secret: impl Into<String>) -> Self {
        Self {
            consumer_key: consumer_key.into(),
            consumer_secret: consumer_secret.into(),
            permissions: Permissions::ReadWrite,
            manager: true,
        }
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ApiKey")
            .field("permissions", &self.permissions)
            .field("manager", &self.manager)
            .finish_non_exhaustive()
    }
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// No key that is known came with it: the request is nobody's.
    Nobody,
    /// The key is known, but not with this secret.
    WrongSecret,
    /// The key may not look.
    NoReading,
    /// The key may not change anything.
    NoWriting,
    /// The key's user may not.
    NotManager,
}

/// The keys of a store.
#[derive(Debug)]
pub(crate) struct Access {
    keys: Vec<ApiKey>,
    dice: Dice,
    next_id: u64,
}

impl Access {
    pub(crate) fn new(seed: u64, keys: Vec<ApiKey>) -> Self {
        Self {
            keys,
            dice: Dice::of(seed, 0xACCE55),
            next_id: 1,
        }
    }

    pub(crate) fn add(&mut self, key: ApiKey) {
        self.keys
            .retain(|known| known.consumer_key != key.consumer_key);
        self.keys.push(key);
    }

    /// Makes a key for an app, and gives it with its id.
    pub(crate) fn issue(&mut self, permissions: Permissions) -> (u64, ApiKey) {
        let key = ApiKey {
            consumer_key: format!("ck_{}", self.dice.hex(20)),
            consumer_secret: format!("cs_{}", self.dice.hex(20)),
            permissions,
            manager: true,
        };
        self.keys.push(key.clone());
        let id = self.next_id;
        self.next_id += 1;
        (id, key)
    }

    pub(crate) fn revoke(&mut self, consumer_key: &str) {
        self.keys.retain(|key| key.consumer_key != consumer_key);
    }

    pub(crate) fn revoke_all(&mut self) {
        self.keys.clear();
    }

    /// Whether a request with these headers and this query may do what its method does.
    pub(crate) fn check(
        &self,
        headers: &HeaderMap,
        query: &[(String, String)],
        method: &Method,
    ) -> Result<(), Denial> {
        let (name, secret) = shown(headers, query).ok_or(Denial::Nobody)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.consumer_key == name)
            .ok_or(Denial::Nobody)?;
        if key.consumer_secret != secret {
            return Err(Denial::WrongSecret);
        }
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        match (key.permissions, reads) {
            (Permissions::Write, true) => Err(Denial::NoReading),
            (Permissions::Read, false) => Err(Denial::NoWriting),
            _ if !key.manager => Err(Denial::NotManager),
            _ => Ok(()),
        }
    }
}

fn shown(headers: &HeaderMap, query: &[(String, String)]) -> Option<(String, String)> {
    let in_query = |name: &str| {
        query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    if let (Some(key), Some(secret)) = (in_query("consumer_key"), in_query("consumer_secret")) {
        return Some((key, secret));
    }
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let packed = header.strip_prefix("Basic ")?;
    let plain = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?;
    let (key, secret) = plain.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}
