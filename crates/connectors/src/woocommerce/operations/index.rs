//! What WordPress says of itself to anybody.

use serde::Deserialize;

use super::{Call, Operation, Reply};

/// Asks for the site's name and time zone, and which APIs it has.
pub(in crate::woocommerce) struct Index;

impl Operation for Index {
    type Data = IndexData;

    fn call(&self) -> Call {
        Call::get("").with("_fields", "name,timezone_string,namespaces")
    }

    fn read(&self, reply: Reply) -> Option<IndexData> {
        serde_json::from_value(reply.value).ok()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::woocommerce) struct IndexData {
    #[serde(default)]
    pub(in crate::woocommerce) name: Option<String>,
    /// Empty where the site keeps an offset in hours only.
    #[serde(default)]
    pub(in crate::woocommerce) timezone_string: Option<String>,
    pub(in crate::woocommerce) namespaces: Vec<String>,
}
