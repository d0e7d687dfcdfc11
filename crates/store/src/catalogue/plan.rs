//! Which rows a batch makes and which it changes: a pure computation over the
//! batch and what is there already.

use std::collections::{HashMap, HashSet};

use calibr_model::{
    Sources,
    status::{FailureClass, FailureKind, ListingState},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    FailureInput, ProductInput, VariantInput,
    match_up::{KnownListing, KnownProduct, SkuMatch},
    statements::{currency, minor},
};
use crate::prices::Seen;

/// The rows to write.
#[derive(Debug, Default)]
pub(super) struct WritePlan<'a> {
    pub(super) new_products: Vec<(Uuid, &'a ProductInput)>,
    pub(super) new_links: Vec<(Uuid, &'a ProductInput)>,
    pub(super) changed_links: Vec<&'a ProductInput>,
    /// Products whose own fields change with this integration's.
    pub(super) changed_products: Vec<(Uuid, &'a ProductInput)>,
    pub(super) new_variants: Vec<NewVariant<'a>>,
    pub(super) new_listings: Vec<ListingRow<'a>>,
    pub(super) changed_listings: Vec<ListingRow<'a>>,
    /// Listings that are there already and are as they were.
    pub(super) unchanged: Vec<Uuid>,
    /// Listings that were there before this run began, and were met.
    pub(super) met: Vec<Uuid>,
    /// Variants whose product is not known.
    pub(super) orphans: Vec<FailureInput>,
}

#[derive(Debug)]
pub(super) struct NewVariant<'a> {
    pub(super) id: Uuid,
    pub(super) product_id: Uuid,
    pub(super) record: &'a VariantInput,
}

#[derive(Debug)]
pub(super) struct ListingRow<'a> {
    pub(super) id: Uuid,
    pub(super) product_id: Uuid,
    pub(super) variant_id: Uuid,
    pub(super) state: &'static str,
    pub(super) record: &'a VariantInput,
}

/// What is there already.
pub(super) struct Known {
    pub(super) products: HashMap<String, KnownProduct>,
    pub(super) listings: HashMap<String, KnownListing>,
    pub(super) skus: HashMap<String, SkuMatch>,
}

/// The last of the records that share an external id: a page read twice, or a
/// record that moved between pages.
pub(crate) fn last_of_each<T>(records: &[T], id: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut met = HashSet::with_capacity(records.len());
    let mut kept: Vec<&T> = records
        .iter()
        .rev()
        .filter(|record| met.insert(id(record).to_owned()))
        .collect();
    kept.reverse();
    kept
}

/// SKUs that stand once in the batch.
pub(super) fn unique_skus<'a>(variants: &[&'a VariantInput]) -> Vec<&'a str> {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for sku in variants.iter().filter_map(|variant| variant.sku.as_deref()) {
        *counts.entry(sku).or_default() += 1;
    }
    counts
        .into_iter()
        .filter_map(|(sku, count)| (count == 1).then_some(sku))
        .collect()
}

