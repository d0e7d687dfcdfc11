//! Orders: ordered, searched, paged, and their fields.

use std::sync::Arc;

use serde_json::Value;

use super::query::search;
use super::variant::money;
use crate::lock::lock;
use crate::shopify::graphql::connection::{Cursor, PageRequest};
use crate::shopify::graphql::context::{Context, date_time};
use crate::shopify::graphql::error::Error;
use crate::shopify::graphql::object::{Object, Resolution, Resolved, record};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::graphql::search::Search;
use crate::shopify::ids::gid;
use crate::shopify::orders::{Line, Order, READABLE, RefundedLine};

const FIELDS: &[&str] = &[
    "cancelled_at",
    "created_at",
    "id",
    "processed_at",
    "test",
    "updated_at",
];

/// `orders`: of the last 60 days, unless the app may read all.
pub(super) fn orders(context: &Context, field: &PlannedField) -> Resolution {
    let request = PageRequest::read(context, field)?;
    let search = search(context, field, FIELDS);
    let rank = |order: &Order| match field.text("sortKey") {
        Some("UPDATED_AT") => order.updated_at,
        Some("ID") => 0,
        _ => order.placed_at,
    };
    let place = |cursor: &Cursor| match cursor.last_value.as_i64() {
        Some(rank) => Ok((rank, cursor.last_id)),
        None => Err(Error::bad_request(
            "Invalid cursor for current pagination sort.",
        )),
    };
    let lower = request.lower().map(place).transpose()?;
    let upper = request.upper().map(place).transpose()?;
    let mut found: Vec<((i64, u64), Arc<Order>)> = lock(&context.shop.orders)
        .list()
        .iter()
        .filter(|order| visible(context, order) && matches(&search, order))
        .map(|order| ((rank(order), order.number), Arc::clone(order)))
        .filter(|(place, _)| lower.is_none_or(|lower| *place > lower))
        .filter(|(place, _)| upper.is_none_or(|upper| *place < upper))
        .collect();
    found.sort_by_key(|(place, _)| *place);
    if request.backwards() {
        found.reverse();
    }
    let found = found.into_iter().map(|((rank, number), order)| {
        let cursor = Cursor {
            last_id: number,
            last_value: Value::from(rank),
        };
        (cursor, Object::Order(order))
    });
    Ok(request
        .cut(found)
        .connection("OrderConnection", "OrderEdge"))
}

/// The order of that number, if the app may see it.
pub(super) fn find(context: &Context, number: u64) -> Option<Object> {
    let order = lock(&context.shop.orders).find(number)?;
    visible(context, &order).then_some(Object::Order(order))
}

fn visible(context: &Context, order: &Order) -> bool {
    let oldest = (context.now - READABLE).timestamp();
    order.placed_at >= oldest || context.grant.scopes.contains("read_all_orders")
}

fn matches(search: &Search, order: &Order) -> bool {
    search.matches(|term| {
        Some(match term.field.as_deref()? {
            "cancelled_at" => order.cancelled_at.is_some_and(|at| term.time(at)),
            "created_at" | "processed_at" => term.time(order.placed_at),
            "id" => term.number(order.number),
            "test" => term.text(if order.test { "true" } else { "false" }),
            "updated_at" => term.time(order.updated_at),
            _ => return None,
        })
    })
}

pub(super) fn resolve(context: &Context, order: &Arc<Order>, field: &PlannedField) -> Resolution {
    Ok(match field.name.as_str() {
        "id" => Resolved::leaf(order.id()),
        "legacyResourceId" => Resolved::leaf(order.number.to_string()),
        "createdAt" | "processedAt" => Resolved::leaf(date_time(order.placed_at)),
        "updatedAt" => Resolved::leaf(date_time(order.updated_at)),
        "cancelledAt" => Resolved::leaf(order.cancelled_at.map(date_time)),
        "test" => Resolved::leaf(order.test),
        "currencyCode" => Resolved::leaf(context.shop.settings.currency.as_str()),
        "email" => Resolved::leaf("jane@doe.example"),
        "totalPriceSet" => bag(context, order.total()),
        "totalRefundedSet" => bag(context, order.refunded()),
        "lineItems" => {
            let lines = order.lines.iter();
            let listed = lines.map(|item| (item.number, line(context, item)));
            let page = PageRequest::read(context, field)?.cut_list(listed.collect());
            page.connection("LineItemConnection", "LineItemEdge")
        }
        "refunds" => {
            let first = field.number("first").and_then(|n| usize::try_from(n).ok());
            let places = 0..order.refunds.len().min(first.unwrap_or(usize::MAX));
            Resolved::objects(places.map(|place| Object::Refund(Arc::clone(order), place)))
        }
        other => return Err(Error::new(format!("Field '{other}' is not available"))),
    })
}

pub(super) fn refund(
    context: &Context,
    order: &Arc<Order>,
    place: usize,
    field: &PlannedField,
) -> Resolution {
    let Some(refund) = order.refunds.get(place) else {
        return Ok(Resolved::Null);
    };
    Ok(match field.name.as_str() {
        "id" => Resolved::leaf(gid("Refund", refund.number)),
        "legacyResourceId" => Resolved::leaf(refund.number.to_string()),
        "createdAt" => Resolved::leaf(date_time(refund.placed_at)),
        "order" => Object::Order(Arc::clone(order)).resolved(),
        "totalRefundedSet" => bag(context, refund.amount),
        "refundLineItems" => {
            let lines = refund.lines.iter();
            let listed = lines.map(|item| (item.line, refunded_line(context, order, item)));
            let page = PageRequest::read(context, field)?.cut_list(listed.collect());
            page.connection("RefundLineItemConnection", "RefundLineItemEdge")
        }
        other => return Err(Error::new(format!("Field '{other}' is not available"))),
    })
}

fn line(context: &Context, line: &Line) -> Object {
    let variant = context.catalogue.variant(line.variant);
    let variant = variant.map(|(product, place)| Object::Variant(product, place));
    let allocations = line.discounts.iter().map(|amount| {
        record(
            "DiscountAllocation",
            vec![("allocatedAmountSet", bag(context, *amount))],
        )
    });
    record(
        "LineItem",
        vec![
            ("id", Resolved::leaf(gid("LineItem", line.number))),
            ("title", Resolved::leaf(line.title.as_str())),
            ("sku", Resolved::leaf(line.sku.as_deref())),
            ("quantity", Resolved::leaf(line.quantity)),
            ("currentQuantity", Resolved::leaf(line.current_quantity())),
            ("variant", Resolved::maybe(variant)),
            ("originalUnitPriceSet", bag(context, line.unit)),
            ("originalTotalSet", bag(context, line.original_total())),
            ("discountAllocations", Resolved::objects(allocations)),
        ],
    )
}

fn refunded_line(context: &Context, order: &Order, refunded: &RefundedLine) -> Object {
    let bought = order.lines.iter().find(|line| line.number == refunded.line);
    let bought = bought.map(|bought| line(context, bought));
    record(
        "RefundLineItem",
        vec![
            ("lineItem", Resolved::maybe(bought)),
            ("quantity", Resolved::leaf(refunded.quantity)),
            ("subtotalSet", bag(context, refunded.subtotal)),
        ],
    )
}

/// An amount of minor units as `MoneyBag`; buyers pay in the shop's own currency.
fn bag(context: &Context, amount: i64) -> Resolved {
    let fields = vec![
        ("shopMoney", money(context, amount)),
        ("presentmentMoney", money(context, amount)),
    ];
    record("MoneyBag", fields).resolved()
}
