//! Single listings and orders, by SKU and order number.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use calibr_model::status::FailureKind;
use serde_json::Value;

use super::{
    operations::{Extent, FindListings, GetListing, GetOrder, LISTINGS_AT_ONCE},
    order::order,
    record,
    store::AmazonStore,
};
use crate::{
    catalogue::ItemFault,
    error::ConnectorError,
    items::{FoundItems, FoundOrders, ItemRef, ItemSource},
    transport::{redact, retry::Patience},
};

#[async_trait]
impl ItemSource for AmazonStore {
    fn at_once(&self) -> usize {
        5 * LISTINGS_AT_ONCE
    }

    async fn read(&self, items: &[ItemRef]) -> Result<FoundItems, ConnectorError> {
        let mut known = HashMap::new();
        // Identifiers are separated by commas: SKUs that hold one are asked for
        // by themselves.
        let skus = items.iter().map(|item| item.external_id.as_str());
        let (single, plain): (Vec<&str>, Vec<&str>) = skus.partition(|sku| sku.contains(','));
        for skus in plain.chunks(LISTINGS_AT_ONCE) {
            let operation = FindListings {
                skus,
                extent: Extent::Whole,
            };
            let page = self.api().call(&operation, Patience::RUN).await?;
            for value in page.items {
                if let Some(sku) = value["sku"].as_str().map(str::to_owned) {
                    known.insert(sku, value);
                }
            }
        }
        for sku in single {
            let operation = GetListing {
                sku,
                extent: Extent::Whole,
            };
            if let Some(value) = self.api().call(&operation, Patience::RUN).await? {
                known.insert(sku.to_owned(), value);
            }
        }
        Ok(self.found(items, &known))
    }

    async fn read_orders(&self, ids: &[String]) -> Result<FoundOrders, ConnectorError> {
        let mut found = FoundOrders::default();
        for id in ids {
            let answer = self.api().call(&GetOrder { id }, Patience::RUN).await?;
            let Some(value) = answer else {
                found.gone.push(id.clone());
                continue;
            };
            match order(&value) {
                Ok(Some(order)) => found.batch.orders.push(order),
                // It is not paid yet: it comes when it is.
                Ok(None) => {}
                Err(fault) => found.batch.faults.push(ItemFault {
                    external_id: Some(id.clone()),
                    request: Some(format!("getOrder {id}")),
                    ..fault
                }),
            }
        }
        Ok(found)
    }
}

impl AmazonStore {
    fn found(&self, items: &[ItemRef], known: &HashMap<String, Value>) -> FoundItems {
        let mut found = FoundItems::default();
        let mut products = HashSet::new();
        for item in items {
            let sku = &item.external_id;
            let Some(value) = known.get(sku) else {
                found.gone.push(item.clone());
                continue;
            };
            match record::item(value, self.at()) {
                Ok(listing) => {
                    if products.insert(listing.product.external_id.clone()) {
                        found.batch.products.push(listing.product);
                    }
                    found.batch.variants.push(listing.variant);
                }
                Err(fault) => found.batch.faults.push(ItemFault {
                    kind: FailureKind::Listing,
                    external_id: Some(sku.clone()),
                    request: Some(redact::text(&format!("searchListingsItems SKU {sku}"))),
                    ..fault
                }),
            }
        }
        found
    }
}
