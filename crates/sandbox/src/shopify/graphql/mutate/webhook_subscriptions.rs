//! `webhookSubscriptionCreate`, `…Update` and `…Delete`.

use serde_json::{Map, Value};
use url::{Host, Url};

use super::{UserError, payload};
use crate::shopify::graphql::access::ORDERS;
use crate::shopify::graphql::context::Context;
use crate::shopify::graphql::object::Resolved;
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::graphql::resolve::webhook_subscription;
use crate::shopify::ids::{Gid, gid};
use crate::shopify::webhooks::{Input, Subscription};

pub(super) fn create(context: &Context, field: &PlannedField) -> Resolved {
    let topic = field.text("topic").unwrap_or_default();
    let of_orders = ["ORDERS_", "REFUNDS_"];
    let denied = of_orders.iter().any(|of| topic.starts_with(of))
        && !ORDERS.granted_to(&context.grant.scopes);
    if denied {
        let message = "The app has no access scope for this topic";
        let error = UserError::new(&["webhookSubscription", "topic"], message);
        return answer(context, "WebhookSubscriptionCreatePayload", Err(error));
    }
    let made = read(field, None).and_then(|input| {
        let app = &context.grant.app;
        let subscription = context.shop.webhooks.create(app, topic, input, context.now);
        subscription.ok_or_else(|| taken("Address for this topic has already been taken"))
    });
    answer(context, "WebhookSubscriptionCreatePayload", made)
}

pub(super) fn update(context: &Context, field: &PlannedField) -> Resolved {
    let number = number(field);
    let made = match context.shop.webhooks.find(&context.grant.app, number) {
        Some(known) => read(field, Some(known.input)).and_then(|input| {
            let app = &context.grant.app;
            let changed = context
                .shop
                .webhooks
                .update(app, number, input, context.now);
            changed.ok_or_else(missing)
        }),
        None => Err(missing()),
    };
    answer(context, "WebhookSubscriptionUpdatePayload", made)
}

pub(super) fn delete(context: &Context, field: &PlannedField) -> Resolved {
    let number = number(field);
    let deleted = context.shop.webhooks.delete(&context.grant.app, number);
    let id = deleted.then(|| gid("WebhookSubscription", number));
    let errors = if deleted { Vec::new() } else { vec![missing()] };
    let made = vec![("deletedWebhookSubscriptionId", Resolved::leaf(id))];
    payload(
        "WebhookSubscriptionDeletePayload",
        made,
        "UserError",
        errors,
    )
}

fn number(field: &PlannedField) -> u64 {
    let id = field.text("id").and_then(Gid::parse);
    id.filter(|id| id.kind == "WebhookSubscription")
        .map_or(0, |id| id.number)
}

fn answer(context: &Context, ty: &'static str, made: Result<Subscription, UserError>) -> Resolved {
    let (subscription, errors) = match made {
        Ok(subscription) => (
            webhook_subscription(context, &subscription).resolved(),
            Vec::new(),
        ),
        Err(error) => (Resolved::Null, vec![error]),
    };
    payload(
        ty,
        vec![("webhookSubscription", subscription)],
        "UserError",
        errors,
    )
}

fn missing() -> UserError {
    UserError::new(&["id"], "Webhook subscription does not exist")
}

fn taken(message: &str) -> UserError {
    UserError::new(&["webhookSubscription", "callbackUrl"], message)
}

/// Reads a `WebhookSubscriptionInput` over what was there before.
fn read(field: &PlannedField, before: Option<Input>) -> Result<Input, UserError> {
    let nothing = Map::new();
    let given = field
        .arguments
        .get("webhookSubscription")
        .and_then(Value::as_object);
    let given = given.unwrap_or(&nothing);
    let text = |name| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let texts = |name| {
        let values = given.get(name)?.as_array()?;
        Some(
            values
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        )
    };
    let mut input = before.unwrap_or_default();
    if let Some(uri) = text("uri").or_else(|| text("callbackUrl")) {
        input.uri = uri;
    }
    if let Some(format) = text("format") {
        input.format = format;
    }
    if let Some(fields) = texts("includeFields") {
        input.include_fields = fields;
    }
    if let Some(namespaces) = texts("metafieldNamespaces") {
        input.metafield_namespaces = namespaces;
    }
    input.filter = text("filter").or(input.filter);
    input.name = text("name").or(input.name);
    if input.uri.is_empty() {
        return Err(taken("Address can't be blank"));
    }
    if !can_be_delivered_to(&input.uri) {
        return Err(taken("Address is invalid"));
    }
    Ok(input)
}

/// HTTPS, Google Pub/Sub or Amazon EventBridge; plain HTTP only on the machine itself, where the
/// sandbox and what is tried against it meet.
fn can_be_delivered_to(address: &str) -> bool {
    if address.starts_with("arn:aws:events:") {
        return true;
    }
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    matches!(url.scheme(), "https" | "pubsub") || (url.scheme() == "http" && local)
}
