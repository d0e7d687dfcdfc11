//! Orders: generated for the ninety days before, placed, sent and called off.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Amazon;
use super::exchange::{Asked, Call, error, invalid, missing, serve};
use super::goods::{Goods, Listing};
use super::listings::{offset, time, token};
use super::seller::{Seller, SellerSettings, count};
use crate::dice::Dice;
use crate::error::{Error, Result};
use crate::lock::lock;
use crate::money;

const DAY: i64 = 86_400;

/// An order to be placed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NewOrder {
    /// What is bought.
    pub lines: Vec<NewOrderLine>,
    /// Not paid for yet: Amazon tells no amounts.
    #[serde(default)]
    pub pending: bool,
}

/// A line of an order to be placed, at the listing's present price.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NewOrderLine {
    /// Which listing.
    pub sku: String,
    /// How many units.
    pub quantity: i64,
    /// Decimal string that is taken off the line.
    #[serde(default)]
    pub discount: Option<String>,
}

/// Something that happens to an order.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum OrderStep {
    /// It is paid for; amounts are told from now on.
    Pay,
    /// Everything that was not called off is sent.
    Ship,
    /// It is called off, whole or one line of it (counted from 0).
    Cancel {
        /// Which line; all if `None`.
        #[serde(default)]
        line: Option<usize>,
    },
}

/// The orders of a seller, in the order of their placing.
#[derive(Debug, Default)]
pub(super) struct Orders {
    orders: Vec<Order>,
}

#[derive(Clone, Debug)]
struct Order {
    number: u64,
    created_at: i64,
    updated_at: i64,
    status: &'static str,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    sku: String,
    asin: Option<String>,
    title: String,
    quantity: i64,
    unit: i64,
    discount: i64,
    cancelled: bool,
}

impl Order {
    fn id(&self) -> String {
        format!(
            "306-{:07}-{:07}",
            self.number / 10_000_000 + 1,
            self.number % 10_000_000
        )
    }
}

impl Line {
    fn of(listing: &Listing, quantity: i64, discount: i64) -> Self {
        Self {
            sku: listing.sku.clone(),
            asin: listing.asin.clone(),
            title: listing.title.clone(),
            quantity,
            unit: listing.price.unwrap_or_default(),
            discount,
            cancelled: false,
        }
    }
}

impl Orders {
    /// The orders of the ninety days before `made_at`.
    pub(super) fn generate(
        settings: &SellerSettings,
        goods: &Goods,
        made_at: DateTime<Utc>,
    ) -> Self {
        let mut listings = goods.all();
        listings.retain(|listing| listing.buyable && listing.price.is_some_and(|price| price > 0));
        if listings.is_empty() {
            return Self::default();
        }
        let mut dice = Dice::of(settings.seed, 0x0DE5);
        let mut times: Vec<i64> = (0..settings.orders)
            .map(|_| made_at.timestamp() - dice.below(90 * DAY as u64) as i64)
            .collect();
        times.sort_unstable();
        let order = |(number, created_at): (usize, i64)| {
            let mut lines: Vec<Line> = Vec::new();
            for _ in 0..1 + dice.below(3) {
                let listing = dice.pick(&listings);
                if lines.iter().all(|line| line.sku != listing.sku) {
                    lines.push(Line::of(listing, 1 + dice.below(3) as i64, 0));
                }
            }
            let status = if dice.percent(4) {
                "CANCELLED"
            } else {
                "SHIPPED"
            };
            for line in &mut lines {
                line.cancelled = status == "CANCELLED";
            }
            Order {
                number: number as u64,
                created_at,
                updated_at: created_at + 3_600,
                status,
                lines,
            }
        };
        Self {
            orders: times.into_iter().enumerate().map(order).collect(),
        }
    }

