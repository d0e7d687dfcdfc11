//! What the site and the shop say of themselves.

use axum::response::Response;
use serde_json::json;

use super::Call;
use crate::woocommerce::answer::one;
use crate::woocommerce::store::StoreState;

/// The index of the REST API, for anybody.
pub(super) fn index(call: &Call<'_>) -> Response {
    let settings = &call.store.settings;
    let mut namespaces = vec!["oembed/1.0", "wp/v2"];
    if call.store.state() != StoreState::NoWoocommerce {
        namespaces.extend(["wc/v1", "wc/v2", "wc/v3"]);
    }
    let index = json!({
        "name": settings.title,
        "description": "",
        "url": call.asked.base_url,
        "home": call.asked.base_url,
        "gmt_offset": settings.gmt_offset.to_string(),
        "timezone_string": settings.time_zone,
        "namespaces": namespaces,
        "authentication": {},
        "routes": {},
    });
    one(index, &call.asked.query)
}

/// `system_status`.
pub(super) fn system_status(call: &Call<'_>) -> Response {
    let settings = &call.store.settings;
    let status = json!({
        "environment": {
            "home_url": call.asked.base_url,
            "site_url": call.asked.base_url,
            "version": settings.version,
            "wp_version": "6.9",
            "php_version": "8.3.14",
            "default_timezone": "UTC",
        },
        "database": {},
        "active_plugins": [],
        "settings": {
            "api_enabled": true,
            "force_ssl": false,
            "currency": settings.currency,
            "currency_symbol": "",
            "currency_position": "right_space",
            "thousand_separator": ".",
            "decimal_separator": ",",
            "number_of_decimals": settings.shown_decimals,
        },
    });
    one(status, &call.asked.query)
}

/// One setting of the tax page.
pub(super) fn prices_include_tax(call: &Call<'_>) -> Response {
    let value = match call.store.settings.prices_include_tax {
        true => "yes",
        false => "no",
    };
    one(
        json!({ "id": "woocommerce_prices_include_tax", "label": "Prices entered with tax",
            "type": "radio", "default": "no", "value": value }),
        &call.asked.query,
    )
}
