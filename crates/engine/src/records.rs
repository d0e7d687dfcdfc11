//! From what connectors give to what the store takes.

use calibr_connectors::{
    CatalogueBatch, ItemFault, OrderBatch, OrderLine, OrderRecord, ProductRecord, VariantRecord,
    text::{clean, filled},
};
use calibr_model::{
    Money,
    status::{FailureClass, FailureKind},
};
use calibr_store::{
    catalogue::{BatchInput, FailureInput, ProductInput, RecordHash, VariantInput},
    orders::{OrderBatchInput, OrderInput, OrderLineInput},
};
use sha2::{Digest, Sha256};

/// Hashes record content field by field; a field's length goes in with it, so
/// that neighbours cannot flow into each other.
struct ContentHash(Sha256);

impl ContentHash {
    /// Raised when a field is added, so that everything counts as changed once.
    const VERSION: u8 = 1;

    fn new() -> Self {
        let mut hash = Sha256::new();
        hash.update([Self::VERSION]);
        Self(hash)
    }

    fn text(mut self, text: Option<&str>) -> Self {
        match text {
            Some(text) => {
                self.0.update((text.len() as u64 + 1).to_le_bytes());
                self.0.update(text.as_bytes());
            }
            None => self.0.update(0_u64.to_le_bytes()),
        }
        self
    }

    fn number(mut self, number: Option<i64>) -> Self {
        self.0.update([u8::from(number.is_some())]);
        self.0.update(number.unwrap_or_default().to_le_bytes());
        self
    }

    fn money(self, money: Option<Money>) -> Self {
        self.number(money.map(|money| money.amount_minor))
            .text(money.as_ref().map(|money| money.currency.code()))
    }

    fn finish(self) -> RecordHash {
        let digest = self.0.finalize();
        let mut hash = RecordHash::default();
        hash.copy_from_slice(&digest[..size_of::<RecordHash>()]);
        hash
    }
}

fn product(record: ProductRecord) -> ProductInput {
    let title = clean(record.title);
    let handle = filled(record.handle);
    let vendor = filled(record.vendor);
    let product_type = filled(record.product_type);
    let image_url = filled(record.image_url);
    // The store's time of change is left out: stores touch it when nothing
    // that is kept here has changed.
    let hash = ContentHash::new()
        .text(Some(&title))
        .text(handle.as_deref())
        .text(vendor.as_deref())
        .text(product_type.as_deref())
        .text(image_url.as_deref())
        .text(Some(record.state.as_str()))
        .finish();
    ProductInput {
        external_id: clean(record.external_id),
        title,
        handle,
        vendor,
        product_type,
        image_url,
        state: record.state,
        hash,
    }
}

fn variant(record: VariantRecord) -> VariantInput {
    let product_external_id = clean(record.product_external_id);
    let title = clean(record.title);
    let sku = filled(record.sku);
    let barcode = filled(record.barcode);
    let hash = ContentHash::new()
        .text(Some(&product_external_id))
        .text(Some(&title))
        .text(sku.as_deref())
        .text(barcode.as_deref())
        .money(record.price)
        .money(record.compare_at)
        .number(record.stock)
        .finish();
    VariantInput {
        external_id: clean(record.external_id),
        product_external_id,
        title,
        sku,
        barcode,
        price: record.price,
        compare_at: record.compare_at,
        stock: record.stock,
        state: record.state,
        updated_at: record.updated_at,
        hash,
    }
}

fn failure(fault: ItemFault) -> FailureInput {
    FailureInput {
        kind: fault.kind,
        external_id: filled(fault.external_id),
        product_external_id: filled(fault.product_external_id),
        label: filled(fault.label),
        code: fault.code.to_owned(),
        message: clean(fault.message),
        class: fault.class,
        request: filled(fault.request),
        answer: filled(fault.answer),
        version: filled(fault.version),
    }
}

/// A connector's batch as the store takes it.
pub(crate) fn batch(batch: CatalogueBatch) -> BatchInput {
    BatchInput {
        products: batch.products.into_iter().map(product).collect(),
        variants: batch.variants.into_iter().map(variant).collect(),
        failures: batch.faults.into_iter().map(failure).collect(),
        expected: batch
            .expected
            .map(|expected| i64::try_from(expected).unwrap_or(i64::MAX)),
        checkpoint: batch.checkpoint.map(|checkpoint| checkpoint.0),
    }
}

/// No order line is of more units, or of more in minor units: beyond it, sums
/// over many would leave the range of what can be stored.
const MOST_UNITS: u64 = 1_000_000_000;
const MOST_AMOUNT: u64 = 1_000_000_000_000_000;