impl<'a> WritePlan<'a> {
    pub(super) fn make(
        products: &[&'a ProductInput],
        variants: &[&'a VariantInput],
        known: &Known,
        sources: &Sources,
    ) -> Self {
        let mut plan = Self::default();
        let mut product_ids: HashMap<&str, (Uuid, ListingState)> = HashMap::new();
        let matched = plan.product_matches(variants, known);
        for &product in products {
            let id = plan.place_product(product, &matched, known, sources);
            product_ids.insert(&product.external_id, (id, product.state));
        }
        for &variant in variants {
            let product = product_ids
                .get(variant.product_external_id.as_str())
                .copied()
                .or_else(|| {
                    let known = known.products.get(&variant.product_external_id)?;
                    Some((known.product_id, offered_state(&known.state)))
                });
            match product {
                Some((product_id, state)) => {
                    plan.place_variant(variant, product_id, state, known, sources);
                }
                None => plan.orphans.push(orphan(variant)),
            }
        }
        plan.keep_order();
        plan
    }

    /// Hands the new listings' ids out in the store's order, in which they are
    /// listed: ids of one millisecond are in none.
    fn keep_order(&mut self) {
        let mut ids: Vec<Uuid> = self.new_listings.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        for (row, id) in self.new_listings.iter_mut().zip(ids) {
            row.id = id;
        }
    }

    /// The prices of the listings that changed, which may be what they were.
    pub(super) fn seen_prices(&self, now: DateTime<Utc>) -> Vec<Seen> {
        self.changed_listings
            .iter()
            .map(|row| Seen {
                listing: row.id,
                price_minor: minor(row.record.price),
                compare_at_minor: minor(row.record.compare_at),
                currency: currency(row.record),
                at: row.record.updated_at.map_or(now, |at| at.min(now)),
            })
            .collect()
    }

    /// For each product that was there and has a listing written, that listing's
    /// state: `active` where any is.
    pub(super) fn written_states(&self) -> HashMap<Uuid, &'static str> {
        let new = self
            .new_listings
            .iter()
            .map(|row| (row.product_id, row.state));
        let changed = self
            .changed_listings
            .iter()
            .map(|row| (row.product_id, row.state));
        let made: HashSet<Uuid> = self.new_products.iter().map(|(id, _)| *id).collect();
        let mut states = HashMap::new();
        let written = new.chain(changed);
        for (product, state) in written.filter(|(product, _)| !made.contains(product)) {
            let kept = states.entry(product).or_insert(state);
            if state == ListingState::Active.as_str() {
                *kept = state;
            }
        }
        states
    }

    /// Products of other integrations, by the external id of the product here
    /// whose variant has a SKU in common with them.
    fn product_matches(
        &self,
        variants: &[&'a VariantInput],
        known: &Known,
    ) -> HashMap<&'a str, Uuid> {
        let mut matched = HashMap::new();
        for variant in variants {
            if let Some(found) = variant.sku.as_ref().and_then(|sku| known.skus.get(sku)) {
                matched
                    .entry(variant.product_external_id.as_str())
                    .or_insert(found.product_id);
            }
        }
        matched
    }

    fn place_product(
        &mut self,
        product: &'a ProductInput,
        matched: &HashMap<&str, Uuid>,
        known: &Known,
        sources: &Sources,
    ) -> Uuid {
        if let Some(there) = known.products.get(&product.external_id) {
            if there.record_hash != product.hash || there.state == ListingState::Gone.as_str() {
                self.changed_links.push(product);
                if there.owned {
                    self.changed_products.push((there.product_id, product));
                }
            }
            return there.product_id;
        }
        if let Some(id) = matched.get(product.external_id.as_str()) {
            self.new_links.push((*id, product));
            return *id;
        }
        let id = sources.uuid();
        self.new_products.push((id, product));
        self.new_links.push((id, product));
        id
    }

    fn place_variant(
        &mut self,
        record: &'a VariantInput,
        product_id: Uuid,
        product_state: ListingState,
        known: &Known,
        sources: &Sources,
    ) {
        let state = record.state.unwrap_or(product_state).as_str();
        if let Some(there) = known.listings.get(&record.external_id) {
            if !there.of_this_run {
                self.met.push(there.id);
            }
            if there.record_hash == record.hash && there.state == state {
                self.unchanged.push(there.id);
            } else {
                self.changed_listings.push(ListingRow {
                    id: there.id,
                    product_id: there.product_id,
                    variant_id: there.variant_id,
                    state,
                    record,
                });
            }
            return;
        }
        let found = record.sku.as_ref().and_then(|sku| known.skus.get(sku));
        let (variant_id, product_id) = match found {
            Some(found) => (found.variant_id, found.product_id),
            None => {
                let id = sources.uuid();
                self.new_variants.push(NewVariant {
                    id,
                    product_id,
                    record,
                });
                (id, product_id)
            }
        };
        self.new_listings.push(ListingRow {
            id: sources.uuid(),
            product_id,
            variant_id,
            state,
            record,
        });
    }
}

/// The state of a product that the store has not sent along. Where it was gone,
/// its variant shows that it is there again.
fn offered_state(stored: &str) -> ListingState {
    match stored.parse() {
        Ok(ListingState::Gone) | Err(_) => ListingState::Active,
        Ok(state) => state,
    }
}

fn orphan(variant: &VariantInput) -> FailureInput {
    FailureInput {
        kind: FailureKind::Listing,
        external_id: Some(variant.external_id.clone()),
        product_external_id: Some(variant.product_external_id.clone()),
        label: variant.sku.clone().or_else(|| Some(variant.title.clone())),
        code: "product_missing".to_owned(),
        message: format!(
            "The store named this variant but not its product ({}). The next sync reads both again.",
            variant.product_external_id
        ),
        class: FailureClass::Retryable,
        request: None,
        answer: None,
        version: None,
    }
}
