//! What is shown of a credential: never the credential.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A saved secret as a person may see it: "set, ends in …4f2a, saved by X on D".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CredentialView {
    /// The credential field's name.
    pub field: String,
    /// The last four characters, where the secret is long enough to show them.
    pub ends_in: Option<String>,
    /// Who saved it; `null` for what the platform itself handed over.
    pub saved_by: Option<String>,
    /// When, in UTC.
    pub saved_at: DateTime<Utc>,
    /// When it runs out, in UTC; `null` where it does not.
    pub expires_at: Option<DateTime<Utc>>,
}
