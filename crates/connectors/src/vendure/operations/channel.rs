//! Whether anybody is signed in.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Operation;

/// Asks for what everyone who is signed in may see, whatever their role.
pub(in crate::vendure) struct Channel;

impl Operation for Channel {
    const DOCUMENT: &'static str = "query CalibrChannel { activeChannel { code } }";
    type Data = ChannelData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct ChannelData {
    #[serde(rename = "activeChannel")]
    _active_channel: serde::de::IgnoredAny,
}
