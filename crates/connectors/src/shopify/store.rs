//! One connected shop.

use async_trait::async_trait;

use super::{
    api::Api,
    catalogue::read_currency,
    operations::Identity,
    settings::{ApiVersion, Scopes},
};
use crate::{
    catalogue::CatalogueSource,
    connector::{Store, StoreIdentity},
    error::{ConnectorError, Fault},
    items::ItemSource,
    orders::OrderSource,
    prices::PriceTarget,
    transport::retry::Patience,
    webhooks::WebhookTarget,
};

/// A shop with credentials.
pub(super) struct ShopifyStore {
    api: Api,
}

impl ShopifyStore {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }
}

#[async_trait]
impl Store for ShopifyStore {
    async fn identify(&self) -> Result<StoreIdentity, ConnectorError> {
        let reply = self.api.call(&Identity, Patience::PERSON).await?;
        let granted = reply.data.current_app_installation.access_scopes;
        let granted = Scopes::of(granted.iter().map(|scope| scope.handle.as_str()));
        let needed = Scopes::needed();
        let missing = needed.missing_in(&granted);
        if !missing.is_empty() {
            return Err(ConnectorError::new(
                Fault::MissingScope,
                format!(
                    "The access token is good, but lacks the permission {}. Add it to the app in \
                     the Shopify admin (Admin API access scopes) and install the app again.",
                    missing.join(", ")
                ),
            ));
        }
        let notes = [
            older_version(self.api.version(), &reply.version),
            not_permitted(&granted),
        ];
        let notice = notes.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(StoreIdentity {
            name: reply.data.shop.name.replace('\0', ""),
            currency: read_currency(&reply.data.shop.currency_code)?,
            time_zone: reply
                .data
                .shop
                .iana_timezone
                .filter(|zone| !zone.is_empty()),
            api_version: reply.version.to_string(),
            notice: (!notice.is_empty()).then_some(notice),
        })
    }

    fn catalogue(&self) -> &dyn CatalogueSource {
        self
    }

    fn prices(&self) -> Option<&dyn PriceTarget> {
        Some(self)
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        Some(self)
    }

    fn items(&self) -> Option<&dyn ItemSource> {
        Some(self)
    }

    fn webhooks(&self) -> Option<&dyn WebhookTarget> {
        Some(self)
    }
}

fn older_version(asked: &ApiVersion, answered: &ApiVersion) -> Option<String> {
    (answered > asked).then(|| {
        format!(
            "Shopify no longer keeps version {asked} of its API and answers with {answered}. \
             Calibr works on; look for a newer version of it."
        )
    })
}

/// What cannot be done with the permissions that there are, and how far back
/// orders can be read: without `read_all_orders`, which Shopify grants to few,
/// for 60 days.
fn not_permitted(granted: &Scopes) -> Option<String> {
    let cannot =
        |scope, what| (!granted.permit(scope)).then(|| format!("{what} (it lacks {scope})"));
    let lacks: Vec<String> = [
        cannot("write_products", "prices cannot be set"),
        cannot("read_orders", "orders cannot be read"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let orders = (granted.permit("read_orders") && !granted.permit("read_all_orders"))
        .then_some("Shopify lets Calibr read the orders of the last 60 days.");
    if lacks.is_empty() {
        return orders.map(str::to_owned);
    }
    let lacks = format!(
        "With this access token {}. Add the permission to the app in the Shopify admin if you want \
         that.",
        lacks.join(", and ")
    );
    Some(match orders {
        Some(orders) => format!("{lacks} {orders}"),
        None => lacks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_permitted_is_said_in_words() {
        let notice = |granted| not_permitted(&Scopes::read(granted));
        assert_eq!(notice("write_products,read_orders,read_all_orders"), None);
        insta::assert_snapshot!(notice("write_products,read_orders").unwrap(), @"Shopify lets Calibr read the orders of the last 60 days.");
        insta::assert_snapshot!(notice("read_products").unwrap(), @"With this access token prices cannot be set (it lacks write_products), and orders cannot be read (it lacks read_orders). Add the permission to the app in the Shopify admin if you want that.");
        insta::assert_snapshot!(notice("read_products,read_orders").unwrap(), @"With this access token prices cannot be set (it lacks write_products). Add the permission to the app in the Shopify admin if you want that. Shopify lets Calibr read the orders of the last 60 days.");
    }
}
