//! How a store is called, as its settings say.

use std::{sync::Arc, time::Duration};

use calibr_connectors::{CallSettings, Pace};
use calibr_store::{Db, integrations::IntegrationRecord};

use crate::SharedBudget;

/// The settings of an integration, as connectors take them.
pub fn of(db: &Db, integration: &IntegrationRecord) -> CallSettings {
    let tuning = &integration.tuning;
    CallSettings {
        page_size: tuning.page_size,
        request_timeout: tuning
            .request_timeout_seconds
            .map(|seconds| Duration::from_secs(u64::from(seconds))),
        ca_pem: tuning.ca_pem.as_ref().map(|pem| pem.clone().into_bytes()),
        pace: tuning.calls_per_minute.map(|per_minute| Pace {
            key: format!("settings:{}", integration.id),
            per_minute,
            budget: Arc::new(SharedBudget::new(db.clone())),
        }),
    }
}
