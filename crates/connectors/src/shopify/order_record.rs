//! An order as Shopify writes it, read into the common form: what was bought,
//! for how much, and what was given back. Of whom is not known here.

use std::borrow::Cow;

use calibr_model::{
    Currency, Money,
    status::{FailureClass, FailureKind},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{operations::RecordPage, record::filled};
use crate::{
    amount::{rounded, share},
    catalogue::ItemFault,
    orders::{OrderLine, OrderRecord},
    transport::redact,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrder {
    id: String,
    processed_at: DateTime<Utc>,
    #[serde(default)]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default)]
    cancelled_at: Option<DateTime<Utc>>,
    #[serde(default)]
    test: bool,
    total_price_set: RawAmounts,
    #[serde(default)]
    total_refunded_set: Option<RawAmounts>,
    line_items: RecordPage,
}

/// An amount in the shop's currency; the one the buyer saw is not asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAmounts {
    shop_money: RawMoney,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMoney {
    amount: String,
    currency_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLine {
    id: String,
    #[serde(default)]
    sku: Option<String>,
    quantity: i64,
    current_quantity: i64,
    #[serde(default)]
    variant: Option<RawReference>,
    original_total_set: RawAmounts,
    #[serde(default)]
    discount_allocations: Vec<RawAllocation>,
}

#[derive(Deserialize)]
struct RawReference {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAllocation {
    allocated_amount_set: RawAmounts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRefund {
    total_refunded_set: RawAmounts,
    refund_line_items: RawRefundedLines,
}

#[derive(Deserialize)]
struct RawRefundedLines {
    nodes: Vec<RawRefundedLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRefundedLine {
    quantity: i64,
    line_item: RawReference,
    subtotal_set: RawAmounts,
}

/// What an order says of itself as a whole.
pub(super) struct Heading {
    pub(super) id: String,
    /// Whether something was paid back: what, its refunds tell.
    pub(super) paid_back: bool,
    processed_at: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
    counts_for_nothing: bool,
    total: Money,
}

/// An order that is being read.
pub(super) struct Order<'a> {
    pub(super) heading: Heading,
    as_it_came: &'a Value,
    lines: Vec<OrderLine>,
}

impl<'a> Order<'a> {
    /// Reads an order with its first lines; gives where further ones are.
    pub(super) fn read(value: &'a Value) -> Result<(Self, Option<String>), ItemFault> {
        let raw = RawOrder::deserialize(value).map_err(|_| malformed(value))?;
        let total = raw.total_price_set.read().ok_or_else(|| malformed(value))?;
        let refunded = match &raw.total_refunded_set {
            Some(refunded) => refunded.read().ok_or_else(|| malformed(value))?,
            None => Money::new(0, total.currency),
        };
        let mut order = Self {
            heading: Heading {
                id: raw.id,
                paid_back: refunded.amount_minor > 0,
                processed_at: raw.processed_at,
                updated_at: raw.updated_at,
                // An order of a test gateway was never paid.
                counts_for_nothing: raw.cancelled_at.is_some() || raw.test,
                total,
            },
            as_it_came: value,
            lines: Vec::new(),
        };
        let next = order.add_lines(raw.line_items)?;
        Ok((order, next))
    }

    /// Reads a page of lines; gives where the next begins, if there is one.
    pub(super) fn add_lines(&mut self, page: RecordPage) -> Result<Option<String>, ItemFault> {
        for value in &page.nodes {
            let line = RawLine::deserialize(value)
                .ok()
                .and_then(|raw| raw.read(self.heading.total.currency))
                .ok_or_else(|| malformed(self.as_it_came))?;
            self.lines.push(line);
        }
        Ok(page
            .page_info
            .end_cursor
            .filter(|_| page.page_info.has_next_page))
    }

    /// The order, what was paid back taken off its lines. Units that were taken
    /// off without a refund, or in one too long to be told, count with their
    /// share of the line. A refund of no line is taken off all by their share
    /// of the order.
    pub(super) fn finish(mut self, refunds: &[Value]) -> Result<OrderRecord, ItemFault> {
        let currency = self.heading.total.currency;
        let total = self.heading.total.amount_minor;
        let mut told = vec![(0_i64, 0_i64); self.lines.len()];
        let mut of_no_line = 0_i64;
        for value in refunds {
            let refund = RawRefund::deserialize(value).map_err(|_| malformed(self.as_it_came))?;
            let read = |amounts: &RawAmounts| {
                let amount = amounts.read_in(currency);
                amount.ok_or_else(|| malformed(self.as_it_came))
            };
            if refund.refund_line_items.nodes.is_empty() {
                let sum = read(&refund.total_refunded_set)?;
                of_no_line = of_no_line.saturating_add(sum);
            }
            for refunded in &refund.refund_line_items.nodes {
                let amount = read(&refunded.subtotal_set)?;
                let place = self
                    .lines
                    .iter()
                    .position(|line| line.external_id == refunded.line_item.id);
                if let Some((units, sum)) = place.and_then(|place| told.get_mut(place)) {
                    *units = units.saturating_add(refunded.quantity);
                    *sum = sum.saturating_add(amount);
                }
            }
        }
        for (line, (units, sum)) in self.lines.iter_mut().zip(told) {
            let amount = line.amount.amount_minor;
            let silent = line.refunded_quantity.saturating_sub(units).max(0);
            let refunded = sum
                .saturating_add(share(amount, silent, line.quantity))
                .saturating_add(share(amount, of_no_line, total));
            line.refunded.amount_minor = refunded.clamp(0, amount.max(0));
        }
        Ok(OrderRecord {
            external_id: self.heading.id,
            placed_at: self.heading.processed_at,
            updated_at: self.heading.updated_at,
            cancelled: self.heading.counts_for_nothing,
            lines: self.lines,
        })
    }
}

impl RawAmounts {
    fn read(&self) -> Option<Money> {
        let currency: Currency = self.shop_money.currency_code.parse().ok()?;
        let minor = rounded(&self.shop_money.amount, currency)?;
        Some(Money::new(minor, currency))
    }

    /// Minor units of what has to be in that currency.
    fn read_in(&self, currency: Currency) -> Option<i64> {
        let money = self.read()?;
        (money.currency == currency).then_some(money.amount_minor)
    }
}

impl RawLine {
    fn read(self, currency: Currency) -> Option<OrderLine> {
        let before = self.original_total_set.read_in(currency)?;
        let discount = self
            .discount_allocations
            .iter()
            .try_fold(0_i64, |sum, allocation| {
                let amount = allocation.allocated_amount_set.read_in(currency)?;
                Some(sum.saturating_add(amount))
            })?;
        Some(OrderLine {
            external_id: self.id,
            listing_external_id: self.variant.map(|variant| variant.id),
            sku: filled(self.sku.map(Cow::Owned)),
            quantity: self.quantity,
            refunded_quantity: self
                .quantity
                .saturating_sub(self.current_quantity)
                .clamp(0, self.quantity.max(0)),
            amount: Money::new(before.saturating_sub(discount).max(0), currency),
            refunded: Money::new(0, currency),
        })
    }
}

fn malformed(value: &Value) -> ItemFault {
    let id = value["id"].as_str().map(str::to_owned);
    ItemFault {
        label: id
            .as_deref()
            .and_then(|id| id.rsplit('/').next())
            .map(|number| format!("Order {number}")),
        external_id: id,
        answer: Some(redact::json(value)),
        version: value["updatedAt"].as_str().map(str::to_owned),
        ..ItemFault::new(
            FailureKind::Order,
            "malformed_record",
            "Shopify sent an order that cannot be read: a field has another form than agreed. \
             Retry it; it is also looked at again when it changes.",
            FailureClass::Retryable,
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn amounts(amount: &str) -> Value {
        json!({ "shopMoney": { "amount": amount, "currencyCode": "EUR" } })
    }

    fn line(id: u64, quantity: i64, current: i64, total: &str, discounts: &[&str]) -> Value {
        let allocations: Vec<Value> = discounts
            .iter()
            .map(|amount| json!({ "allocatedAmountSet": amounts(amount) }))
            .collect();
        json!({
            "id": format!("gid://shopify/LineItem/{id}"), "sku": "S-1", "quantity": quantity,
            "currentQuantity": current, "variant": { "id": "gid://shopify/ProductVariant/2" },
            "originalTotalSet": amounts(total), "discountAllocations": allocations,
        })
    }

    fn order_of(lines: &[Value], changes: Value) -> Value {
        let mut order = json!({
            "id": "gid://shopify/Order/900", "processedAt": "2026-07-01T12:00:00Z",
            "updatedAt": "2026-07-02T12:00:00Z", "cancelledAt": null, "test": false,
            "totalPriceSet": amounts("40.0"), "totalRefundedSet": amounts("0.0"),
            "lineItems": {
                "nodes": lines, "pageInfo": { "hasNextPage": false, "endCursor": "x" },
            },
        });
        for (name, value) in changes.as_object().unwrap() {
            order[name] = value.clone();
        }
        order
    }

    fn usual() -> [Value; 2] {
        [
            line(1, 2, 2, "24.0", &["3.0", "1.0"]),
            line(2, 1, 1, "20.0", &[]),
        ]
    }

    fn finished(order: &Value, refunds: &[Value]) -> Result<OrderRecord, ItemFault> {
        let (order, next) = Order::read(order)?;
        assert_eq!(next, None);
        order.finish(refunds)
    }

    fn refunded(order: &OrderRecord) -> Vec<(i64, i64)> {
        let lines = order.lines.iter();
        lines
            .map(|line| (line.refunded_quantity, line.refunded.amount_minor))
            .collect()
    }

    fn refund(total: &str, lines: &[(u64, i64, &str)]) -> Value {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(id, quantity, subtotal)| {
                json!({
                    "quantity": quantity, "subtotalSet": amounts(subtotal),
                    "lineItem": { "id": format!("gid://shopify/LineItem/{id}") },
                })
            })
            .collect();
        json!({ "totalRefundedSet": amounts(total), "refundLineItems": { "nodes": lines } })
    }

    #[test]
    fn an_order_is_read_with_all_discounts_taken_off() {
        let read = finished(&order_of(&usual(), json!({})), &[]).unwrap();
        insta::assert_debug_snapshot!(read, @r#"
        OrderRecord {
            external_id: "gid://shopify/Order/900",
            placed_at: 2026-07-01T12:00:00Z,
            updated_at: Some(
                2026-07-02T12:00:00Z,
            ),
            cancelled: false,
            lines: [
                OrderLine {
                    external_id: "gid://shopify/LineItem/1",
                    listing_external_id: Some(
                        "gid://shopify/ProductVariant/2",
                    ),
                    sku: Some(
                        "S-1",
                    ),
                    quantity: 2,
                    refunded_quantity: 0,
                    amount: 20.00 EUR,
                    refunded: 0.00 EUR,
                },
                OrderLine {
                    external_id: "gid://shopify/LineItem/2",
                    listing_external_id: Some(
                        "gid://shopify/ProductVariant/2",
                    ),
                    sku: Some(
                        "S-1",
                    ),
                    quantity: 1,
                    refunded_quantity: 0,
                    amount: 20.00 EUR,
                    refunded: 0.00 EUR,
                },
            ],
        }
        "#);
    }

    #[test]
    fn refunds_are_taken_off_their_lines() {
        let lines = [
            line(1, 2, 1, "24.0", &["3.0", "1.0"]),
            line(2, 1, 1, "20.0", &[]),
        ];
        let order = order_of(&lines, json!({ "totalRefundedSet": amounts("9.99") }));
        let by_line = refund("9.99", &[(1, 1, "9.99")]);
        assert_eq!(
            refunded(&finished(&order, &[by_line]).unwrap()),
            [(1, 999), (0, 0)]
        );
        // Taken off the order before it was paid: nothing tells of the money.
        assert_eq!(
            refunded(&finished(&order, &[]).unwrap()),
            [(1, 1_000), (0, 0)]
        );
        let goodwill = refund("10.0", &[]);
        let order = order_of(&usual(), json!({}));
        assert_eq!(
            refunded(&finished(&order, &[goodwill]).unwrap()),
            [(0, 500), (0, 500)]
        );
        let too_much = refund("99.0", &[]);
        assert_eq!(
            refunded(&finished(&order, &[too_much]).unwrap()),
            [(0, 2_000), (0, 2_000)]
        );
        let foreign_line = refund("5.0", &[(77, 1, "5.0")]);
        assert_eq!(
            refunded(&finished(&order, &[foreign_line]).unwrap()),
            [(0, 0), (0, 0)]
        );
    }

    #[test]
    fn only_what_was_paid_back_asks_for_refunds() {
        let order = order_of(&usual(), json!({}));
        assert!(!Order::read(&order).unwrap().0.heading.paid_back);
        let order = order_of(&usual(), json!({ "totalRefundedSet": amounts("0.01") }));
        assert!(Order::read(&order).unwrap().0.heading.paid_back);
    }

    #[test]
    fn cancelled_and_test_orders_count_for_nothing() {
        for (changes, expected) in [
            (json!({}), false),
            (json!({ "cancelledAt": "2026-07-01T13:00:00Z" }), true),
            (json!({ "test": true }), true),
        ] {
            let read = finished(&order_of(&usual(), changes), &[]).unwrap();
            assert_eq!(read.cancelled, expected);
        }
    }

    #[test]
    fn a_line_whose_variant_is_gone_keeps_its_sku() {
        let mut gone = line(1, 1, 1, "5.0", &[]);
        gone["variant"] = Value::Null;
        let read = finished(&order_of(&[gone], json!({})), &[]).unwrap();
        assert_eq!(read.lines[0].listing_external_id, None);
        assert_eq!(read.lines[0].sku.as_deref(), Some("S-1"));
    }

    #[test]
    fn an_order_that_cannot_be_read_is_one_fault() {
        let mut other_currency = line(1, 1, 1, "5.0", &[]);
        other_currency["originalTotalSet"]["shopMoney"]["currencyCode"] = "USD".into();
        for order in [
            order_of(&usual(), json!({ "processedAt": "yesterday" })),
            order_of(&usual(), json!({ "totalPriceSet": null })),
            order_of(&usual(), json!({ "lineItems": "none" })),
            order_of(&[line(1, 1, 1, "a lot", &[])], json!({})),
            order_of(&[other_currency], json!({})),
        ] {
            let fault = finished(&order, &[]).unwrap_err();
            assert_eq!(fault.code, "malformed_record");
            assert_eq!(
                fault.external_id.as_deref(),
                Some("gid://shopify/Order/900")
            );
            assert_eq!(fault.label.as_deref(), Some("Order 900"));
        }
        let order = order_of(&usual(), json!({}));
        assert!(finished(&order, &[json!({ "note": 1 })]).is_err());
    }

    proptest! {
        #[test]
        fn nothing_more_is_given_back_than_was_bought(
            quantity in -5_i64..50, current in -5_i64..50, total in "-?[0-9]{1,18}(\\.[0-9]{0,4})?",
            units: i64, sum in "-?[0-9]{1,18}",
        ) {
            let order = order_of(&[line(1, quantity, current, &total, &[])], json!({}));
            let refunds = [refund(&sum, &[(1, units, &sum)]), refund(&sum, &[])];
            if let Ok(order) = finished(&order, &refunds) {
                let line = &order.lines[0];
                prop_assert!((0..=line.quantity.max(0)).contains(&line.refunded_quantity));
                prop_assert!((0..=line.amount.amount_minor).contains(&line.refunded.amount_minor));
            }
        }
    }
}
