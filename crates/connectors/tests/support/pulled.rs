//! What came of a stream of the catalogue.

use std::{collections::BTreeMap, sync::Arc};

use calibr_connectors::{
    CatalogueBatch, CataloguePlan, Checkpoint, ConnectorError, ItemFault, ProductRecord, Scope,
    Store, VariantRecord,
};
use futures::StreamExt;

use super::VariantId;

pub(crate) fn full() -> CataloguePlan {
    CataloguePlan {
        scope: Scope::Full,
        resume: None,
    }
}

/// What came of a stream.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pulled {
    pub(crate) products: BTreeMap<String, ProductRecord>,
    pub(crate) variants: BTreeMap<VariantId, VariantRecord>,
    pub(crate) faults: Vec<ItemFault>,
    pub(crate) expected: Option<u64>,
    pub(crate) checkpoints: Vec<Option<Checkpoint>>,
    /// Records that came although they had come already.
    pub(crate) doubled: usize,
    pub(crate) error: Option<ConnectorError>,
}

impl Pulled {
    pub(crate) fn add(&mut self, batch: CatalogueBatch) {
        for product in batch.products {
            self.products.insert(product.external_id.clone(), product);
        }
        for variant in batch.variants {
            assert!(
                self.products.contains_key(&variant.product_external_id),
                "a variant came before its product: {variant:?}"
            );
            let id = variant.external_id.parse().unwrap();
            let again = self.variants.insert(id, variant);
            self.doubled += usize::from(again.is_some());
        }
        self.faults.extend(batch.faults);
        self.expected = batch.expected.or(self.expected);
        self.checkpoints.push(batch.checkpoint);
    }
}

/// Reads a stream to its end or first error.
pub(crate) async fn pull(store: &Arc<dyn Store>, plan: CataloguePlan) -> Pulled {
    let mut pulled = Pulled::default();
    let mut stream = store.catalogue().pull(plan);
    while let Some(batch) = stream.next().await {
        match batch {
            Ok(batch) => pulled.add(batch),
            Err(error) => {
                pulled.error = Some(error);
                assert!(
                    stream.next().await.is_none(),
                    "a stream ends after its first error"
                );
            }
        }
    }
    pulled
}

/// As [`pull`], for a stream that has to go through.
pub(crate) async fn pull_all(store: &Arc<dyn Store>, plan: CataloguePlan) -> Pulled {
    let pulled = pull(store, plan).await;
    assert!(pulled.error.is_none(), "{:?}", pulled.error);
    pulled
}