/// What cannot be of an order line.
fn absurdity(line: &OrderLine) -> Option<&'static str> {
    if line.quantity.unsigned_abs() > MOST_UNITS
        || line.refunded_quantity.unsigned_abs() > MOST_UNITS
    {
        return Some("a quantity that no shop sells");
    }
    if line.amount.amount_minor.unsigned_abs() > MOST_AMOUNT
        || line.refunded.amount_minor.unsigned_abs() > MOST_AMOUNT
    {
        return Some("an amount that no shop takes");
    }
    (line.amount.currency != line.refunded.currency)
        .then_some("a refund in another currency than the sale")
}

fn order(record: OrderRecord) -> Result<OrderInput, Box<FailureInput>> {
    let external_id = clean(record.external_id);
    if let Some(what) = record.lines.iter().find_map(absurdity) {
        return Err(Box::new(FailureInput {
            kind: FailureKind::Order,
            product_external_id: None,
            request: None,
            version: record.updated_at.map(|at| at.to_rfc3339()),
            code: "order_absurd".to_owned(),
            message: format!(
                "This order has {what}. It is left out; correct it in the store, and the next \
                 sync reads it again."
            ),
            class: FailureClass::Permanent,
            label: None,
            answer: None,
            external_id: Some(external_id),
        }));
    }
    let mut hash = ContentHash::new()
        .text(Some(&external_id))
        .number(Some(record.placed_at.timestamp_micros()))
        .number(Some(record.cancelled.into()));
    let mut lines = Vec::with_capacity(record.lines.len());
    for line in record.lines {
        let line = OrderLineInput {
            external_id: clean(line.external_id),
            listing_external_id: filled(line.listing_external_id),
            sku: filled(line.sku),
            quantity: line.quantity,
            refunded_quantity: line.refunded_quantity,
            amount: line.amount,
            refunded_minor: line.refunded.amount_minor,
        };
        hash = hash
            .text(Some(&line.external_id))
            .text(line.listing_external_id.as_deref())
            .text(line.sku.as_deref())
            .number(Some(line.quantity))
            .number(Some(line.refunded_quantity))
            .money(Some(line.amount))
            .number(Some(line.refunded_minor));
        lines.push(line);
    }
    Ok(OrderInput {
        external_id,
        placed_at: record.placed_at,
        updated_at: record.updated_at,
        cancelled: record.cancelled,
        lines,
        hash: hash.finish(),
    })
}

/// A connector's orders as the store takes them.
pub(crate) fn orders(batch: OrderBatch) -> OrderBatchInput {
    let mut taken = OrderBatchInput {
        failures: batch.faults.into_iter().map(failure).collect(),
        checkpoint: batch.checkpoint.map(|checkpoint| checkpoint.0),
        ..OrderBatchInput::default()
    };
    for record in batch.orders {
        match order(record) {
            Ok(order) => taken.orders.push(order),
            Err(failure) => taken.failures.push(*failure),
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use calibr_model::status::ListingState;

    use super::*;

    fn record() -> VariantRecord {
        VariantRecord {
            external_id: "1".into(),
            product_external_id: "2".into(),
            title: "M".into(),
            sku: Some("A-1".into()),
            barcode: None,
            price: Some(Money::new(1_250, "EUR".parse().unwrap())),
            compare_at: None,
            stock: Some(3),
            state: Some(ListingState::Active),
            updated_at: None,
        }
    }

    #[test]
    fn any_kept_field_changes_the_hash_and_the_time_of_change_does_not() {
        let base = variant(record()).hash;
        let mut touched = record();
        touched.updated_at = Some(chrono::DateTime::UNIX_EPOCH);
        assert_eq!(variant(touched).hash, base);
        let changes: [fn(&mut VariantRecord); 6] = [
            |r| r.title = "L".into(),
            |r| r.sku = None,
            |r| r.barcode = Some("A-1".into()),
            |r| r.price = Some(Money::new(1_250, "USD".parse().unwrap())),
            |r| r.compare_at = Some(Money::new(1_250, "EUR".parse().unwrap())),
            |r| r.stock = Some(0),
        ];
        for change in changes {
            let mut changed = record();
            change(&mut changed);
            assert_ne!(variant(changed).hash, base);
        }
    }

    #[test]
    fn nul_is_taken_out_and_blank_is_none() {
        let mut odd = record();
        odd.title = "a\0b".into();
        odd.sku = Some(" ".into());
        let kept = variant(odd);
        assert_eq!((kept.title.as_str(), kept.sku), ("ab", None));
    }
}