    /// Places an order; gives its id.
    pub(super) fn place(
        &mut self,
        new: NewOrder,
        goods: &Goods,
        currency: &str,
        now: i64,
    ) -> Result<String> {
        let lines = new
            .lines
            .into_iter()
            .map(|line| {
                let listing = goods
                    .get(&line.sku)
                    .ok_or(Error::UnknownListing(line.sku))?;
                let discount = line.discount.map_or(Ok(0), |text| {
                    money::read(&text, currency).ok_or(Error::InvalidAmount(text))
                })?;
                Ok(Line::of(&listing, line.quantity, discount))
            })
            .collect::<Result<Vec<_>>>()?;
        let order = Order {
            number: self.orders.len() as u64,
            created_at: now,
            updated_at: now,
            status: if new.pending { "PENDING" } else { "UNSHIPPED" },
            lines,
        };
        let id = order.id();
        self.orders.push(order);
        Ok(id)
    }

    /// Lets something happen to an order.
    pub(super) fn step(&mut self, id: &str, step: &OrderStep, now: i64) -> Result<()> {
        let order = self
            .orders
            .iter_mut()
            .find(|order| order.id() == id)
            .ok_or_else(|| Error::UnknownOrder(id.to_owned()))?;
        order.updated_at = now;
        match step {
            OrderStep::Pay => order.status = "UNSHIPPED",
            OrderStep::Ship => order.status = "SHIPPED",
            OrderStep::Cancel { line } => {
                for (place, known) in order.lines.iter_mut().enumerate() {
                    known.cancelled |= line.is_none_or(|line| line == place);
                }
                if order.lines.iter().all(|line| line.cancelled) {
                    order.status = "CANCELLED";
                }
            }
        }
        Ok(())
    }
}

fn written(seller: &Seller, order: &Order, included: &[&str]) -> Value {
    let settings = &seller.settings;
    let has = |name: &str| included.contains(&name);
    let paid = !order.status.starts_with("PENDING");
    let items: Vec<Value> = order
        .lines
        .iter()
        .enumerate()
        .map(|(place, line)| item(settings, order, line, place, included))
        .collect();
    let mut answer = json!({
        "orderId": order.id(),
        "createdTime": time(order.created_at),
        "lastUpdatedTime": time(order.updated_at),
        "programs": [],
        "salesChannel": { "channelName": "AMAZON", "marketplaceId": settings.marketplace_id,
            "marketplaceName": settings.domain },
        "orderItems": items,
    });
    if has("PROCEEDS") && paid {
        let total = order
            .lines
            .iter()
            .map(|line| line.unit * line.quantity - line.discount);
        answer["proceeds"] = json!({ "grandTotal": amount(settings, total.sum()) });
    }
    if has("FULFILLMENT") {
        answer["fulfillment"] =
            json!({ "fulfillmentStatus": order.status, "fulfilledBy": "MERCHANT" });
    }
    if has("BUYER") {
        answer["buyer"] =
            json!({ "buyerName": "Made Up", "buyerEmail": "made-up@sandbox.example" });
    }
    if has("RECIPIENT") {
        answer["recipient"] =
            json!({ "deliveryAddress": { "name": "Made Up", "city": "Nowhere" } });
    }
    answer
}

fn item(
    settings: &SellerSettings,
    order: &Order,
    line: &Line,
    place: usize,
    included: &[&str],
) -> Value {
    let has = |name: &str| included.contains(&name);
    let paid = !order.status.starts_with("PENDING");
    let mut product = json!({ "title": line.title, "sellerSku": line.sku });
    if let Some(asin) = &line.asin {
        product["asin"] = json!(asin);
    }
    if paid {
        product["price"] = json!({ "unitPrice": amount(settings, line.unit) });
    }
    let mut item = json!({
        "orderItemId": format!("{:010}{place:04}", order.number + 1),
        "quantityOrdered": line.quantity,
        "product": product,
    });
    if has("PROCEEDS") && paid {
        let goods = line.unit * line.quantity;
        let mut breakdowns = vec![
            json!({ "type": "ITEM", "subtotal": amount(settings, goods) }),
            json!({ "type": "SHIPPING", "subtotal": amount(settings, 499) }),
        ];
        if line.discount > 0 {
            breakdowns
                .push(json!({ "type": "DISCOUNT", "subtotal": amount(settings, -line.discount) }));
        }
        let total = goods + 499 - line.discount;
        item["proceeds"] =
            json!({ "proceedsTotal": amount(settings, total), "breakdowns": breakdowns });
    }
    if has("FULFILLMENT") {
        let sent = if order.status == "SHIPPED" && !line.cancelled {
            line.quantity
        } else {
            0
        };
        let left = if line.cancelled {
            0
        } else {
            line.quantity - sent
        };
        item["fulfillment"] = json!({ "quantityFulfilled": sent, "quantityUnfulfilled": left });
    }
    if has("CANCELLATION") && line.cancelled {
        item["cancellation"] = json!({ "cancellationExecution": { "cancelledBy": "BUYER" } });
    }
    item
}

