use std::sync::Arc;

use calibr_connectors::{
    Connector, Registry,
    shopify::{ShopifyConnector, ShopifySettings},
    transport::{Outbound, Transport},
    vendure::VendureConnector,
};
use calibr_model::Sources;

use crate::{config::ShopifyTexts, error::ServerError};

/// The platforms of this installation, in the order people see them.
///
/// # Errors
/// [`ServerError::Connector`] where a platform's settings are wrong.
pub(crate) fn registry(
    shopify: ShopifyTexts,
    outbound: Outbound,
    sources: &Sources,
) -> Result<Registry, ServerError> {
    let transport = Transport::new(outbound, sources.clone())?;
    let shopify = ShopifySettings::read(
        shopify.api_key,
        shopify.api_secret,
        shopify.base_url.as_deref(),
    )?;
    let connectors: Vec<Arc<dyn Connector>> = vec![
        Arc::new(ShopifyConnector::new(shopify, &transport)?),
        Arc::new(VendureConnector::new(&transport)?),
    ];
    Ok(Registry::of(connectors))
}
