//! Single products, variations and orders, by their ids.
//!
//! A variation is asked for below its product: a list of products does not hold
//! it. A product that is its own only variant is asked for as a product.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use futures::future::try_join_all;

use super::{
    catalogue::add,
    operations::{ById, Orders, PER_PAGE, Row, WhichOrders},
    paging::NewRows,
    record::{self, Kind, Reading},
    store::WooCommerceStore,
};
use crate::{
    error::ConnectorError,
    items::{FoundItems, FoundOrders, ItemRef, ItemSource},
    transport::retry::Patience,
};

/// Most ids of a call.
const AT_ONCE: usize = PER_PAGE as usize;

#[async_trait]
impl ItemSource for WooCommerceStore {
    fn at_once(&self) -> usize {
        AT_ONCE
    }

    async fn read(&self, items: &[ItemRef]) -> Result<FoundItems, ConnectorError> {
        let reading = self.reading(Patience::RUN).await?;
        let mut found = FoundItems::default();
        let mut wanted: BTreeMap<u64, Vec<Wanted<'_>>> = BTreeMap::new();
        for item in items {
            match address(item) {
                Some((product, variation)) => {
                    wanted.entry(product).or_default().push((item, variation));
                }
                None => found.gone.push(item.clone()),
            }
        }
        let products: Vec<u64> = wanted.keys().copied().collect();
        let products = self.rows(None, &products).await?;
        let products: HashMap<u64, Row> = products.into_iter().map(|row| (row.id, row)).collect();
        for (product, wanted) in wanted {
            match products.get(&product) {
                Some(row) => self.read_of(row, &wanted, &reading, &mut found).await?,
                None => found
                    .gone
                    .extend(wanted.into_iter().map(|(item, _)| item.clone())),
            }
        }
        Ok(found)
    }

    async fn read_orders(&self, ids: &[String]) -> Result<FoundOrders, ConnectorError> {
        let decimals = self.reading(Patience::RUN).await?.currency.exponent();
        let mut found = FoundOrders::default();
        let numbers: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let mut there = HashSet::new();
        for ids in numbers.chunks(AT_ONCE) {
            let operation = Orders {
                which: WhichOrders::Ids(ids.to_vec()),
                decimals,
            };
            let page = self.api.call(&operation, Patience::RUN).await?;
            there.extend(page.rows.iter().map(|row| row.id.to_string()));
            let batch = self.orders_of(page.rows, decimals).await?;
            found.batch.orders.extend(batch.orders);
            found.batch.faults.extend(batch.faults);
        }
        let gone = ids.iter().filter(|id| !there.contains(*id));
        found.gone = gone.cloned().collect();
        Ok(found)
    }
}

/// An item, and the variation that it is, where it is one.
type Wanted<'a> = (&'a ItemRef, Option<u64>);

/// The product to ask for, and the variation below it; `None` where the ids are
/// no ids of a store's.
fn address(item: &ItemRef) -> Option<(u64, Option<u64>)> {
    let id = item.external_id.parse().ok()?;
    let product = match &item.product_external_id {
        Some(product) if !item.is_product => product.parse().ok()?,
        _ => id,
    };
    Some((product, (product != id).then_some(id)))
}

impl WooCommerceStore {
    async fn rows(&self, parent: Option<u64>, ids: &[u64]) -> Result<Vec<Row>, ConnectorError> {
        let calls = ids.chunks(AT_ONCE).map(async |ids| {
            let operation = ById {
                parent,
                ids: ids.to_vec(),
            };
            self.api.call(&operation, Patience::RUN).await
        });
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    /// Reads what is wanted of one product: all its variations where the product
    /// itself is.
    async fn read_of(
        &self,
        product: &Row,
        wanted: &[Wanted<'_>],
        reading: &Reading,
        found: &mut FoundItems,
    ) -> Result<(), ConnectorError> {
        let is_variable = matches!(record::kind(product), Kind::Variable(_));
        let variations = if is_variable && wanted.iter().any(|(item, _)| item.is_product) {
            self.variations(product.id).await?.unwrap_or_default()
        } else {
            let ids: Vec<u64> = wanted
                .iter()
                .filter_map(|(_, variation)| *variation)
                .collect();
            NewRows {
                rows: self.rows(Some(product.id), &ids).await?,
                ..NewRows::default()
            }
        };
        let there: HashSet<u64> = variations.rows.iter().map(|row| row.id).collect();
        let is_there = |(item, variation): &Wanted<'_>| match variation {
            Some(id) => there.contains(id),
            // One that was sold by itself may have variations by now.
            None => item.is_product || record::kind(product) == Kind::Single,
        };
        let gone = wanted.iter().filter(|one| !is_there(one));
        found.gone.extend(gone.map(|(item, _)| (*item).clone()));
        add(product, &variations, reading, &mut found.batch);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variation_is_found_below_its_product() {
        let item = |is_product, id: &str, product: Option<&str>| ItemRef {
            is_product,
            external_id: id.to_owned(),
            product_external_id: product.map(str::to_owned),
        };
        let at = |product, variation| Some((product, variation));
        assert_eq!(address(&item(true, "7", None)), at(7, None));
        assert_eq!(address(&item(false, "7", Some("7"))), at(7, None));
        assert_eq!(address(&item(false, "8", Some("7"))), at(7, Some(8)));
        // Whose it is was never known: it can only be one of its own.
        assert_eq!(address(&item(false, "8", None)), at(8, None));
        for nonsense in ["", "-1", "gid://x", "7,8"] {
            assert_eq!(address(&item(true, nonsense, None)), None);
        }
    }
}
