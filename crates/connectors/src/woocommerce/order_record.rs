//! An order as WooCommerce writes it, read into the common form: what was
//! bought, for how much, and what was given back. Of whom is not read.

use calibr_model::{
    Currency, Money,
    status::{FailureClass, FailureKind},
};
use serde::Deserialize;
use serde_json::Value;

use super::{operations::Row, record::moment};
use crate::{
    amount,
    catalogue::ItemFault,
    orders::{OrderLine, OrderRecord},
    text::filled,
    transport::redact,
};

/// Statuses of orders that count for nothing: not paid for, not gone through,
/// or taken back before anything was done (WooCommerce's own reports leave
/// them out as well).
const COUNT_FOR_NOTHING: [&str; 6] = [
    "pending",
    "failed",
    "cancelled",
    "trash",
    "checkout-draft",
    "auto-draft",
];
/// How a refund names the line it is for.
const REFUNDED_LINE: &str = "_refunded_item_id";

#[derive(Deserialize)]
struct RawOrder {
    status: String,
    currency: String,
    #[serde(default)]
    prices_include_tax: bool,
    date_created_gmt: String,
    #[serde(default)]
    date_modified_gmt: Option<String>,
    #[serde(default)]
    total: String,
    line_items: Vec<RawLine>,
}

#[derive(Deserialize)]
struct RawLine {
    id: u64,
    #[serde(default)]
    product_id: u64,
    #[serde(default)]
    variation_id: u64,
    #[serde(default)]
    sku: Option<String>,
    quantity: f64,
    total: String,
    #[serde(default)]
    total_tax: String,
}

#[derive(Deserialize)]
struct RawRefund {
    #[serde(default)]
    amount: String,
    #[serde(default)]
    line_items: Vec<RawRefundedLine>,
}

#[derive(Deserialize)]
struct RawRefundedLine {
    #[serde(default)]
    product_id: u64,
    #[serde(default)]
    variation_id: u64,
    #[serde(default)]
    quantity: f64,
    #[serde(default)]
    total: String,
    #[serde(default)]
    total_tax: String,
    #[serde(default)]
    meta_data: Vec<Value>,
}

/// Whether something of the order was paid back.
pub(super) fn has_refunds(row: &Row) -> bool {
    row.fields["refunds"]
        .as_array()
        .is_some_and(|refunds| !refunds.is_empty())
}

/// Reads an order with its refunds. Amounts are in the currency that the order
/// was paid in, which is the store's unless a plugin sells in others.
pub(super) fn order(row: &Row, refunds: &[Value]) -> Result<OrderRecord, ItemFault> {
    let raw = RawOrder::deserialize(&row.fields).map_err(|_| malformed(row))?;
    let currency: Currency = raw.currency.parse().map_err(|_| malformed(row))?;
    let refunds: Vec<RawRefund> = refunds
        .iter()
        .map(RawRefund::deserialize)
        .collect::<Result<_, _>>()
        .map_err(|_| malformed(row))?;
    let amounts = Amounts {
        currency,
        with_tax: raw.prices_include_tax,
    };
    let placed_at = moment(Some(&raw.date_created_gmt)).ok_or_else(|| malformed(row))?;
    let total = amounts.read(&raw.total).unwrap_or_default();
    let mut lines: Vec<(u64, u64, OrderLine)> = raw
        .line_items
        .into_iter()
        .map(|line| amounts.line(line))
        .collect::<Option<_>>()
        .ok_or_else(|| malformed(row))?;
    for refund in &refunds {
        amounts
            .give_back(refund, total, &mut lines)
            .ok_or_else(|| malformed(row))?;
    }
    // What was paid back as a whole is given back as a whole.
    if raw.status == "refunded" {
        for (_, _, line) in &mut lines {
            line.refunded = line.amount;
            line.refunded_quantity = line.quantity;
        }
    }
    Ok(OrderRecord {
        external_id: row.id.to_string(),
        placed_at,
        updated_at: moment(raw.date_modified_gmt.as_deref()),
        cancelled: COUNT_FOR_NOTHING.contains(&raw.status.as_str()),
        lines: lines.into_iter().map(|(_, _, line)| line).collect(),
    })
}

