//! An order as Amazon writes it, read into the common form: amounts and units
//! by line, nothing of the buyer's.
//!
//! Amazon's orders tell what was called off before it was sent. What was given
//! back later it tells to its finance reports alone.

use calibr_model::{
    Currency, Money,
    status::{FailureClass, FailureKind},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{operations::decimal, record::filled};
use crate::{
    amount::share,
    catalogue::ItemFault,
    orders::{OrderLine, OrderRecord},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrder {
    order_id: String,
    created_time: DateTime<Utc>,
    last_updated_time: DateTime<Utc>,
    #[serde(default)]
    fulfillment: Option<RawFulfillment>,
    order_items: Vec<RawLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFulfillment {
    fulfillment_status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLine {
    order_item_id: String,
    quantity_ordered: i64,
    product: RawProduct,
    #[serde(default)]
    proceeds: Option<RawProceeds>,
    #[serde(default)]
    cancellation: Option<RawCancellation>,
    #[serde(default)]
    fulfillment: Option<RawLineFulfillment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawProduct {
    #[serde(default)]
    seller_sku: Option<String>,
    #[serde(default)]
    price: Option<RawPrice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPrice {
    #[serde(default)]
    unit_price: Option<RawMoney>,
}

#[derive(Deserialize)]
struct RawProceeds {
    #[serde(default)]
    breakdowns: Vec<RawBreakdown>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBreakdown {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    subtotal: Option<RawMoney>,
    #[serde(default)]
    detailed_breakdowns: Vec<RawDetail>,
}

#[derive(Deserialize)]
struct RawDetail {
    #[serde(default)]
    subtype: String,
    #[serde(default)]
    value: Option<RawMoney>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMoney {
    amount: Value,
    currency_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCancellation {
    #[serde(default)]
    cancellation_execution: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLineFulfillment {
    #[serde(default)]
    quantity_fulfilled: i64,
}

/// Reads an order; `None` where it is not paid for yet and tells no amounts:
/// Amazon changes it once it is.
pub(super) fn order(value: &Value) -> Result<Option<OrderRecord>, ItemFault> {
    let id = value["orderId"].as_str();
    let raw = RawOrder::deserialize(value)
        .map_err(|_| fault(id, "malformed_record", "it is not of the form agreed"))?;
    let status = raw
        .fulfillment
        .as_ref()
        .map(|fulfillment| fulfillment.fulfillment_status.as_str())
        .unwrap_or_default();
    let cancelled = status == "CANCELLED";
    let pending = status.starts_with("PENDING");
    let mut lines = Vec::with_capacity(raw.order_items.len());
    for line in &raw.order_items {
        let amount = line
            .amount()
            .map_err(|why| fault(id, "amount_unreadable", &why))?;
        let amount = match amount {
            Some(amount) => amount,
            None if pending => return Ok(None),
            // Nothing was bought, nothing is paid.
            None if cancelled || line.quantity_ordered == 0 => continue,
            None => return Err(fault(id, "amount_missing", "a line tells no amount")),
        };
        lines.push(line.read(amount));
    }
    Ok(Some(OrderRecord {
        external_id: raw.order_id,
        placed_at: raw.created_time,
        updated_at: Some(raw.last_updated_time),
        cancelled,
        lines,
    }))
}

impl RawLine {
    /// What the units cost with discounts on them taken off; from the unit's
    /// price where the order tells no proceeds.
    fn amount(&self) -> Result<Option<Money>, String> {
        let breakdowns = self
            .proceeds
            .iter()
            .flat_map(|proceeds| &proceeds.breakdowns);
        let mut sum: Option<Money> = None;
        let mut discount = 0_i64;
        for breakdown in breakdowns {
            match (breakdown.kind.as_str(), &breakdown.subtotal) {
                ("ITEM", Some(subtotal)) => {
                    let item = subtotal.read()?;
                    let before = sum.map_or(0, |sum| sum.amount_minor);
                    sum = Some(Money::new(
                        before.saturating_add(item.amount_minor),
                        item.currency,
                    ));
                }
                ("DISCOUNT", _) => discount = discount.saturating_add(breakdown.discount()?),
                _ => {}
            }
        }
        if let Some(sum) = sum {
            let amount = sum.amount_minor.saturating_sub(discount).max(0);
            return Ok(Some(Money::new(amount, sum.currency)));
        }
        let unit = self
            .product
            .price
            .as_ref()
            .and_then(|price| price.unit_price.as_ref());
        let Some(unit) = unit else { return Ok(None) };
        let unit = unit.read()?;
        let amount = unit.amount_minor.saturating_mul(self.quantity_ordered);
        Ok(Some(Money::new(amount, unit.currency)))
    }

    fn read(&self, amount: Money) -> OrderLine {
        let sku = self.product.seller_sku.as_deref().and_then(filled);
        let called_off = self
            .cancellation
            .as_ref()
            .is_some_and(|cancellation| cancellation.cancellation_execution.is_some());
        let sent = self
            .fulfillment
            .as_ref()
            .map_or(0, |fulfillment| fulfillment.quantity_fulfilled);
        let refunded_quantity = if called_off {
            self.quantity_ordered
                .saturating_sub(sent)
                .clamp(0, self.quantity_ordered.max(0))
        } else {
            0
        };
        let refunded = share(
            amount.amount_minor,
            refunded_quantity,
            self.quantity_ordered,
        );
        OrderLine {
            external_id: self.order_item_id.clone(),
            listing_external_id: sku.clone(),
            sku,
            quantity: self.quantity_ordered,
            refunded_quantity,
            amount,
            refunded: Money::new(refunded, amount.currency),
        }
    }
}

impl RawBreakdown {
    /// What is taken off the goods, not off their carriage; written with or
    /// without a minus.
    fn discount(&self) -> Result<i64, String> {
        if self.detailed_breakdowns.is_empty() {
            return self.subtotal.as_ref().map_or(Ok(0), |subtotal| {
                Ok(subtotal.read()?.amount_minor.saturating_abs())
            });
        }
        self.detailed_breakdowns
            .iter()
            .filter(|detail| matches!(detail.subtype.as_str(), "ITEM" | "DISCOUNT"))
            .filter_map(|detail| detail.value.as_ref())
            .try_fold(0_i64, |sum, value| {
                Ok(sum.saturating_add(value.read()?.amount_minor.saturating_abs()))
            })
    }
}

impl RawMoney {
    fn read(&self) -> Result<Money, String> {
        let currency: Currency = self
            .currency_code
            .parse()
            .map_err(|error: calibr_model::MoneyError| error.to_string())?;
        let text = decimal(&self.amount).unwrap_or_default();
        Money::parse_decimal(&text, currency).map_err(|error| error.to_string())
    }
}

/// Carries nothing of the order but its id: an answer would hold the buyer's
/// data if ever Amazon sent any.
fn fault(id: Option<&str>, code: &'static str, why: &str) -> ItemFault {
    ItemFault {
        external_id: id.map(str::to_owned),
        label: id.map(|id| format!("Order {id}")),
        ..ItemFault::new(
            FailureKind::Order,
            code,
            format!(
                "Amazon sent an order that cannot be read: {why}. Retry it; it is also looked at \
                 again when it changes."
            ),
            FailureClass::Retryable,
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn euros(amount: &str) -> Value {
        json!({ "amount": amount, "currencyCode": "EUR" })
    }

    fn an_order(status: &str, line: Value) -> Value {
        let mut whole =
            json!({ "orderItemId": "1", "quantityOrdered": 3, "product": { "sellerSku": "S-1" } });
        for (key, value) in line.as_object().unwrap() {
            whole[key] = value.clone();
        }
        json!({ "orderId": "306-1", "createdTime": "2026-07-01T12:00:00Z",
            "lastUpdatedTime": "2026-07-02T12:00:00Z", "salesChannel": { "channelName": "AMAZON" },
            "fulfillment": { "fulfillmentStatus": status }, "orderItems": [whole] })
    }

    fn line(status: &str, value: Value) -> OrderLine {
        order(&an_order(status, value))
            .unwrap()
            .unwrap()
            .lines
            .remove(0)
    }

    #[test]
    fn a_line_is_its_goods_less_the_discount_on_them() {
        let line = line(
            "SHIPPED",
            json!({ "proceeds": { "proceedsTotal": euros("36.00"), "breakdowns": [
                { "type": "ITEM", "subtotal": euros("30.00") },
                { "type": "SHIPPING", "subtotal": euros("5.00") },
                { "type": "TAX", "subtotal": euros("4.00") },
                { "type": "DISCOUNT", "subtotal": euros("-3.00"), "detailedBreakdowns": [
                    { "subtype": "ITEM", "value": euros("-2.50") },
                    { "subtype": "SHIPPING", "value": euros("-0.50") } ] },
            ] } }),
        );
        assert_eq!(
            (line.amount.amount_minor, line.refunded.amount_minor),
            (2750, 0)
        );
        assert_eq!(line.listing_external_id.as_deref(), Some("S-1"));
        assert_eq!((line.quantity, line.refunded_quantity), (3, 0));
    }

    #[test]
    fn units_that_were_called_off_are_taken_off() {
        let called_off = line(
            "PARTIALLY_SHIPPED",
            json!({ "product": { "price": { "unitPrice": euros("10.00") } },
                "cancellation": { "cancellationExecution": { "cancelledBy": "BUYER" } },
                "fulfillment": { "quantityFulfilled": 1, "quantityUnfulfilled": 0 } }),
        );
        assert_eq!(called_off.amount.amount_minor, 3000);
        assert_eq!(
            (
                called_off.refunded_quantity,
                called_off.refunded.amount_minor
            ),
            (2, 2000)
        );
        let asked_only = line(
            "UNSHIPPED",
            json!({ "product": { "price": { "unitPrice": euros("10.00") } },
                "cancellation": { "cancellationRequest": { "requester": "BUYER" } } }),
        );
        assert_eq!(asked_only.refunded_quantity, 0);
    }

    #[test]
    fn orders_that_tell_no_amount_wait_or_are_faults() {
        assert_eq!(order(&an_order("PENDING", json!({}))), Ok(None));
        let cancelled = order(&an_order("CANCELLED", json!({}))).unwrap().unwrap();
        assert!(cancelled.cancelled && cancelled.lines.is_empty());
        let missing = order(&an_order("SHIPPED", json!({}))).unwrap_err();
        assert_eq!(missing.code, "amount_missing");
        assert_eq!(missing.external_id.as_deref(), Some("306-1"));
        let price = json!({ "product": { "price": { "unitPrice": euros("1,0") } } });
        assert_eq!(
            order(&an_order("SHIPPED", price)).unwrap_err().code,
            "amount_unreadable"
        );
        assert_eq!(order(&json!({})).unwrap_err().code, "malformed_record");
    }

    proptest! {
        #[test]
        fn no_order_panics(amount in "-?[0-9]{0,22}\\.?[0-9]{0,3}", quantity: i64, sent: i64, kind in "ITEM|DISCOUNT|X") {
            let value = an_order("SHIPPED", json!({ "quantityOrdered": quantity,
                "proceeds": { "breakdowns": [{ "type": kind, "subtotal": euros(&amount) }] },
                "cancellation": { "cancellationExecution": {} },
                "fulfillment": { "quantityFulfilled": sent } }));
            let _read = order(&value);
        }
    }
}
