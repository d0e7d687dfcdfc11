//! Orders: made up from a seed, placed and refunded on demand, and written as the API writes them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::decimal;
use super::goods::{gmt, is_simple, local};
use super::ids::{product_id, variation_id};
use super::store::{Goods, StoreSettings};
use crate::dice::Dice;

/// The days that generated orders are spread over.
const DAYS: u64 = 90;
/// Ids of orders are far from those of products; WordPress counts both with one counter, but a
/// simulator's store never runs long enough to tell.
const FIRST_ID: u64 = 5_000_001;

/// An order. Amounts are in minor units, times seconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) status: String,
    pub(crate) currency: String,
    pub(crate) placed_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) lines: Vec<Line>,
    pub(crate) refunds: Vec<Refund>,
}

/// A line of an order.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) product: u64,
    /// 0 for a simple product.
    pub(crate) variation: u64,
    pub(crate) name: String,
    pub(crate) sku: Option<String>,
    pub(crate) quantity: i64,
    /// Without tax.
    pub(crate) total: i64,
    pub(crate) tax: i64,
}

/// Something paid back.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: u64,
    pub(crate) placed_at: i64,
    /// Tax included.
    pub(crate) amount: i64,
    pub(crate) lines: Vec<RefundedLine>,
}

/// What of a line was given back.
#[derive(Clone, Debug)]
pub(crate) struct RefundedLine {
    pub(crate) id: u64,
    pub(crate) of_line: u64,
    pub(crate) quantity: i64,
    pub(crate) total: i64,
    pub(crate) tax: i64,
}

/// What is bought: a variant's key, and how many.
pub(crate) type Bought = (u32, i64);

/// The orders of a store, oldest first.
#[derive(Debug)]
pub(crate) struct Orders {
    list: Vec<Order>,
    next_id: u64,
}

impl Orders {
    /// The orders that the time before `now` brought.
    pub(crate) fn generated(settings: &StoreSettings, goods: &Goods, now: DateTime<Utc>) -> Self {
        let mut orders = Self {
            list: Vec::new(),
            next_id: FIRST_ID,
        };
        let variants = u64::from(goods.catalogue.variants_count());
        if variants == 0 {
            return orders;
        }
        let mut times: Vec<i64> = (0..settings.orders)
            .map(|place| {
                let mut dice = Dice::of(settings.seed ^ 0x0DE5, u64::from(place));
                now.timestamp() - dice.below(DAYS * 86_400) as i64
            })
            .collect();
        times.sort_unstable();
        for (place, at) in times.into_iter().enumerate() {
            let mut dice = Dice::of(settings.seed ^ 0x11E5, place as u64);
            let bought: Vec<Bought> = (0..=dice.below(3))
                .map(|_| {
                    (
                        u32::try_from(dice.below(variants)).unwrap_or(0),
                        1 + dice.below(3) as i64,
                    )
                })
                .collect();
            let status = match dice.below(20) {
                0 => "cancelled",
                1 => "pending",
                2 => "on-hold",
                3..=5 => "processing",
                _ => "completed",
            };
            let id = orders.place(settings, goods, &bought, status, at);
            if let Some(id) = id.filter(|_| status == "completed" && dice.percent(8)) {
                orders.refund(id, None, Some(1), at + 3_600);
            }
        }
        orders
    }

    /// Places an order; `None` where nothing that is sold was bought.
    pub(crate) fn place(
        &mut self,
        settings: &StoreSettings,
        goods: &Goods,
        bought: &[Bought],
        status: &str,
        at: i64,
    ) -> Option<u64> {
        let id = self.take_id();
        let lines: Vec<Line> = bought
            .iter()
            .filter_map(|&(key, quantity)| self.line(settings, goods, key, quantity))
            .collect();
        if lines.is_empty() {
            return None;
        }
        self.list.push(Order {
            id,
            status: status.to_owned(),
            currency: settings.currency.clone(),
            placed_at: at,
            updated_at: at,
            lines,
            refunds: Vec::new(),
        });
        Some(id)
    }

    fn line(
        &mut self,
        settings: &StoreSettings,
        goods: &Goods,
        key: u32,
        quantity: i64,
    ) -> Option<Line> {
        let (product, place) = goods.catalogue.variant(key)?;
        let variant = &product.variants[place];
        let price = decimal::value(goods.prices_of(variant, settings).current())?;
        let scale = 10_f64.powi(i32::try_from(settings.currency_decimals).unwrap_or(2));
        let entered = (price * scale).round() as i64 * quantity;
        let percent = i64::from(settings.tax_percent);
        let (total, tax) = if settings.prices_include_tax {
            let net = (entered * 100 + (100 + percent) / 2) / (100 + percent);
            (net, entered - net)
        } else {
            (entered, (entered * percent + 50) / 100)
        };
        Some(Line {
            id: self.take_id(),
            product: product_id(product.key),
            variation: if is_simple(&product) {
                0
            } else {
                variation_id(key)
            },
            name: product.title.clone(),
            sku: variant.sku.clone(),
            quantity,
            total,
            tax,
        })
    }

