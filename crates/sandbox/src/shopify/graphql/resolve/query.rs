//! The fields of the query root.

use serde_json::Value;

use super::{bulk_operation, listing, order, shop, webhook_subscription};
use crate::shopify::graphql::access::of_type;
use crate::shopify::graphql::connection::{PageRequest, count};
use crate::shopify::graphql::context::Context;
use crate::shopify::graphql::error::Error;
use crate::shopify::graphql::object::{Object, Resolution, Resolved};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::graphql::search::Search;
use crate::shopify::ids::Gid;

pub(super) fn resolve(context: &Context, field: &PlannedField) -> Resolution {
    Ok(match field.name.as_str() {
        "shop" => shop::shop(context).resolved(),
        "app" => shop::app(context).resolved(),
        "appInstallation" | "currentAppInstallation" => shop::installation(context).resolved(),
        "publicApiVersions" => Resolved::objects(shop::versions()),
        "location" => shop::location(context).resolved(),
        "locations" => {
            let location = (shop::LOCATION, shop::location(context));
            let page = PageRequest::read(context, field)?.cut_list(vec![location]);
            page.connection("LocationConnection", "LocationEdge")
        }
        "locationsCount" => count(field, 1),
        "product"
        | "productVariant"
        | "inventoryItem"
        | "bulkOperation"
        | "order"
        | "webhookSubscription" => {
            let id = id(field, field.text("id").unwrap_or_default())?;
            Resolved::maybe(
                find(context, id).filter(|found| found.type_name() == field.type_name()),
            )
        }
        "node" => node(context, field, field.text("id").unwrap_or_default())?,
        "nodes" => {
            let ids = field.arguments.get("ids").and_then(Value::as_array);
            let ids = ids.map(Vec::as_slice).unwrap_or_default();
            if ids.len() > 250 {
                return Err(Error::too_many_items(ids.len(), 250));
            }
            let nodes = ids
                .iter()
                .map(|id| node(context, field, id.as_str().unwrap_or_default()));
            Resolved::List(nodes.collect::<Result<_, _>>()?)
        }
        "orders" => order::orders(context, field)?,
        "products" => listing::products(context, field)?,
        "productsCount" => listing::products_count(context, field),
        "productVariants" => listing::variants(context, field)?,
        "productVariantsCount" => listing::variants_count(context, field),
        "currentBulkOperation" => {
            let queries = field.text("type") != Some("MUTATION");
            let newest = context.shop.bulk.newest(context).filter(|_| queries);
            Resolved::maybe(newest.map(|operation| bulk_operation(context, &operation)))
        }
        "bulkOperations" => bulk_operation::operations(context, field)?,
        "webhookSubscriptions" => webhook_subscription::subscriptions(context, field)?,
        "webhookSubscriptionsCount" => count(
            field,
            context.shop.webhooks.of_app(&context.grant.app).len(),
        ),
        other => return Err(Error::new(format!("Field '{other}' is not available"))),
    })
}

fn node(context: &Context, field: &PlannedField, text: &str) -> Resolution {
    let Some(found) = find(context, id(field, text)?) else {
        return Ok(Resolved::Null);
    };
    match of_type(found.type_name()) {
        Some(access) if !access.granted_to(&context.grant.scopes) => {
            Err(Error::access_denied(&field.name, access.described))
        }
        _ => Ok(found.resolved()),
    }
}

fn id<'a>(field: &PlannedField, text: &'a str) -> Result<Gid<'a>, Error> {
    Gid::parse(text).ok_or_else(|| {
        Error::new(format!("Invalid global id '{text}'"))
            .code("argumentLiteralsIncompatible")
            .extension("typeName", "CoercionError")
            .extension("fieldName", field.name.as_str())
    })
}

/// The object with that id, if there is one.
fn find(context: &Context, id: Gid<'_>) -> Option<Object> {
    let catalogue = &context.catalogue;
    match id.kind {
        "Product" => catalogue.product(id.product()?).map(Object::Product),
        "ProductVariant" => catalogue
            .variant(id.variant()?)
            .map(|(product, place)| Object::Variant(product, place)),
        "InventoryItem" => catalogue
            .variant(id.inventory_item()?)
            .map(|(product, place)| Object::InventoryItem(product, place)),
        "MediaImage" => {
            let product = catalogue
                .product(id.image()?)
                .filter(|product| product.pictured)?;
            Some(super::product::media_image(context, &product))
        }
        "BulkOperation" => {
            let operation = context.shop.bulk.find(context, id.number)?;
            Some(bulk_operation(context, &operation))
        }
        "Order" => order::find(context, id.number),
        "WebhookSubscription" => {
            let subscription = context.shop.webhooks.find(&context.grant.app, id.number)?;
            Some(webhook_subscription(context, &subscription))
        }
        "Shop" => Some(shop::shop(context)).filter(|_| id.number == context.shop.number),
        "Location" => Some(shop::location(context)).filter(|_| id.number == shop::LOCATION),
        _ => None,
    }
}

/// The search of a field's `query` argument, its unknown fields warned of.
pub(super) fn search(context: &Context, field: &PlannedField, known: &[&str]) -> Search {
    let query = field.text("query");
    let search = Search::parse(query);
    if let Some(warnings) = search.warnings(&field.key, query.unwrap_or_default(), known) {
        context.warn_of_search(warnings);
    }
    search
}
