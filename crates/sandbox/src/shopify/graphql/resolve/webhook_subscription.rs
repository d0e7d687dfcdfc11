//! The fields of a webhook subscription, and the list of them.

use serde_json::Value;

use super::shop::version;
use crate::shopify::graphql::connection::PageRequest;
use crate::shopify::graphql::context::{Context, date_time};
use crate::shopify::graphql::object::{Object, Resolution, Resolved, record};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::webhooks::Subscription;

/// A subscription as the API shows it.
pub(crate) fn webhook_subscription(context: &Context, subscription: &Subscription) -> Object {
    let input = &subscription.input;
    record(
        "WebhookSubscription",
        vec![
            ("id", Resolved::leaf(subscription.id())),
            (
                "legacyResourceId",
                Resolved::leaf(subscription.number.to_string()),
            ),
            ("topic", Resolved::leaf(subscription.topic.as_str())),
            ("uri", Resolved::leaf(input.uri.as_str())),
            ("callbackUrl", Resolved::leaf(input.uri.as_str())),
            ("format", Resolved::leaf(input.format.as_str())),
            ("filter", Resolved::leaf(input.filter.as_deref())),
            ("name", Resolved::leaf(input.name.as_deref())),
            (
                "includeFields",
                Resolved::leaves(input.include_fields.iter().map(String::as_str)),
            ),
            (
                "metafieldNamespaces",
                Resolved::leaves(input.metafield_namespaces.iter().map(String::as_str)),
            ),
            ("apiVersion", version(&context.version).resolved()),
            (
                "createdAt",
                Resolved::leaf(date_time(subscription.created_at.timestamp())),
            ),
            (
                "updatedAt",
                Resolved::leaf(date_time(subscription.updated_at.timestamp())),
            ),
        ],
    )
}

/// `webhookSubscriptions`, oldest first.
pub(super) fn subscriptions(context: &Context, field: &PlannedField) -> Resolution {
    let topics = field.arguments.get("topics").and_then(Value::as_array);
    let address = field.text("uri").or(field.text("callbackUrl"));
    let mut subscriptions = context.shop.webhooks.of_app(&context.grant.app);
    subscriptions.retain(|subscription| {
        let topic = subscription.topic.as_str();
        topics.is_none_or(|topics| topics.iter().any(|wanted| wanted.as_str() == Some(topic)))
            && address.is_none_or(|address| address == subscription.input.uri)
    });
    let listed = subscriptions.iter().map(|subscription| {
        (
            subscription.number,
            webhook_subscription(context, subscription),
        )
    });
    let page = PageRequest::read(context, field)?.cut_list(listed.collect());
    Ok(page.connection("WebhookSubscriptionConnection", "WebhookSubscriptionEdge"))
}
