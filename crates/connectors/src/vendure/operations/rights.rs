//! What the account may do.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, Permission};

/// Asks for the permissions of whoever asks, in every channel of theirs. An API
/// key is not let ask.
pub(in crate::vendure) struct Rights;

impl Operation for Rights {
    const DOCUMENT: &'static str = "query CalibrRights { me { channels { token permissions } } }";
    type Data = RightsData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct RightsData {
    me: Option<Account>,
}

#[derive(Debug, Clone, Deserialize)]
struct Account {
    channels: Vec<ChannelRights>,
}

#[derive(Debug, Clone, Deserialize)]
struct ChannelRights {
    token: String,
    permissions: Vec<String>,
}

impl RightsData {
    /// Whether the account lacks a permission in a channel; where nothing is
    /// said of the channel, it does not.
    pub(in crate::vendure) fn lack(&self, permission: Permission, channel_token: &str) -> bool {
        self.me
            .iter()
            .flat_map(|account| &account.channels)
            .find(|channel| channel.token == channel_token)
            .is_some_and(|channel| {
                !permission
                    .names()
                    .iter()
                    .any(|name| channel.permissions.iter().any(|held| held == name))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_told_channel_by_channel() {
        let rights: RightsData = serde_json::from_value(json!({ "me": { "channels": [
            { "token": "uk", "permissions": ["ReadProduct", "ReadOrder"] },
            { "token": "eu", "permissions": ["ReadCatalog", "UpdateCatalog"] },
        ] } }))
        .unwrap();
        assert!(rights.lack(Permission::SetPrices, "uk"));
        assert!(!rights.lack(Permission::SetPrices, "eu"));
        assert!(!rights.lack(Permission::SetPrices, "us"));
    }
}