fn amount(settings: &SellerSettings, minor: i64) -> Value {
    json!({ "amount": money::write(minor, &settings.currency), "currencyCode": settings.currency })
}

fn included<'a>(asked: &Asked<'a>) -> Vec<&'a str> {
    let included = asked.call.list("includedData");
    if included
        .iter()
        .any(|name| matches!(*name, "BUYER" | "RECIPIENT"))
    {
        let tally = &asked.seller.tally;
        tally.personal_data_asked.store(true, Ordering::Relaxed);
    }
    included
}

/// `searchOrders`.
pub(super) async fn search(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "searchOrders", |asked| {
        let call = asked.call;
        let (created, updated) = (call.asked("createdAfter"), call.asked("lastUpdatedAfter"));
        let (by_update, text) = match (created, updated) {
            (Some(text), None) => (false, text),
            (None, Some(text)) => (true, text),
            _ => return invalid("Exactly one of createdAfter and lastUpdatedAfter is needed."),
        };
        let Ok(after) = DateTime::parse_from_rfc3339(text) else {
            return invalid("The date is not in ISO 8601 format.");
        };
        let size = call
            .asked("maxResultsPerPage")
            .unwrap_or("100")
            .parse::<usize>();
        let Ok(size @ 1..=100) = size else {
            return invalid("maxResultsPerPage must be from 1 to 100.");
        };
        let marketplaces = call.list("marketplaceIds");
        let here = asked.seller.settings.marketplace_id.as_str();
        let of = |order: &Order| {
            if by_update {
                order.updated_at
            } else {
                order.created_at
            }
        };
        let mut orders = lock(&asked.seller.orders).orders.clone();
        orders.retain(|order| {
            of(order) >= after.timestamp()
                && (marketplaces.is_empty() || marketplaces.contains(&here))
        });
        orders.sort_by_key(|order| (of(order), order.number));
        let generation = lock(&asked.seller.feeds).page_generation;
        let begin = match call
            .asked("paginationToken")
            .map(|token| offset(token, generation))
        {
            None => 0,
            Some(Some(offset)) => offset,
            Some(None) => return invalid("The paginationToken is invalid or has expired."),
        };
        let end = (begin + size).min(orders.len());
        let included = included(asked);
        let page: Vec<Value> = orders
            .get(begin..end)
            .unwrap_or_default()
            .iter()
            .map(|order| written(asked.seller, order, &included))
            .collect();
        let mut answer = json!({ "orders": page });
        let until = time(asked.now.timestamp() - 120);
        answer[if by_update {
            "lastUpdatedBefore"
        } else {
            "createdBefore"
        }] = json!(until);
        if end < orders.len() {
            answer["pagination"] = json!({ "nextToken": token(end, generation) });
        }
        Json(answer).into_response()
    })
    .await
}

/// `getOrder`.
pub(super) async fn get(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getOrder", |asked| {
        let orders = lock(&asked.seller.orders);
        let id = asked.call.part("order");
        match orders.orders.iter().find(|order| order.id() == id) {
            Some(order) => {
                let order = written(asked.seller, order, &included(asked));
                Json(json!({ "order": order })).into_response()
            }
            None => missing("The order does not exist."),
        }
    })
    .await
}

/// Reading orders by version 0, which Amazon gave up.
pub(super) async fn version_zero(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getOrders", |asked| {
        count(&asked.seller.tally.deprecated);
        error(
            StatusCode::GONE,
            "InvalidInput",
            "This operation is deprecated; use version 2026-01-01 of the Orders API.",
            "",
        )
    })
    .await
}
