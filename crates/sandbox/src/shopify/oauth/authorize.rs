//! `/admin/oauth/authorize`: the merchant is asked, and sent back to the app with the answer.

use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use super::page;
use super::signature::signed_query;
use crate::clock::Clock;
use crate::lock::lock;
use crate::shopify::Shopify;
use crate::shopify::access::{App, Grant, Scopes};
use crate::shopify::exchange::{Target, note};
use crate::shopify::shop::{Shop, ShopState, count};

/// What an app asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) redirect_uri: String,
    pub(super) state: String,
}

/// The merchant's answer, with the question.
#[derive(Deserialize)]
pub(crate) struct Decision {
    decision: String,
    #[serde(flatten)]
    ask: Ask,
}

/// Shows the consent page.
pub(crate) async fn ask(
    State(shopify): State<Shopify>,
    target: Target,
    Query(ask): Query<Ask>,
) -> Response {
    let response = match known(&shopify, &target, &ask) {
        Ok((shop, app, _)) => html(StatusCode::OK, page::consent(&shop, &app, &ask)),
        Err(refused) => *refused,
    };
    note(&shopify, &target, response.status());
    response
}

/// Sends the merchant back to the app.
pub(crate) async fn decide(
    State(shopify): State<Shopify>,
    target: Target,
    Form(Decision { decision, ask }): Form<Decision>,
) -> Response {
    let response = match known(&shopify, &target, &ask) {
        Ok((shop, app, redirect)) => {
            let now = shopify.clock().now();
            answered(&shop, &app, redirect, ask, decision == "install", now)
        }
        Err(refused) => *refused,
    };
    note(&shopify, &target, response.status());
    response
}

/// The merchant's answer, signed, on its way to the app.
fn answered(
    shop: &Shop,
    app: &App,
    mut redirect: Url,
    ask: Ask,
    installed: bool,
    now: DateTime<Utc>,
) -> Response {
    let domain = shop.settings.domain.as_str();
    let mut parameters = vec![
        ("shop", domain.to_owned()),
        ("timestamp", now.timestamp().to_string()),
    ];
    if !ask.state.is_empty() {
        parameters.push(("state", ask.state));
    }
    if installed {
        let grant = Grant {
            app: app.client_id.clone(),
            name: app.name.clone(),
            scopes: Scopes::parse(&ask.scope),
        };
        let name = domain.trim_end_matches(".myshopify.com");
        let host = STANDARD_NO_PAD.encode(format!("admin.shopify.com/store/{name}"));
        parameters.push(("code", lock(&shop.access).issue_code(grant, now)));
        parameters.push(("host", host));
    } else {
        parameters.push(("error", "access_denied".to_owned()));
        let why = "The merchant did not approve the requested access".to_owned();
        parameters.push(("error_description", why));
    }
    let signed = signed_query(&app.client_secret, parameters);
    let query = match redirect.query().filter(|query| !query.is_empty()) {
        Some(own) => format!("{own}&{signed}"),
        None => signed,
    };
    redirect.set_query(Some(&query));
    (
        StatusCode::FOUND,
        [(header::LOCATION, redirect.to_string())],
    )
        .into_response()
}

/// The shop, the app and where it wants to be called back; or a page that says what is wrong.
fn known(
    shopify: &Shopify,
    target: &Target,
    ask: &Ask,
) -> Result<(Arc<Shop>, App, Url), Box<Response>> {
    let refuse = |status, message: &str| Box::new(html(status, page::problem(message)));
    let Some(shop) = shopify.shop_of(target.shop()) else {
        return Err(refuse(
            StatusCode::NOT_FOUND,
            "There is no shop at this address.",
        ));
    };
    count(&shop.tally.requests);
    match shop.state() {
        ShopState::Open => {}
        ShopState::Frozen => {
            return Err(refuse(
                StatusCode::PAYMENT_REQUIRED,
                "This shop is currently unavailable.",
            ));
        }
        ShopState::Gone => {
            return Err(refuse(
                StatusCode::NOT_FOUND,
                "There is no shop at this address.",
            ));
        }
        ShopState::Locked => {
            return Err(refuse(StatusCode::LOCKED, "This shop is locked."));
        }
    }
    let Some(app) = shopify.app(&ask.client_id) else {
        let message = "Oauth error application_cannot_be_found: The application could not be found";
        return Err(refuse(StatusCode::BAD_REQUEST, message));
    };
    let redirect = Url::parse(&ask.redirect_uri).ok();
    let Some(redirect) = redirect.filter(|_| is_allowed(&app, &ask.redirect_uri)) else {
        let message = "Oauth error invalid_request: The redirect_uri is not whitelisted";
        return Err(refuse(StatusCode::BAD_REQUEST, message));
    };
    if Scopes::parse(&ask.scope).is_empty() {
        let message = "Oauth error invalid_scope: No access scopes were requested";
        return Err(refuse(StatusCode::BAD_REQUEST, message));
    }
    Ok((shop, app, redirect))
}

fn is_allowed(app: &App, address: &str) -> bool {
    app.redirect_prefixes.iter().any(|prefix| {
        address.strip_prefix(prefix.as_str()).is_some_and(|rest| {
            rest.is_empty() || prefix.ends_with('/') || rest.starts_with(['/', '?', '#'])
        })
    })
}

fn html(status: StatusCode, page: String) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let headers: [(HeaderName, HeaderValue); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (status, headers, Html(page)).into_response()
}
