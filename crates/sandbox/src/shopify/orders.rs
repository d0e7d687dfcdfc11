//! Orders: made up from a seed, placed, refunded, edited and cancelled on demand.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{gid, variant_key};
use super::shop::ShopSettings;
use crate::catalogue::Catalogue;
use crate::dice::Dice;
use crate::error::{Error, Result};
use crate::money;

/// The days that generated orders are spread over.
const DAYS: u64 = 90;
/// Without `read_all_orders` an app sees no older ones.
pub(crate) const READABLE: TimeDelta = TimeDelta::days(60);
const FIRST_ORDER: u64 = 5_600_000_000_001;
const FIRST_LINE: u64 = 14_000_000_000_001;
const FIRST_REFUND: u64 = 900_000_000_001;
/// What is charged for carriage, in minor units.
const CARRIAGE: i64 = 490;

/// An order. Amounts are in minor units, times seconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) placed_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) cancelled_at: Option<i64>,
    pub(crate) test: bool,
    pub(crate) carriage: i64,
    pub(crate) lines: Vec<Line>,
    pub(crate) refunds: Vec<Refund>,
}

/// A line of an order.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) variant: u32,
    pub(crate) title: String,
    pub(crate) sku: Option<String>,
    pub(crate) quantity: i64,
    /// Units that were taken off or given back since.
    pub(crate) removed: i64,
    /// Price of a unit when it was bought.
    pub(crate) unit: i64,
    /// What the order's discounts take off the whole line, one by one.
    pub(crate) discounts: Vec<i64>,
}

/// Something paid back.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) number: u64,
    pub(crate) placed_at: i64,
    pub(crate) amount: i64,
    pub(crate) lines: Vec<RefundedLine>,
}

/// What of a line was given back.
#[derive(Clone, Debug)]
pub(crate) struct RefundedLine {
    pub(crate) line: u64,
    pub(crate) quantity: i64,
    pub(crate) subtotal: i64,
}

impl Line {
    pub(crate) fn original_total(&self) -> i64 {
        self.unit * self.quantity
    }

    /// What was to be paid for it.
    pub(crate) fn total(&self) -> i64 {
        self.original_total() - self.discounts.iter().sum::<i64>()
    }

    pub(crate) fn current_quantity(&self) -> i64 {
        self.quantity - self.removed
    }
}

impl Order {
    pub(crate) fn id(&self) -> String {
        gid("Order", self.number)
    }

    /// What was to be paid, carriage included.
    pub(crate) fn total(&self) -> i64 {
        self.lines.iter().map(Line::total).sum::<i64>() + self.carriage
    }

    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }
}

/// An order that a customer places.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewOrder {
    /// What is bought.
    pub lines: Vec<NewOrderLine>,
    /// Whether a test gateway is paid.
    pub test: bool,
}

/// A line of an order that is placed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrderLine {
    /// The variant by global id or number; or else by `sku`.
    #[serde(default)]
    pub variant: Option<String>,
    /// The variant by its stock-keeping unit, the first that has it.
    #[serde(default)]
    pub sku: Option<String>,
    /// How many.
    pub quantity: u32,
    /// What is taken off the line, a decimal string.
    #[serde(default)]
    pub discount: Option<String>,
}

/// What is done to an order. Lines are named by their place, from 0; amounts are decimal strings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum OrderChange {
    /// It is cancelled as a whole; nothing is paid back.
    Cancel,
    /// Units of a line are given back and paid back; all that is left, carriage included, where
    /// no line is named.
    Refund {
        /// Which line.
        #[serde(default)]
        line: Option<usize>,
        /// How many units; all that are left if not said.
        #[serde(default)]
        units: Option<u32>,
    },
    /// A sum is paid back, of no line.
    RefundSum {
        /// How much.
        amount: String,
    },
    /// Units of a line are taken off before they are paid.
    Edit {
        /// Which line.
        line: usize,
        /// How many units.
        units: u32,
    },
}

/// The orders of a shop.
#[derive(Debug)]
pub(crate) struct Orders {
    list: Vec<Arc<Order>>,
    next_order: u64,
    next_line: u64,
    next_refund: u64,
}

