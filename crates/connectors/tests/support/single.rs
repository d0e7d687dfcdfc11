//! Single items must come as they come with everything else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use calibr_connectors::{
    CataloguePlan, FoundItems, ItemRef, ItemSource, ProductRecord, Scope, Store, VariantRecord,
    orders::{OrderPlan, OrderRecord},
};
use chrono::DateTime;
use futures::TryStreamExt;

/// Everything that a store has, by its ids.
pub(crate) struct Whole {
    pub(crate) products: BTreeMap<String, ProductRecord>,
    pub(crate) variants: BTreeMap<String, VariantRecord>,
    pub(crate) orders: BTreeMap<String, OrderRecord>,
}

impl Whole {
    pub(crate) async fn of(store: &Arc<dyn Store>) -> Self {
        let plan = CataloguePlan {
            scope: Scope::Full,
            resume: None,
        };
        let batches: Vec<_> = store.catalogue().pull(plan).try_collect().await.unwrap();
        let plan = OrderPlan {
            since: DateTime::UNIX_EPOCH,
            resume: None,
        };
        let orders: Vec<_> = store
            .orders()
            .unwrap()
            .pull(plan)
            .try_collect()
            .await
            .unwrap();
        let (products, variants): (Vec<_>, Vec<_>) = batches
            .into_iter()
            .map(|batch| (batch.products, batch.variants))
            .unzip();
        Self {
            products: products
                .into_iter()
                .flatten()
                .map(|one| (one.external_id.clone(), one))
                .collect(),
            variants: variants
                .into_iter()
                .flatten()
                .map(|one| (one.external_id.clone(), one))
                .collect(),
            orders: orders
                .into_iter()
                .flat_map(|batch| batch.orders)
                .map(|one| (one.external_id.clone(), one))
                .collect(),
        }
    }

    /// Every `step`th variant, as an item to read again.
    pub(crate) fn some(&self, step: usize) -> Vec<ItemRef> {
        self.variants.values().step_by(step).map(variant).collect()
    }

    /// That these items came, each as it is: variants with their products, products with their variants.
    #[track_caller]
    pub(crate) fn assert_came(&self, found: &FoundItems, items: &[ItemRef]) {
        assert_eq!(found.batch.faults, []);
        let (of_products, single): (Vec<&ItemRef>, Vec<&ItemRef>) =
            items.iter().partition(|item| item.is_product);
        let of_products: BTreeSet<&str> = of_products
            .iter()
            .map(|item| item.external_id.as_str())
            .collect();
        let single: BTreeSet<&str> = single
            .iter()
            .map(|item| item.external_id.as_str())
            .collect();
        let is_asked = |one: &&VariantRecord| {
            single.contains(one.external_id.as_str())
                || of_products.contains(one.product_external_id.as_str())
        };
        let asked: Vec<&VariantRecord> = self.variants.values().filter(is_asked).collect();
        let came: BTreeMap<&str, &VariantRecord> = found
            .batch
            .variants
            .iter()
            .map(|one| (one.external_id.as_str(), one))
            .collect();
        assert_eq!(came.len(), found.batch.variants.len(), "one came twice");
        let products: BTreeMap<&str, &ProductRecord> = found
            .batch
            .products
            .iter()
            .map(|one| (one.external_id.as_str(), one))
            .collect();
        for wanted in &asked {
            let one = came
                .get(wanted.external_id.as_str())
                .unwrap_or_else(|| panic!("{} did not come", wanted.external_id));
            assert_eq!(essence(one), essence(wanted));
            let product = &products[one.product_external_id.as_str()];
            assert_eq!(
                product.title,
                self.products[&wanted.product_external_id].title
            );
        }
        assert_eq!(came.len(), asked.len(), "{came:?}");
    }
}

/// What stands in a record however it was read.
fn essence(one: &VariantRecord) -> impl PartialEq + std::fmt::Debug {
    (
        one.external_id.clone(),
        one.product_external_id.clone(),
        one.title.clone(),
        one.sku.clone(),
        one.price,
        one.stock,
    )
}

pub(crate) fn variant(one: &VariantRecord) -> ItemRef {
    ItemRef {
        is_product: false,
        external_id: one.external_id.clone(),
        product_external_id: Some(one.product_external_id.clone()),
    }
}

pub(crate) fn product(id: &str) -> ItemRef {
    ItemRef {
        is_product: true,
        external_id: id.to_owned(),
        product_external_id: None,
    }
}

/// The same where nobody knows the product.
pub(crate) fn alone(item: &ItemRef) -> ItemRef {
    ItemRef {
        product_external_id: None,
        ..item.clone()
    }
}

pub(crate) fn items(store: &Arc<dyn Store>) -> &dyn ItemSource {
    store.items().unwrap()
}
