use std::sync::Arc;

use calibr_connectors::{
    AmazonConnector, AmazonSettings, Connector, LocalBudget, Registry,
    shopify::{ShopifyConnector, ShopifySettings},
    transport::{Outbound, Transport},
    vendure::VendureConnector,
};
use calibr_model::Sources;

use crate::{
    config::{AmazonTexts, ShopifyTexts},
    error::ServerError,
};

/// The platforms of this installation, in the order people see them.
///
/// # Errors
/// [`ServerError::Connector`] where a platform's settings are wrong.
pub(crate) fn registry(
    shopify: ShopifyTexts,
    amazon: AmazonTexts,
    outbound: Outbound,
    sources: &Sources,
) -> Result<Registry, ServerError> {
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
    let budget = Arc::new(LocalBudget::new(sources.clone()));
    let connectors: Vec<Arc<dyn Connector>> = vec![
        Arc::new(ShopifyConnector::new(shopify, &transport)?),
        Arc::new(AmazonConnector::new(amazon, &transport, budget)?),
        Arc::new(VendureConnector::new(&transport)?),
    ];
    Ok(Registry::of(connectors))
}
