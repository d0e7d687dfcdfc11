//! How the shop keeps its prices.

use serde::Deserialize;

use super::{Call, Operation, Reply};

/// Asks for version, currency and decimals; with `_fields` the store leaves out
/// the checks of its surroundings, some of which call others.
pub(in crate::woocommerce) struct SystemStatus;

impl Operation for SystemStatus {
    type Data = SystemStatusData;

    fn call(&self) -> Call {
        Call::get("wc/v3/system_status").with(
            "_fields",
            "environment.version,settings.currency,settings.number_of_decimals",
        )
    }

    fn read(&self, reply: Reply) -> Option<SystemStatusData> {
        serde_json::from_value(reply.value).ok()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::woocommerce) struct SystemStatusData {
    #[serde(default)]
    pub(in crate::woocommerce) environment: Environment,
    pub(in crate::woocommerce) settings: Settings,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::woocommerce) struct Environment {
    /// WooCommerce's own.
    #[serde(default)]
    pub(in crate::woocommerce) version: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::woocommerce) struct Settings {
    pub(in crate::woocommerce) currency: String,
    /// Digits after the point that the shop shows, and rounds to.
    #[serde(default)]
    pub(in crate::woocommerce) number_of_decimals: Option<u32>,
}

/// Asks whether prices are entered with tax.
pub(in crate::woocommerce) struct TaxSetting;

impl Operation for TaxSetting {
    type Data = bool;

    fn call(&self) -> Call {
        Call::get("wc/v3/settings/tax/woocommerce_prices_include_tax").with("_fields", "value")
    }

    fn read(&self, reply: Reply) -> Option<bool> {
        reply.value["value"].as_str().map(|value| value == "yes")
    }
}