impl Orders {
    /// The orders that the time before `now` brought.
    pub(crate) fn generated(
        settings: &ShopSettings,
        catalogue: &Catalogue,
        now: DateTime<Utc>,
    ) -> Self {
        let mut orders = Self {
            list: Vec::new(),
            next_order: FIRST_ORDER,
            next_line: FIRST_LINE,
            next_refund: FIRST_REFUND,
        };
        let variants = u64::from(catalogue.variants_count());
        if variants == 0 {
            return orders;
        }
        let mut times: Vec<i64> = (0..settings.orders)
            .map(|place| {
                let mut dice = Dice::of(settings.seed ^ 0x0DE5, u64::from(place));
                now.timestamp() - 7_200 - dice.below(DAYS * 86_400) as i64
            })
            .collect();
        times.sort_unstable();
        for (place, at) in times.into_iter().enumerate() {
            let mut dice = Dice::of(settings.seed ^ 0x11E5, place as u64);
            // Now and then somebody buys for a whole company.
            let kinds = if dice.percent(3) {
                25
            } else {
                1 + dice.below(3)
            };
            let bought = (0..kinds).map(|_| {
                let key = u32::try_from(dice.below(variants)).unwrap_or(0);
                let discount = if dice.percent(10) { 100 } else { 0 };
                (key, 1 + dice.below(3) as i64, discount)
            });
            let bought: Vec<_> = bought.collect();
            let Some(order) = orders.place(catalogue, &bought, dice.percent(2), at) else {
                continue;
            };
            let number = order.number;
            let change = match dice.below(20) {
                0 => OrderChange::Cancel,
                1 => OrderChange::Refund {
                    line: Some(0),
                    units: Some(1),
                },
                2 => OrderChange::Refund {
                    line: None,
                    units: None,
                },
                _ => continue,
            };
            // A generated order has a first line with a unit.
            orders
                .change(number, &change, &settings.currency, at + 3_600)
                .ok();
        }
        orders
    }

