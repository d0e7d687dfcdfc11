//! What has to be known of a channel to read its catalogue.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Operation;

/// Asks for the channel's name and currency, and how the server keeps money and
/// stock.
pub(in crate::vendure) struct ShopSettings;

impl Operation for ShopSettings {
    const DOCUMENT: &'static str = "query CalibrShopSettings {
  activeChannel { code token defaultCurrencyCode pricesIncludeTax }
  globalSettings { trackInventory serverConfig { moneyStrategyPrecision } }
}";
    type Data = ShopSettingsData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct ShopSettingsData {
    pub(in crate::vendure) active_channel: ChannelSettings,
    pub(in crate::vendure) global_settings: GlobalSettings,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct ChannelSettings {
    pub(in crate::vendure) code: String,
    pub(in crate::vendure) token: String,
    pub(in crate::vendure) default_currency_code: String,
    pub(in crate::vendure) prices_include_tax: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct GlobalSettings {
    /// Whether stock is counted where a variant does not say otherwise.
    pub(in crate::vendure) track_inventory: bool,
    pub(in crate::vendure) server_config: ServerConfig,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct ServerConfig {
    /// How many decimals the server's integers of money have, of whatever
    /// currency.
    pub(in crate::vendure) money_strategy_precision: u32,
}
