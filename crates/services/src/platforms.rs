//! What can be connected.

use calibr_model::platform::PlatformInfo;

use crate::Services;

/// Every platform, in the order people see them.
pub fn list(services: &Services) -> Vec<PlatformInfo> {
    services.registry.platforms().cloned().collect()
}
