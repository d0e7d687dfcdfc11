use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    credential::CredentialView,
    event::SyncProgress,
    ids::IntegrationId,
    platform::PlatformId,
    status::{IntegrationStatus, SyncStatus},
};

/// A connected store as cards and lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntegrationView {
    /// Its id.
    pub id: IntegrationId,
    /// The platform it is a store of.
    pub platform: PlatformId,
    /// What the merchant calls it.
    pub name: String,
    /// Where the store is: a shop domain or host, for people.
    pub address: String,
    /// Whether it can be reached.
    pub status: IntegrationStatus,
    /// What is wrong and what to do, while `status` is `error` or `expired`.
    pub status_detail: Option<String>,
    /// What the store does not let be done although it can be reached, and what
    /// to do about it.
    #[serde(default)]
    pub notice: Option<String>,
    /// State of the latest run; `idle` where none was.
    pub sync_status: SyncStatus,
    /// The latest run while it is queued or under way.
    pub progress: Option<SyncProgress>,
    /// When the last run that came through ended.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// When the next run is due; `null` where only a person starts one.
    pub next_sync_at: Option<DateTime<Utc>>,
    /// Everything the store changed before this moment is here.
    pub data_fresh_as_of: Option<DateTime<Utc>>,
    /// Listings it has in the console.
    pub item_count: i64,
    /// Whether runs by the clock are held back.
    pub paused: bool,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
}

/// One integration with what its own page needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntegrationDetail {
    /// The card's fields.
    #[serde(flatten)]
    pub integration: IntegrationView,
    /// What was entered that is no secret.
    pub config: BTreeMap<String, String>,
    /// The sealed credentials as a person may see them.
    pub credentials: Vec<CredentialView>,
    /// Whether the platform gives fresh ones before they run out.
    pub renews: bool,
}

/// The counters over the integrations page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IntegrationCounters {
    /// All, disconnected ones left out.
    pub total: i64,
    /// Reachable.
    pub connected: i64,
    /// With a run queued or under way.
    pub syncing: i64,
    /// In error or expired, or whose latest run failed.
    pub errors: i64,
}

impl IntegrationCounters {
    /// Counts.
    pub fn of(integrations: &[IntegrationView]) -> Self {
        let mut counters = Self::default();
        for integration in integrations {
            if integration.status == IntegrationStatus::Disconnected {
                continue;
            }
            counters.total += 1;
            counters.connected += i64::from(integration.status == IntegrationStatus::Connected);
            counters.syncing += i64::from(integration.sync_status.is_active());
            let broken = matches!(
                integration.status,
                IntegrationStatus::Error | IntegrationStatus::Expired
            );
            counters.errors += i64::from(broken || integration.sync_status == SyncStatus::Error);
        }
        counters
    }
}

/// What a connection test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionTest {
    /// Whether the store can be worked with.
    pub ok: bool,
    /// In plain words what was found, or what is wrong and what to do.
    pub message: String,
    /// The store's own name, where it answered.
    pub store_name: Option<String>,
    /// The store's currency, where it answered.
    pub currency: Option<String>,
    /// The API version that answered.
    pub api_version: Option<String>,
}

/// Where the browser goes for one-click connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneClickStart {
    /// The platform's consent page.
    pub redirect_to: String,
}

/// What disconnecting did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Disconnected {
    /// The integration.
    pub id: IntegrationId,
    /// Listings that stay in the console, no longer kept up.
    pub listings_kept: i64,
}
