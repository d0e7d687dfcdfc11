//! Which platforms there are.

use std::sync::Arc;

use calibr_model::{PlatformId, platform::PlatformInfo};

use crate::connector::Connector;

/// The connectors of this installation, in the order people see them.
#[derive(Clone)]
pub struct Registry {
    connectors: Vec<Arc<dyn Connector>>,
}

impl Registry {
    /// A registry of exactly these connectors.
    pub fn of(connectors: Vec<Arc<dyn Connector>>) -> Self {
        Self { connectors }
    }

    /// The connector of a platform, where there is one.
    pub fn get(&self, platform: &PlatformId) -> Option<&Arc<dyn Connector>> {
        self.connectors
            .iter()
            .find(|connector| connector.info().id == *platform)
    }

    /// What can be connected.
    pub fn platforms(&self) -> impl Iterator<Item = &PlatformInfo> {
        self.connectors.iter().map(|connector| connector.info())
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.platforms().map(|platform| &platform.id))
            .finish()
    }
}