    /// The order that names its variants as a client would.
    pub(crate) fn place_new(
        &mut self,
        catalogue: &Catalogue,
        new: &NewOrder,
        currency: &str,
        at: i64,
    ) -> Result<Arc<Order>> {
        let bought = new
            .lines
            .iter()
            .map(|line| {
                let discount = line.discount.as_deref().unwrap_or("0");
                let discount = money::read(discount, currency)
                    .ok_or_else(|| Error::InvalidAmount(discount.to_owned()))?;
                Ok((
                    variant_of(catalogue, line)?,
                    i64::from(line.quantity),
                    discount,
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        self.place(catalogue, &bought, new.test, at)
            .ok_or_else(|| Error::UnknownVariant("of the order".to_owned()))
    }

    /// Places an order of variants, numbers of units and discounts; `None` where nothing that is
    /// sold was bought.
    fn place(
        &mut self,
        catalogue: &Catalogue,
        bought: &[(u32, i64, i64)],
        test: bool,
        at: i64,
    ) -> Option<Arc<Order>> {
        let mut lines = Vec::new();
        for &(key, quantity, discount) in bought {
            let Some((product, place)) = catalogue.variant(key) else {
                continue;
            };
            let variant = &product.variants[place];
            let most = variant.price * quantity;
            lines.push(Line {
                number: take(&mut self.next_line),
                variant: key,
                title: product.title.clone(),
                sku: variant.sku.clone(),
                quantity,
                removed: 0,
                unit: variant.price,
                discounts: Some(discount.min(most))
                    .filter(|off| *off > 0)
                    .into_iter()
                    .collect(),
            });
        }
        if lines.is_empty() {
            return None;
        }
        let order = Arc::new(Order {
            number: take(&mut self.next_order),
            placed_at: at,
            updated_at: at,
            cancelled_at: None,
            test,
            carriage: CARRIAGE,
            lines,
            refunds: Vec::new(),
        });
        self.list.push(Arc::clone(&order));
        Some(order)
    }

    /// Changes an order.
    pub(crate) fn change(
        &mut self,
        number: u64,
        change: &OrderChange,
        currency: &str,
        at: i64,
    ) -> Result<Arc<Order>> {
        let unknown = || Error::UnknownOrder(number.to_string());
        let order = self.list.iter_mut().find(|order| order.number == number);
        let shared = order.ok_or_else(unknown)?;
        let order = Arc::make_mut(shared);
        let left = order.total() - order.refunded();
        let refund = match change {
            OrderChange::Cancel => {
                order.cancelled_at = Some(at);
                for line in &mut order.lines {
                    line.removed = line.quantity;
                }
                None
            }
            OrderChange::Edit { line, units } => {
                let line = order.lines.get_mut(*line).ok_or_else(unknown)?;
                line.removed += i64::from(*units).min(line.current_quantity());
                None
            }
            OrderChange::RefundSum { amount } => {
                let sum = money::read(amount, currency)
                    .ok_or_else(|| Error::InvalidAmount(amount.clone()))?;
                Some((sum.min(left), Vec::new()))
            }
            OrderChange::Refund {
                line: Some(line),
                units,
            } => {
                let line = order.lines.get_mut(*line).ok_or_else(unknown)?;
                let given = line.give_back(units.map(i64::from));
                Some((given.subtotal, vec![given]))
            }
            OrderChange::Refund { line: None, .. } => {
                let lines = order.lines.iter_mut().map(|line| line.give_back(None));
                Some((left, lines.filter(|line| line.quantity > 0).collect()))
            }
        };
        if let Some((amount, lines)) = refund {
            order.refunds.push(Refund {
                number: take(&mut self.next_refund),
                placed_at: at,
                amount,
                lines,
            });
        }
        order.updated_at = at;
        Ok(Arc::clone(shared))
    }

    pub(crate) fn list(&self) -> &[Arc<Order>] {
        &self.list
    }

    pub(crate) fn find(&self, number: u64) -> Option<Arc<Order>> {
        let mut orders = self.list.iter();
        orders.find(|order| order.number == number).cloned()
    }
}

impl Line {
    /// Gives units back, or all that are left.
    fn give_back(&mut self, units: Option<i64>) -> RefundedLine {
        let left = self.current_quantity();
        let quantity = units.unwrap_or(left).min(left);
        self.removed += quantity;
        RefundedLine {
            line: self.number,
            quantity,
            subtotal: self.total() * quantity / self.quantity.max(1),
        }
    }
}

fn variant_of(catalogue: &Catalogue, line: &NewOrderLine) -> Result<u32> {
    let named = line.variant.as_deref().or(line.sku.as_deref());
    let unknown = || Error::UnknownVariant(named.unwrap_or_default().to_owned());
    if let Some(id) = &line.variant {
        let key = variant_key(id).filter(|key| catalogue.variant(*key).is_some());
        return key.ok_or_else(unknown);
    }
    let mut variants = catalogue
        .keys_from(0)
        .filter_map(|key| catalogue.product(key))
        .flat_map(|product| {
            let variants = product.variants.iter();
            let skus: Vec<_> = variants
                .map(|known| (known.key, known.sku.clone()))
                .collect();
            skus
        });
    variants
        .find(|(_, sku)| line.sku.is_some() && *sku == line.sku)
        .map(|(key, _)| key)
        .ok_or_else(unknown)
}

fn take(next: &mut u64) -> u64 {
    let number = *next;
    *next += 1;
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::Specification;

    const NOW: i64 = 1_790_000_000;

    fn catalogue() -> Catalogue {
        Catalogue::new(Specification {
            seed: 1,
            variants: 50,
            oddities: false,
            made_at: now(),
        })
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }

    fn generated(orders: u32) -> Orders {
        let settings = ShopSettings {
            orders,
            ..ShopSettings::new("acme.myshopify.com")
        };
        Orders::generated(&settings, &catalogue(), now())
    }

    #[test]
    fn the_same_seed_brings_the_same_orders_with_all_that_happens_to_orders() {
        let (first, again) = (generated(200), generated(200));
        let written = |orders: &Orders| format!("{:?}", orders.list);
        assert_eq!(written(&first), written(&again));
        let any = |holds: &dyn Fn(&Order) -> bool| first.list.iter().any(|order| holds(order));
        assert!(any(&|order| order.cancelled_at.is_some()));
        assert!(any(&|order| order.test));
        assert!(any(&|order| !order.refunds.is_empty()));
        assert!(any(&|order| order.lines.len() > 10));
        assert!(any(
            &|order| now().timestamp() - order.placed_at > READABLE.num_seconds()
        ));
        assert!(first.list.iter().all(|order| order.updated_at <= NOW));
    }

    #[test]
    fn what_is_given_back_adds_up() {
        let mut orders = generated(0);
        let order = orders
            .place(&catalogue(), &[(0, 3, 100), (1, 1, 0)], false, NOW)
            .unwrap();
        let refund = |line, units| OrderChange::Refund { line, units };
        let mut change = |change| {
            let order = orders
                .change(order.number, &change, "EUR", NOW + 60)
                .unwrap();
            (order.refunded(), order.lines[0].current_quantity())
        };
        let third = order.lines[0].total() / 3;
        assert_eq!(change(refund(Some(0), Some(1))), (third, 2));
        let sum = OrderChange::RefundSum {
            amount: "1.00".to_owned(),
        };
        assert_eq!(change(sum), (third + 100, 2));
        assert_eq!(change(refund(None, None)), (order.total(), 0));
        assert!(orders.change(1, &OrderChange::Cancel, "EUR", NOW).is_err());
    }
}