struct Amounts {
    currency: Currency,
    /// Whether amounts are to be with tax, as the store's prices are.
    with_tax: bool,
}

impl Amounts {
    /// An amount in minor units; nothing is none. The store was asked for the
    /// currency's decimals; what is finer all the same is rounded.
    fn read(&self, text: &str) -> Option<i64> {
        amount::rounded(text, self.currency)
    }

    fn sum(&self, total: &str, tax: &str) -> Option<i64> {
        let total = self.read(total)?;
        let tax = self.read(tax)?;
        Some(if self.with_tax {
            total.saturating_add(tax)
        } else {
            total
        })
    }

    fn line(&self, raw: RawLine) -> Option<(u64, u64, OrderLine)> {
        let listing = if raw.variation_id > 0 {
            raw.variation_id
        } else {
            raw.product_id
        };
        let line = OrderLine {
            external_id: raw.id.to_string(),
            listing_external_id: (listing > 0).then(|| listing.to_string()),
            sku: filled(raw.sku),
            quantity: units(raw.quantity)?,
            refunded_quantity: 0,
            amount: Money::new(self.sum(&raw.total, &raw.total_tax)?, self.currency),
            refunded: Money::new(0, self.currency),
        };
        Some((raw.id, listing, line))
    }

    /// Takes a refund off the lines it is for. One without lines, as
    /// WooCommerce makes it where a sum is typed in, is taken off all lines by
    /// their share of the order.
    fn give_back(
        &self,
        refund: &RawRefund,
        order_total: i64,
        lines: &mut [(u64, u64, OrderLine)],
    ) -> Option<()> {
        for refunded in &refund.line_items {
            let named = refunded.meta_data.iter().find_map(|meta| {
                (meta["key"] == REFUNDED_LINE)
                    .then(|| number(&meta["value"]))
                    .flatten()
            });
            let listing = if refunded.variation_id > 0 {
                refunded.variation_id
            } else {
                refunded.product_id
            };
            let found = lines.iter_mut().find(|(id, bought, _)| match named {
                Some(named) => *id == named,
                None => *bought == listing,
            });
            let Some((_, _, line)) = found else {
                continue;
            };
            let amount = self.sum(&refunded.total, &refunded.total_tax)?;
            add(
                line,
                amount.saturating_abs(),
                units(refunded.quantity)?.abs(),
            );
        }
        let sum = self.read(&refund.amount)?.saturating_abs();
        if refund.line_items.is_empty() && order_total > 0 {
            for (_, _, line) in lines {
                let share = amount::share(line.amount.amount_minor, sum, order_total);
                add(line, share, 0);
            }
        }
        Some(())
    }
}

/// Notes what was given back, never more than was bought.
fn add(line: &mut OrderLine, amount: i64, units: i64) {
    let refunded = line.refunded.amount_minor.saturating_add(amount);
    line.refunded.amount_minor = refunded.min(line.amount.amount_minor.max(0));
    line.refunded_quantity = line
        .refunded_quantity
        .saturating_add(units)
        .min(line.quantity);
}

fn units(quantity: f64) -> Option<i64> {
    (quantity.abs() < 9.0e15).then(|| quantity.round() as i64)
}

fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn malformed(row: &Row) -> ItemFault {
    ItemFault {
        external_id: Some(row.id.to_string()),
        label: Some(format!("Order {}", row.id)),
        version: row.fields["date_modified_gmt"].as_str().map(str::to_owned),
        ..unread(&row.fields)
    }
}

