use std::sync::Arc;

use calibr_connectors::{
    AmazonConnector, AmazonSettings, Connector, RateBudget, Registry, ShopifyConnector,
    ShopifySettings, VendureConnector, WooCommerceConnector,
    transport::{Outbound, Transport},
};
use calibr_model::Sources;

use crate::{
    config::{AmazonTexts, ShopifyTexts},
    error::ServerError,
};

/// What the operator set for platforms.
#[derive(Debug)]
pub(crate) struct PlatformSettings {
    pub(crate) shopify: ShopifyTexts,
    pub(crate) amazon: AmazonTexts,
    /// Calls to all of them.
    pub(crate) outbound: Outbound,
}

/// The platforms of this installation, in the order people see them. `budget` counts the calls of those that publish
/// how many they allow.
///
/// # Errors
/// [`ServerError::Connector`] where a platform's settings are wrong.
pub(crate) fn registry(
    settings: PlatformSettings,
    budget: Arc<dyn RateBudget>,
    sources: &Sources,
) -> Result<Registry, ServerError> {
    let PlatformSettings {
        shopify,
        amazon,
        outbound,
    } = settings;
    let transport = Transport::new(outbound, sources.clone())?;
    let shopify = ShopifySettings::read(
        shopify.api_key,
        shopify.api_secret,
        shopify.base_url.as_deref(),
    )?;
    let amazon = AmazonSettings::read(
        amazon.application_id,
        amazon.client_id,
        amazon.client_secret,
        amazon.lwa_url.as_deref(),
        amazon.api_url.as_deref(),
    )?;
    let connectors: Vec<Arc<dyn Connector>> = vec![
        Arc::new(ShopifyConnector::new(shopify, &transport)?),
        Arc::new(AmazonConnector::new(amazon, &transport, budget)?),
        Arc::new(WooCommerceConnector::new(&transport)?),
        Arc::new(VendureConnector::new(&transport)?),
    ];
    Ok(Registry::of(connectors))
}
