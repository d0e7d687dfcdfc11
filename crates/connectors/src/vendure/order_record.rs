//! An order as Vendure writes it, read into the common form: what was bought,
//! for how much, and what was given back. Of whom is not asked.

use calibr_model::{
    Currency, Money,
    status::{FailureClass, FailureKind},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{
    money::{rounded, share},
    operations::Row,
    record::Reading,
};
use crate::{
    catalogue::ItemFault,
    orders::{OrderLine, OrderRecord},
    text::{clean, filled},
    transport::redact,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrder {
    order_placed_at: DateTime<Utc>,
    #[serde(default)]
    updated_at: Option<DateTime<Utc>>,
    state: String,
    currency_code: String,
    total_with_tax: f64,
    lines: Vec<RawLine>,
    #[serde(default)]
    payments: Option<Vec<RawPayment>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLine {
    id: String,
    quantity: i64,
    order_placed_quantity: i64,
    prorated_line_price: f64,
    prorated_line_price_with_tax: f64,
    prorated_unit_price: f64,
    prorated_unit_price_with_tax: f64,
    #[serde(default)]
    product_variant: Option<RawVariant>,
}

#[derive(Deserialize)]
struct RawVariant {
    id: String,
    #[serde(default)]
    sku: Option<String>,
}

#[derive(Deserialize)]
struct RawPayment {
    #[serde(default)]
    refunds: Vec<RawRefund>,
}

#[derive(Deserialize)]
struct RawRefund {
    state: String,
    total: f64,
    #[serde(default)]
    lines: Vec<RawRefundLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRefundLine {
    order_line_id: String,
    quantity: i64,
}

/// Whether an order, of which only the moments of its refunds were asked, was
/// refunded at or after `since`.
pub(super) fn was_refunded_since(row: &Row, since: DateTime<Utc>) -> bool {
    #[derive(Deserialize)]
    struct Payment {
        refunds: Vec<Refund>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Refund {
        updated_at: DateTime<Utc>,
    }
    row.fields
        .get("payments")
        .and_then(|payments| Vec::<Payment>::deserialize(payments).ok())
        .into_iter()
        .flatten()
        .flat_map(|payment| payment.refunds)
        .any(|refund| refund.updated_at >= since)
}

/// Reads an order. Amounts are in the currency it was placed in, with tax where
/// the channel's prices are.
pub(super) fn order(row: Row, reading: &Reading) -> Result<OrderRecord, ItemFault> {
    let Row { id, fields } = row;
    let fields = Value::Object(fields);
    let raw = RawOrder::deserialize(&fields).ok();
    raw.and_then(|raw| read(&id, raw, reading))
        .ok_or_else(|| malformed(&id, &fields))
}

fn read(id: &str, raw: RawOrder, reading: &Reading) -> Option<OrderRecord> {
    let currency: Currency = raw.currency_code.parse().ok()?;
    let refunds: Vec<RawRefund> = raw
        .payments
        .into_iter()
        .flatten()
        .flat_map(|payment| payment.refunds)
        .filter(|refund| refund.state != "Failed")
        .collect();
    let mut lines: Vec<Sold> = raw
        .lines
        .into_iter()
        .map(|line| Sold::read(line, &refunds))
        .collect::<Option<_>>()?;
    // What was added and taken off again before the order was placed.
    lines.retain(|line| line.bought > 0);
    give_back(&refunds, whole(raw.total_with_tax)?, &mut lines)?;
    Some(OrderRecord {
        external_id: clean(id),
        placed_at: raw.order_placed_at,
        updated_at: raw.updated_at,
        cancelled: raw.state == "Cancelled",
        lines: lines
            .into_iter()
            .map(|line| line.into_line(reading, currency))
            .collect::<Option<_>>()?,
    })
}

/// A line, in the server's unit of money. Vendure counts what was paid back
/// with tax, whatever the channel.
struct Sold {
    raw: RawLine,
    /// Units bought, of which some may have been taken off since.
    bought: i64,
    /// Units taken off the order, by a cancellation or a modification.
    taken_off: i64,
    /// Units given back: taken off, or named by a refund. The staff's usual way
    /// is to do both for the same units.
    returned: i64,
    /// For all units bought, without tax.
    net: i64,
    /// For all units bought, with tax.
    gross: i64,
    /// For one unit, with tax.
    unit_gross: i64,
    /// What of `gross` was given back.
    given_back: i64,
}

impl Sold {
    fn read(raw: RawLine, refunds: &[RawRefund]) -> Option<Self> {
        let bought = raw.quantity.max(raw.order_placed_quantity);
        let taken_off = bought.checked_sub(raw.quantity)?;
        let named = refunds
            .iter()
            .flat_map(|refund| &refund.lines)
            .filter(|line| line.order_line_id == raw.id)
            .fold(0, |sum: i64, line| sum.saturating_add(line.quantity));
        let unit_gross = whole(raw.prorated_unit_price_with_tax)?;
        // Vendure works out a line's price for the units that are left.
        let all = |left: f64, unit: f64| {
            let taken_off = whole(unit)?.checked_mul(taken_off)?;
            whole(left)?.checked_add(taken_off)
        };
        Some(Self {
            bought,
            taken_off,
            returned: named.min(bought).max(taken_off),
            net: all(raw.prorated_line_price, raw.prorated_unit_price)?,
            gross: all(
                raw.prorated_line_price_with_tax,
                raw.prorated_unit_price_with_tax,
            )?,
            unit_gross,
            given_back: 0,
            raw,
        })
    }

    /// What units of it are worth, with tax.
    fn worth(&self, units: i64) -> i64 {
        self.unit_gross.saturating_mul(units).min(self.gross)
    }

    fn give_back(&mut self, amount: i64) {
        self.given_back = self.given_back.saturating_add(amount).min(self.gross);
    }

    fn into_line(self, reading: &Reading, currency: Currency) -> Option<OrderLine> {
        let own = if reading.prices_include_tax {
            self.gross
        } else {
            self.net
        };
        let amount = rounded(own, reading.precision, currency)?;
        let refunded = share(amount.amount_minor, self.given_back, self.gross)?;
        let (listing_external_id, sku) = match self.raw.product_variant {
            Some(variant) => (Some(clean(variant.id)), filled(variant.sku)),
            None => (None, None),
        };
        Some(OrderLine {
            external_id: clean(self.raw.id),
            listing_external_id,
            sku,
            quantity: self.bought,
            refunded_quantity: self.returned,
            amount,
            refunded: Money::new(refunded, currency),
        })
    }
}

/// Spreads what was paid back over the lines: first over the units taken off
/// the order, which count for nothing any more whatever was paid back; then
/// over the units that refunds name; and what was paid back for none in
/// particular, over all that is left, by its share of the order.
fn give_back(refunds: &[RawRefund], order_total: i64, lines: &mut [Sold]) -> Option<()> {
    let mut money = 0_i64;
    let mut for_none = 0_i64;
    for refund in refunds {
        let total = whole(refund.total)?.max(0);
        money = money.saturating_add(total);
        if refund.lines.iter().all(|line| line.quantity <= 0) {
            for_none = for_none.saturating_add(total);
        }
    }
    for line in lines.iter_mut() {
        let taken_off = line.worth(line.taken_off);
        line.give_back(taken_off);
        money = money.saturating_sub(taken_off);
    }
    money = money.max(0);

    let named: Vec<i64> = lines
        .iter()
        .map(|line| line.worth(line.returned) - line.given_back)
        .collect();
    let all_named = named.iter().copied().fold(0, i64::saturating_add);
    let for_named = money.min(all_named);
    for (line, named) in lines.iter_mut().zip(named) {
        line.give_back(share(named, for_named, all_named)?);
    }

    let rest = (money - for_named).min(for_none);
    let left = |line: &Sold| line.gross - line.given_back;
    let all_left = lines.iter().map(left).fold(0, i64::saturating_add);
    // With shipping, of which a share was paid back too.
    let whole = order_total.saturating_sub(for_named).max(all_left);
    for line in lines {
        line.give_back(share(left(line), rest, whole)?);
    }
    Some(())
}

/// A whole amount: Vendure's `Money` is one, in a type that has room for halves.
fn whole(amount: f64) -> Option<i64> {
    (amount.abs() < 9.0e15).then(|| amount.round() as i64)
}

fn malformed(id: &str, fields: &Value) -> ItemFault {
    let id = clean(id);
    ItemFault {
        label: Some(format!("Order {id}")),
        external_id: Some(id),
        answer: Some(redact::json(fields)),
        version: filled(fields["updatedAt"].as_str()),
        ..ItemFault::new(
            FailureKind::Order,
            "malformed_record",
            "Vendure sent an order that cannot be read: a field has another form than agreed. \
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

    fn reading(prices_include_tax: bool) -> Reading {
        Reading {
            currency: "USD".parse().unwrap(),
            precision: 2,
            prices_include_tax,
            counts_stock: true,
        }
    }

    /// A line of units at 10.00, 12.00 with tax.
    fn line(id: &str, quantity: i64, placed: i64) -> Value {
        json!({
            "id": id, "quantity": quantity, "orderPlacedQuantity": placed,
            "proratedLinePrice": 1_000 * quantity, "proratedLinePriceWithTax": 1_200 * quantity,
            "proratedUnitPrice": 1_000, "proratedUnitPriceWithTax": 1_200,
            "productVariant": { "id": format!("1{id}"), "sku": "L-1" },
        })
    }

    fn refund(total: i64, lines: &[(&str, i64)]) -> Value {
        let lines: Vec<_> = lines
            .iter()
            .map(|(id, quantity)| json!({ "orderLineId": id, "quantity": quantity }))
            .collect();
        json!({ "state": "Settled", "total": total, "lines": lines })
    }

    /// An order with shipping for 12.00.
    fn row(lines: &[Value], refunds: &[Value]) -> Row {
        let total: i64 = lines
            .iter()
            .map(|line| line["proratedLinePriceWithTax"].as_i64().unwrap())
            .sum();
        serde_json::from_value(json!({
            "id": "9", "orderPlacedAt": "2026-07-01T12:00:00Z",
            "updatedAt": "2026-07-02T12:00:00Z", "state": "PaymentSettled",
            "currencyCode": "USD", "totalWithTax": total + 1_200, "lines": lines,
            "payments": [{ "refunds": refunds }],
        }))
        .unwrap()
    }

    /// Units and money given back, line by line.
    fn given_back(lines: &[Value], refunds: &[Value]) -> Vec<(i64, String)> {
        let read = order(row(lines, refunds), &reading(false)).unwrap();
        read.lines
            .into_iter()
            .map(|line| (line.refunded_quantity, line.refunded.to_decimal()))
            .collect()
    }

    #[test]
    fn an_order_is_read_whole() {
        let read = order(row(&[line("1", 3, 3)], &[]), &reading(true)).unwrap();
        insta::assert_debug_snapshot!(read, @r#"
        OrderRecord {
            external_id: "9",
            placed_at: 2026-07-01T12:00:00Z,
            updated_at: Some(
                2026-07-02T12:00:00Z,
            ),
            cancelled: false,
            lines: [
                OrderLine {
                    external_id: "1",
                    listing_external_id: Some(
                        "11",
                    ),
                    sku: Some(
                        "L-1",
                    ),
                    quantity: 3,
                    refunded_quantity: 0,
                    amount: 36.00 USD,
                    refunded: 0.00 USD,
                },
            ],
        }
        "#);
        let net = order(row(&[line("1", 3, 3)], &[]), &reading(false)).unwrap();
        assert_eq!(net.lines[0].amount.to_decimal(), "30.00");
    }

    #[test]
    fn units_taken_off_the_order_count_for_nothing_whether_paid_back_or_not() {
        let lines = [line("1", 1, 3), line("2", 2, 2)];
        let expected = [(2, "20.00".to_owned()), (0, "0.00".to_owned())];
        assert_eq!(given_back(&lines, &[]), expected);
        let named = [refund(2_400, &[("1", 2)])];
        assert_eq!(given_back(&lines, &named), expected, "the same units");
        let unnamed = [refund(2_400, &[])];
        assert_eq!(given_back(&lines, &unnamed), expected, "the same money");
        let gone = [line("1", 0, 3)];
        assert_eq!(given_back(&gone, &[]), [(3, "30.00".to_owned())]);
    }

    #[test]
    fn a_refund_is_for_the_lines_that_it_names() {
        let lines = [line("1", 3, 3), line("2", 2, 2)];
        let whole = [refund(1_200, &[("1", 1)])];
        let nothing = (0, "0.00".to_owned());
        assert_eq!(
            given_back(&lines, &whole),
            [(1, "10.00".to_owned()), nothing.clone()]
        );
        let half = [refund(600, &[("1", 1)])];
        assert_eq!(
            given_back(&lines, &half),
            [(1, "5.00".to_owned()), nothing.clone()]
        );
        let with_shipping = [refund(2_400, &[("1", 1)])];
        assert_eq!(
            given_back(&lines, &with_shipping),
            [(1, "10.00".to_owned()), nothing.clone()]
        );
        let mut failed = refund(1_200, &[("1", 1)]);
        failed["state"] = json!("Failed");
        assert_eq!(given_back(&lines, &[failed]), [nothing.clone(), nothing]);
    }

    #[test]
    fn a_refund_for_no_line_in_particular_is_for_all_by_their_share() {
        let lines = [line("1", 3, 3), line("2", 2, 2)];
        // Of 72.00, of which 12.00 are shipping, half.
        assert_eq!(
            given_back(&lines, &[refund(3_600, &[])]),
            [(0, "15.00".to_owned()), (0, "10.00".to_owned())]
        );
        assert_eq!(
            given_back(&lines, &[refund(7_200, &[])]),
            [(0, "30.00".to_owned()), (0, "20.00".to_owned())]
        );
    }

    #[test]
    fn what_was_added_and_taken_off_before_is_no_line() {
        let read = order(
            row(&[line("1", 0, 0), line("2", 1, 0)], &[]),
            &reading(false),
        )
        .unwrap();
        let ids: Vec<_> = read.lines.iter().map(|line| &line.external_id).collect();
        assert_eq!(ids, ["2"]);
    }

    #[test]
    fn an_order_that_cannot_be_read_is_one_fault() {
        for (field, value) in [
            ("currencyCode", json!("bitcoin")),
            ("orderPlacedAt", json!(null)),
            ("totalWithTax", json!(1.0e300)),
            ("lines", json!("none")),
        ] {
            let mut broken = row(&[], &[]);
            broken.fields.insert(field.to_owned(), value);
            let fault = order(broken, &reading(true)).unwrap_err();
            assert_eq!(fault.code, "malformed_record");
            assert_eq!(fault.label.as_deref(), Some("Order 9"));
        }
    }

    #[test]
    fn later_refunds_are_known_by_their_moment() {
        let since = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let row: Row = serde_json::from_value(json!({ "id": "9", "payments": [
            { "refunds": [] },
            { "refunds": [{ "updatedAt": "2026-07-01T12:00:00Z" }] },
        ] }))
        .unwrap();
        assert!(was_refunded_since(&row, since("2026-07-01T12:00:00Z")));
        assert!(!was_refunded_since(&row, since("2026-07-01T12:00:01Z")));
        let unpaid: Row = serde_json::from_value(json!({ "id": "9", "payments": null })).unwrap();
        assert!(!was_refunded_since(&unpaid, DateTime::UNIX_EPOCH));
    }

    proptest! {
        #[test]
        fn never_more_is_given_back_than_was_bought(
            quantities in prop::collection::vec((0_i64..5, 0_i64..5), 1..4),
            refunds in prop::collection::vec((0_i64..20_000, 0_i64..5), 0..4),
        ) {
            let lines: Vec<_> = quantities
                .iter()
                .enumerate()
                .map(|(index, (quantity, placed))| line(&index.to_string(), *quantity, *placed))
                .collect();
            let refunds: Vec<_> = refunds
                .iter()
                .map(|(total, units)| refund(*total, &[("0", *units)]))
                .collect();
            let read = order(row(&lines, &refunds), &reading(false)).unwrap();
            for line in read.lines {
                prop_assert!(line.refunded_quantity <= line.quantity);
                prop_assert!(line.refunded.amount_minor <= line.amount.amount_minor);
                prop_assert!(line.refunded.amount_minor >= 0);
            }
        }

        #[test]
        fn no_amount_panics(amount: f64, quantity: i64, placed: i64, total in 0_i64..i64::MAX) {
            let mut odd = line("1", 1, 1);
            odd["quantity"] = json!(quantity);
            odd["orderPlacedQuantity"] = json!(placed);
            odd["proratedUnitPriceWithTax"] = json!(amount);
            let refund = refund(total, &[("1", quantity)]);
            let mut row = row(&[], &[refund]);
            row.fields.insert("lines".to_owned(), json!([odd]));
            let _read = order(row, &reading(true));
        }
    }
}
