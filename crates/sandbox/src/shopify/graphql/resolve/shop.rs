//! The shop, its location, and the app that asks.

use crate::shopify::graphql::context::{Context, date_time};
use crate::shopify::graphql::object::{Object, Resolved, record};
use crate::shopify::ids::gid;
use crate::shopify::version;

/// The number of the only location that a shop of the sandbox has.
pub(super) const LOCATION: u64 = 80_000_000_001;

pub(super) fn shop(context: &Context) -> Object {
    let shop = &context.shop;
    let settings = &shop.settings;
    let url = format!("https://{}", settings.domain);
    let plan = settings.plan;
    let plan = record(
        "ShopPlan",
        vec![
            ("displayName", Resolved::leaf(plan.display_name())),
            ("publicDisplayName", Resolved::leaf(plan.display_name())),
            ("partnerDevelopment", Resolved::leaf(false)),
            (
                "shopifyPlus",
                Resolved::leaf(plan.display_name() == "Shopify Plus"),
            ),
        ],
    );
    let domain = record(
        "Domain",
        vec![
            ("id", Resolved::leaf(gid("Domain", shop.number))),
            ("host", Resolved::leaf(settings.domain.as_str())),
            ("sslEnabled", Resolved::leaf(true)),
            ("url", Resolved::leaf(url.as_str())),
        ],
    );
    record(
        "Shop",
        vec![
            ("id", Resolved::leaf(gid("Shop", shop.number))),
            ("name", Resolved::leaf(settings.name.as_str())),
            ("email", Resolved::leaf(settings.email())),
            ("contactEmail", Resolved::leaf(settings.email())),
            (
                "shopOwnerName",
                Resolved::leaf(format!("Owner of {}", settings.name)),
            ),
            ("myshopifyDomain", Resolved::leaf(settings.domain.as_str())),
            ("primaryDomain", domain.resolved()),
            ("url", Resolved::leaf(url)),
            ("currencyCode", Resolved::leaf(settings.currency.as_str())),
            ("ianaTimezone", Resolved::leaf(settings.time_zone.as_str())),
            ("plan", plan.resolved()),
            (
                "createdAt",
                Resolved::leaf(date_time(shop.created_at.timestamp())),
            ),
            (
                "updatedAt",
                Resolved::leaf(date_time(shop.created_at.timestamp())),
            ),
        ],
    )
}

pub(super) fn location(context: &Context) -> Object {
    let created = || Resolved::leaf(date_time(context.shop.created_at.timestamp()));
    record(
        "Location",
        vec![
            ("id", Resolved::leaf(gid("Location", LOCATION))),
            ("legacyResourceId", Resolved::leaf(LOCATION.to_string())),
            ("name", Resolved::leaf("Main warehouse")),
            ("isActive", Resolved::leaf(true)),
            ("createdAt", created()),
            ("updatedAt", created()),
        ],
    )
}

pub(super) fn app(context: &Context) -> Object {
    let app = context.grant.app.as_str();
    record(
        "App",
        vec![
            ("id", Resolved::leaf(gid("App", 1_000_001))),
            ("apiKey", Resolved::leaf(app)),
            ("handle", Resolved::leaf(app.to_lowercase())),
            ("title", Resolved::leaf(context.grant.name.as_str())),
        ],
    )
}

pub(super) fn installation(context: &Context) -> Object {
    let scopes = context.grant.scopes.handles().into_iter().map(|handle| {
        let described = Resolved::leaf(handle.replace('_', " "));
        record(
            "AccessScope",
            vec![
                ("handle", Resolved::leaf(handle)),
                ("description", described),
            ],
        )
    });
    let launch_url = format!(
        "https://{}/admin/apps/{}",
        context.shop.settings.domain, context.grant.app
    );
    record(
        "AppInstallation",
        vec![
            (
                "id",
                Resolved::leaf(gid("AppInstallation", context.shop.number)),
            ),
            ("app", app(context).resolved()),
            ("accessScopes", Resolved::objects(scopes)),
            ("launchUrl", Resolved::leaf(launch_url)),
        ],
    )
}

pub(super) fn versions() -> impl Iterator<Item = Object> {
    version::STABLE.into_iter().map(version)
}

pub(super) fn version(handle: &str) -> Object {
    record(
        "ApiVersion",
        vec![
            ("handle", Resolved::leaf(handle)),
            ("displayName", Resolved::leaf(handle)),
            ("supported", Resolved::leaf(true)),
        ],
    )
}