    /// Refunds `units` of one line (or of the first), or all that is left where neither is
    /// said: then as WooCommerce does it by itself, one sum without lines. False if there is no
    /// such order.
    pub(crate) fn refund(
        &mut self,
        id: u64,
        line: Option<u64>,
        units: Option<i64>,
        at: i64,
    ) -> bool {
        let refund_id = self.take_id();
        let line_id = self.take_id();
        let Some(order) = self.list.iter_mut().find(|order| order.id == id) else {
            return false;
        };
        let refunded: i64 = order.refunds.iter().map(|refund| refund.amount).sum();
        let bought = match line {
            Some(line) => order.lines.iter().find(|known| known.id == line),
            None => order.lines.first(),
        };
        let refund = match (units, bought) {
            (Some(units), Some(bought)) => {
                let part = |whole: i64| whole * units / bought.quantity.max(1);
                let (total, tax) = (part(bought.total), part(bought.tax));
                Refund {
                    id: refund_id,
                    placed_at: at,
                    amount: total + tax,
                    lines: vec![RefundedLine {
                        id: line_id,
                        of_line: bought.id,
                        quantity: units,
                        total,
                        tax,
                    }],
                }
            }
            _ => {
                order.status = "refunded".to_owned();
                Refund {
                    id: refund_id,
                    placed_at: at,
                    amount: order.total() - refunded,
                    lines: Vec::new(),
                }
            }
        };
        order.refunds.push(refund);
        order.updated_at = at;
        true
    }

    /// Gives an order another status; false if there is none.
    pub(crate) fn set_status(&mut self, id: u64, status: &str, at: i64) -> bool {
        let Some(order) = self.list.iter_mut().find(|order| order.id == id) else {
            return false;
        };
        order.status = status.to_owned();
        order.updated_at = at;
        true
    }

    pub(crate) fn list(&self) -> &[Order] {
        &self.list
    }

    pub(crate) fn find(&self, id: u64) -> Option<&Order> {
        self.list.iter().find(|order| order.id == id)
    }

    fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }
}

impl Order {
    /// What was paid, tax included.
    pub(crate) fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.total + line.tax).sum()
    }

    /// As the API writes it, `decimals` digits after the points. The buyer is made up, and there
    /// so that a client can show that it does not ask for one.
    pub(crate) fn json(&self, settings: &StoreSettings, decimals: u32) -> Value {
        let write = |minor: i64| rounded(minor, settings.currency_decimals, decimals);
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "id": line.id,
                    "name": line.name,
                    "product_id": line.product,
                    "variation_id": line.variation,
                    "quantity": line.quantity,
                    "tax_class": "",
                    "subtotal": write(line.total),
                    "subtotal_tax": write(line.tax),
                    "total": write(line.total),
                    "total_tax": write(line.tax),
                    "sku": line.sku.clone().unwrap_or_default(),
                    "meta_data": [{ "id": 1, "key": "Engraving", "value": "For Jane Doe" }],
                })
            })
            .collect();
        let refunds: Vec<Value> = self
            .refunds
            .iter()
            .map(|refund| {
                json!({ "id": refund.id, "reason": "Jane Doe changed her mind",
                    "total": write(-refund.amount) })
            })
            .collect();
        json!({
            "id": self.id,
            "parent_id": 0,
            "status": self.status,
            "currency": self.currency,
            "prices_include_tax": settings.prices_include_tax,
            "date_created": local(self.placed_at, settings),
            "date_created_gmt": gmt(self.placed_at),
            "date_modified": local(self.updated_at, settings),
            "date_modified_gmt": gmt(self.updated_at),
            "total": write(self.total()),
            "total_tax": write(self.lines.iter().map(|line| line.tax).sum()),
            "customer_id": 0,
            "billing": { "first_name": "Jane", "last_name": "Doe", "address_1": "1 Made Up Street",
                "email": "jane@doe.example", "phone": "555-0100" },
            "shipping": { "first_name": "Jane", "last_name": "Doe" },
            "line_items": lines,
            "refunds": refunds,
        })
    }

    /// Its refunds as the API writes them.
    pub(crate) fn refunds_json(&self, settings: &StoreSettings, decimals: u32) -> Vec<Value> {
        let write = |minor: i64| rounded(minor, settings.currency_decimals, decimals);
        self.refunds
            .iter()
            .map(|refund| {
                let lines: Vec<Value> = refund
                    .lines
                    .iter()
                    .filter_map(|refunded| {
                        let line = self.lines.iter().find(|line| line.id == refunded.of_line)?;
                        Some(json!({
                            "id": refunded.id,
                            "product_id": line.product,
                            "variation_id": line.variation,
                            "quantity": -refunded.quantity,
                            "total": write(-refunded.total),
                            "total_tax": write(-refunded.tax),
                            "meta_data": [{ "id": 1, "key": "_refunded_item_id",
                                "value": refunded.of_line.to_string() }],
                        }))
                    })
                    .collect();
                json!({
                    "id": refund.id,
                    "date_created_gmt": gmt(refund.placed_at),
                    "amount": write(refund.amount),
                    "reason": "Jane Doe changed her mind",
                    "refunded_by": 1,
                    "line_items": lines,
                })
            })
            .collect()
    }
}

/// Minor units written with another number of decimals, rounded half up.
fn rounded(minor: i64, kept: u32, decimals: u32) -> String {
    if decimals >= kept {
        let scale = 10_i64.pow(decimals - kept);
        return decimal::write(minor * scale, decimals);
    }
    let scale = 10_i64.pow(kept - decimals);
    let half = if minor < 0 { -scale / 2 } else { scale / 2 };
    decimal::write((minor + half) / scale, decimals)
}
