//! What signs in to a platform, in memory.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{ConnectorError, Fault};

/// The secrets of one integration by field name. Zeroed when dropped, never
/// shown by `Debug`.
#[derive(Clone, Default)]
pub struct CredentialSet {
    values: BTreeMap<String, SecretString>,
    /// When they stop working, in UTC; `None` where they do not expire.
    pub expires_at: Option<DateTime<Utc>>,
}

impl CredentialSet {
    /// Made of fields and their secrets.
    pub fn new(
        values: impl IntoIterator<Item = (String, SecretString)>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Self {
        Self {
            values: values.into_iter().collect(),
            expires_at,
        }
    }

    /// One field's secret, where it is set.
    pub fn get(&self, field: &str) -> Option<&SecretString> {
        self.values.get(field)
    }

    /// One field's secret, which must be there.
    ///
    /// # Errors
    /// [`Fault::Config`] naming the field.
    pub fn require(&self, field: &str) -> Result<&SecretString, ConnectorError> {
        self.get(field).ok_or_else(|| {
            ConnectorError::new(
                Fault::Config,
                format!("The credential \"{field}\" is not set; enter it in the settings."),
            )
        })
    }

    /// The fields and their secrets.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.values
            .iter()
            .map(|(field, secret)| (field.as_str(), secret))
    }

    /// Whether they run out within `margin` after `now`.
    pub fn expires_within(&self, margin: TimeDelta, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at - margin <= now)
    }

    /// Whether both hold the same secrets.
    pub fn same_secrets(&self, other: &Self) -> bool {
        self.values.len() == other.values.len()
            && self
                .iter()
                .zip(other.iter())
                .all(|(a, b)| a.0 == b.0 && a.1.expose_secret() == b.1.expose_secret())
    }
}

impl fmt::Debug for CredentialSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialSet")
            .field("fields", &self.values.keys().collect::<Vec<_>>())
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// Where a connected store takes its credentials from, call by call: they may
/// be refreshed while a long run goes on.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// Credentials that will still work for a minute at least; refreshed first
    /// where they would not, once, however many ask at the same time.
    ///
    /// # Errors
    /// What the platform said to the refresh.
    async fn current(&self) -> Result<Arc<CredentialSet>, ConnectorError>;

    /// The platform refused `refused`: gives a newer set where there is or can
    /// be one.
    ///
    /// # Errors
    /// [`Fault::CredentialsRefused`] where there is none.
    async fn renew(&self, refused: &CredentialSet) -> Result<Arc<CredentialSet>, ConnectorError>;
}

/// Credentials in place of those that a call was refused with.
///
/// # Errors
/// What the call said, where there are none; what the source said, where it
/// could not tell.
pub(crate) async fn replaced(
    source: &dyn CredentialSource,
    used: &CredentialSet,
    refused: ConnectorError,
) -> Result<Arc<CredentialSet>, ConnectorError> {
    match source.renew(used).await {
        Ok(newer) if !newer.same_secrets(used) => Ok(newer),
        Err(error) if error.fault != Fault::CredentialsRefused => Err(error),
        // What the call said is clearer.
        _ => Err(refused),
    }
}

/// Credentials as they were entered, for a test of the connection: nothing
/// refreshes them.
#[derive(Debug, Clone)]
pub struct FixedCredentials(pub Arc<CredentialSet>);

impl FixedCredentials {
    /// A source that always gives `set`.
    pub fn new(set: CredentialSet) -> Arc<Self> {
        Arc::new(Self(Arc::new(set)))
    }
}

#[async_trait]
impl CredentialSource for FixedCredentials {
    async fn current(&self) -> Result<Arc<CredentialSet>, ConnectorError> {
        Ok(Arc::clone(&self.0))
    }

    async fn renew(&self, _refused: &CredentialSet) -> Result<Arc<CredentialSet>, ConnectorError> {
        Err(ConnectorError::new(
            Fault::CredentialsRefused,
            "The store does not accept these credentials. Check that they were copied whole and \
             have not been revoked.",
        ))
    }
}
