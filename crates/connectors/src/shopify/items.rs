//! Single products, variants and orders, by their ids.

use std::collections::HashSet;

use async_trait::async_trait;
use calibr_model::status::FailureKind;
use serde_json::Value;

use super::{
    catalogue::read_currency,
    changes::take_product,
    gid,
    operations::{Nodes, OrdersById, ProductsById, VariantsById},
    record,
    store::ShopifyStore,
};
use crate::{
    catalogue::ItemFault,
    error::{ConnectorError, Fault},
    items::{FoundItems, FoundOrders, ItemRef, ItemSource},
    transport::retry::Patience,
};

#[async_trait]
impl ItemSource for ShopifyStore {
    fn at_once(&self) -> usize {
        VariantsById::AT_ONCE
    }

    async fn read(&self, items: &[ItemRef]) -> Result<FoundItems, ConnectorError> {
        let mut found = FoundItems::default();
        // An id that is none would have the whole call refused.
        let (good, nonsense): (Vec<&ItemRef>, Vec<&ItemRef>) =
            items.iter().partition(|item| is_id(item));
        found.gone.extend(nonsense.into_iter().cloned());
        let (products, variants): (Vec<&ItemRef>, Vec<&ItemRef>) =
            good.into_iter().partition(|item| item.is_product);
        for these in products.chunks(ProductsById::AT_ONCE) {
            self.read_products(these, &mut found).await?;
        }
        for these in variants.chunks(VariantsById::AT_ONCE) {
            self.read_variants(these, &mut found).await?;
        }
        Ok(found)
    }

    async fn read_orders(&self, ids: &[String]) -> Result<FoundOrders, ConnectorError> {
        let mut found = FoundOrders::default();
        let (good, nonsense): (Vec<&String>, Vec<&String>) =
            ids.iter().partition(|id| gid::is(id, "Order"));
        found.gone.extend(nonsense.into_iter().cloned());
        for these in good.chunks(OrdersById::AT_ONCE) {
            let asked: Vec<&str> = these.iter().map(|id| id.as_str()).collect();
            let operation = OrdersById { ids: &asked };
            let answer = self.api().call(&operation, Patience::RUN).await?.data;
            for (id, node) in asked.iter().zip(nodes(&answer, asked.len())?) {
                if node.is_null() {
                    found.gone.push((*id).to_owned());
                    continue;
                }
                match self.order(node).await? {
                    Ok(order) => found.batch.orders.push(order),
                    Err(fault) => found.batch.faults.push(of_item(fault, id)),
                }
            }
        }
        Ok(found)
    }
}

impl ShopifyStore {
    async fn read_products(
        &self,
        items: &[&ItemRef],
        found: &mut FoundItems,
    ) -> Result<(), ConnectorError> {
        let ids: Vec<&str> = items.iter().map(|item| item.external_id.as_str()).collect();
        let operation = ProductsById { ids: &ids };
        let answer = self.api().call(&operation, Patience::RUN).await?.data;
        let currency = read_currency(&answer.shop.currency_code)?;
        for (item, node) in items.iter().zip(nodes(&answer, ids.len())?) {
            if node.is_null() {
                found.gone.push((*item).clone());
                continue;
            }
            let before = found.batch.faults.len();
            take_product(self.api(), currency, node, &mut found.batch).await?;
            name_faults(&mut found.batch.faults[before..], item);
        }
        Ok(())
    }

    async fn read_variants(
        &self,
        items: &[&ItemRef],
        found: &mut FoundItems,
    ) -> Result<(), ConnectorError> {
        let ids: Vec<&str> = items.iter().map(|item| item.external_id.as_str()).collect();
        let operation = VariantsById { ids: &ids };
        let answer = self.api().call(&operation, Patience::RUN).await?.data;
        let currency = read_currency(&answer.shop.currency_code)?;
        let mut products = HashSet::new();
        for (item, node) in items.iter().zip(nodes(&answer, ids.len())?) {
            if node.is_null() {
                found.gone.push((*item).clone());
                continue;
            }
            let batch = &mut found.batch;
            let product = match record::product(&node["product"]) {
                Ok(product) => product,
                Err(fault) => {
                    batch.faults.push(of_item(fault, &item.external_id));
                    continue;
                }
            };
            match record::variant(node, &product.external_id, currency) {
                Ok(variant) => batch.variants.push(variant),
                Err(fault) => batch.faults.push(of_item(fault, &item.external_id)),
            }
            if products.insert(product.external_id.clone()) {
                batch.products.push(product);
            }
        }
        Ok(())
    }
}

fn is_id(item: &ItemRef) -> bool {
    let kind = if item.is_product {
        "Product"
    } else {
        "ProductVariant"
    };
    gid::is(&item.external_id, kind)
}

/// What was answered for each id, in their order.
fn nodes(answer: &Nodes, asked: usize) -> Result<&[Value], ConnectorError> {
    if answer.nodes.len() == asked {
        return Ok(&answer.nodes);
    }
    Err(ConnectorError::new(
        Fault::Malformed,
        "Shopify answered for other items than were asked for.",
    ))
}

/// The fault of an item that was asked for by its id, whatever could be read of
/// the answer.
fn of_item(fault: ItemFault, id: &str) -> ItemFault {
    let kind = fault.kind;
    ItemFault {
        external_id: Some(id.to_owned()),
        kind: match kind {
            FailureKind::Order => kind,
            _ => FailureKind::Listing,
        },
        ..fault
    }
}

/// A product's own fault is that of the item that was asked for.
fn name_faults(faults: &mut [ItemFault], item: &ItemRef) {
    for fault in faults {
        if fault.external_id.is_none() {
            fault.kind = FailureKind::Product;
            fault.external_id = Some(item.external_id.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_the_right_kind_are_asked_for() {
        let item = |is_product, id: &str| ItemRef {
            is_product,
            external_id: id.to_owned(),
            product_external_id: None,
        };
        assert!(is_id(&item(true, "gid://shopify/Product/1")));
        assert!(is_id(&item(false, "gid://shopify/ProductVariant/1")));
        for (is_product, id) in [
            (true, "gid://shopify/ProductVariant/1"),
            (false, "gid://shopify/Product/1"),
            (false, "SKU-1"),
            (false, ""),
        ] {
            assert!(!is_id(&item(is_product, id)), "{id}");
        }
    }
}
