//! Who the shop is and what it permits.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Operation;

/// Asks for name, currency, time zone and granted scopes.
pub(in crate::shopify) struct Identity;

impl Operation for Identity {
    const NAME: &'static str = "CalibrIdentity";
    const DOCUMENT: &'static str = "query CalibrIdentity {
  shop { name currencyCode ianaTimezone }
  currentAppInstallation { accessScopes { handle } }
}";
    const COST: u32 = 5;
    type Data = IdentityData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct IdentityData {
    pub(in crate::shopify) shop: ShopData,
    pub(in crate::shopify) current_app_installation: Installation,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct ShopData {
    pub(in crate::shopify) name: String,
    pub(in crate::shopify) currency_code: String,
    pub(in crate::shopify) iana_timezone: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct Installation {
    pub(in crate::shopify) access_scopes: Vec<AccessScope>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct AccessScope {
    pub(in crate::shopify) handle: String,
}