/// The fault of an order without an id.
pub(super) fn unread(fields: &Value) -> ItemFault {
    ItemFault {
        answer: Some(redact::json(fields)),
        ..ItemFault::new(
            FailureKind::Order,
            "malformed_record",
            "WooCommerce sent an order that cannot be read: a field has another form than agreed, \
             which plugins can cause. Retry it; it is also looked at again when it changes.",
            FailureClass::Retryable,
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(changes: Value) -> Row {
        let mut fields = json!({
            "id": 900, "status": "completed", "currency": "EUR", "prices_include_tax": true,
            "date_created_gmt": "2026-07-01T12:00:00", "date_modified_gmt": "2026-07-02T12:00:00",
            "total": "40.00",
            "line_items": [
                { "id": 1, "product_id": 12, "variation_id": 0, "sku": "S-1", "quantity": 2,
                  "total": "16.81", "total_tax": "3.19", "name": "Socks" },
                { "id": 2, "product_id": 14, "variation_id": 15, "sku": "", "quantity": 1,
                  "total": "16.81", "total_tax": "3.19" },
            ],
            "refunds": [],
        });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        Row { id: 900, fields }
    }

    fn refunded(order: &OrderRecord) -> Vec<(i64, i64)> {
        order
            .lines
            .iter()
            .map(|line| (line.refunded_quantity, line.refunded.amount_minor))
            .collect()
    }

    #[test]
    fn an_order_is_read_with_tax_where_prices_have_it() {
        let read = order(&row(json!({})), &[]).unwrap();
        insta::assert_debug_snapshot!(read.lines[0], @r#"
        OrderLine {
            external_id: "1",
            listing_external_id: Some(
                "12",
            ),
            sku: Some(
                "S-1",
            ),
            quantity: 2,
            refunded_quantity: 0,
            amount: 20.00 EUR,
            refunded: 0.00 EUR,
        }
        "#);
        assert_eq!(read.lines[1].listing_external_id.as_deref(), Some("15"));
        assert!(!read.cancelled);
        let net = order(&row(json!({ "prices_include_tax": false })), &[]).unwrap();
        assert_eq!(net.lines[0].amount.amount_minor, 1_681);
    }

    #[test]
    fn refunds_are_taken_off_their_lines() {
        let by_line = json!({ "amount": "10.00", "line_items": [
            { "product_id": 12, "quantity": -1, "total": "-8.40", "total_tax": "-1.60",
              "meta_data": [{ "key": "_refunded_item_id", "value": "1" }] },
        ]});
        let read = order(&row(json!({})), &[by_line]).unwrap();
        assert_eq!(refunded(&read), [(1, 1_000), (0, 0)]);
        let sum = json!({ "amount": "10.00", "line_items": [] });
        let read = order(&row(json!({})), &[sum]).unwrap();
        assert_eq!(refunded(&read), [(0, 500), (0, 500)]);
        let read = order(&row(json!({ "status": "refunded" })), &[]).unwrap();
        assert_eq!(refunded(&read), [(2, 2_000), (1, 2_000)]);
        let too_much = json!({ "amount": "99.00" });
        let read = order(&row(json!({})), &[too_much]).unwrap();
        assert_eq!(refunded(&read), [(0, 2_000), (0, 2_000)]);
    }

    #[test]
    fn orders_that_are_not_paid_for_count_for_nothing() {
        for (status, cancelled) in [
            ("pending", true),
            ("cancelled", true),
            ("failed", true),
            ("on-hold", false),
            ("processing", false),
            ("refunded", false),
        ] {
            let read = order(&row(json!({ "status": status })), &[]).unwrap();
            assert_eq!(read.cancelled, cancelled, "{status}");
        }
    }

    #[test]
    fn an_order_that_cannot_be_read_is_one_fault() {
        for changes in [
            json!({ "currency": "bitcoin" }),
            json!({ "date_created_gmt": "yesterday" }),
            json!({ "line_items": "none" }),
        ] {
            let fault = order(&row(changes), &[]).unwrap_err();
            assert_eq!(fault.code, "malformed_record");
            assert_eq!(fault.external_id.as_deref(), Some("900"));
        }
    }
}
