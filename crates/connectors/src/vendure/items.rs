//! Single products, variants and orders, by their ids.

use std::collections::HashSet;

use async_trait::async_trait;

use super::{
    catalogue::PAGE,
    operations::{Orders, Products, Variants},
    order_record,
    store::VendureStore,
};
use crate::{
    error::ConnectorError,
    items::{FoundItems, FoundOrders, ItemRef, ItemSource},
    transport::retry::Patience,
};

#[async_trait]
impl ItemSource for VendureStore {
    fn at_once(&self) -> usize {
        PAGE as usize
    }

    async fn read(&self, items: &[ItemRef]) -> Result<FoundItems, ConnectorError> {
        let reading = self.reading(Patience::RUN).await?;
        let ids = |wants_products: bool| -> Vec<String> {
            items
                .iter()
                .filter(|item| item.is_product == wants_products)
                .map(|item| item.external_id.clone())
                .collect()
        };
        let (products, variants) = (ids(true), ids(false));
        let Self { api, page, .. } = self;
        let mut rows = page.rows(api, &variants, Variants::Ids).await?;
        let of_products = page.rows(api, &products, Variants::OfProducts).await?;
        let alone = page.rows(api, &products, |ids| Products { ids }).await?;
        let there: HashSet<(bool, &str)> = rows
            .iter()
            .map(|row| (false, row.id.as_str()))
            .chain(alone.iter().map(|row| (true, row.id.as_str())))
            .collect();
        let gone = items
            .iter()
            .filter(|item| !there.contains(&(item.is_product, item.external_id.as_str())))
            .cloned()
            .collect();
        let mut met: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
        rows.extend(
            of_products
                .into_iter()
                .filter(|row| met.insert(row.id.clone())),
        );
        let mut batch = self.variants(rows, &reading).await?;
        let mut known: HashSet<String> = batch
            .products
            .iter()
            .map(|product| product.external_id.clone())
            .collect();
        // A product without variants came with none of them.
        let alone = self.products_of(
            alone
                .into_iter()
                .filter(|row| known.insert(row.id.clone()))
                .collect(),
        );
        batch.products.extend(alone.products);
        batch.faults.extend(alone.faults);
        Ok(FoundItems { batch, gone })
    }

    async fn read_orders(&self, ids: &[String]) -> Result<FoundOrders, ConnectorError> {
        let reading = self.reading(Patience::RUN).await?;
        let rows = self.page.rows(&self.api, ids, Orders::Ids).await?;
        let there: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut found = FoundOrders {
            gone: ids
                .iter()
                .filter(|id| !there.contains(*id))
                .cloned()
                .collect(),
            ..FoundOrders::default()
        };
        for row in rows {
            match order_record::order(row, &reading) {
                Ok(order) => found.batch.orders.push(order),
                Err(fault) => found.batch.faults.push(fault),
            }
        }
        Ok(found)
    }
}
