//! `wc-auth`: the merchant is asked, the keys go to the app from server to server, and only then
//! the browser goes back to the app.

mod page;

use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use url::{Host, Url};

use super::WooCommerce;
use super::access::Permissions;
use super::answer::Query;
use super::store::{StoreState, count};
use crate::clock::Clock;
use crate::journal::Entry;
use crate::lock::lock;
use crate::post::post;

/// How long an app may take to take its keys.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an app asks for.
pub(super) struct Ask {
    pub(super) app_name: String,
    pub(super) user_id: String,
    pub(super) scope: String,
    pub(super) permissions: Permissions,
    pub(super) return_url: Url,
    pub(super) callback_url: Url,
}

impl Ask {
    fn read(query: &Query) -> Result<Self, String> {
        let given = |name: &str| {
            query
                .get(name)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| format!("Missing parameter {name}"))
        };
        let address = |name: &str| {
            let text = given(name)?;
            Url::parse(&text).map_err(|_| format!("The {text} is not a valid URL"))
        };
        let (app_name, user_id) = (given("app_name")?, given("user_id")?);
        let (return_url, callback_url) = (address("return_url")?, address("callback_url")?);
        let scope = given("scope")?;
        let permissions =
            Permissions::of_scope(&scope).ok_or_else(|| format!("Invalid scope {scope}"))?;
        // A sandbox has no certificates: on one machine plain HTTP will do.
        let local = match callback_url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if callback_url.scheme() != "https" && !local {
            return Err("The callback_url needs to be over SSL".to_owned());
        }
        Ok(Self {
            app_name,
            user_id,
            scope,
            permissions,
            return_url,
            callback_url,
        })
    }

    /// Where the browser goes with the answer.
    fn way_back(&self, success: bool) -> Url {
        let mut url = self.return_url.clone();
        url.query_pairs_mut()
            .append_pair("success", if success { "1" } else { "0" })
            .append_pair("user_id", &self.user_id);
        url
    }
}

/// Shows the consent page.
pub(crate) async fn ask(
    State(woo): State<WooCommerce>,
    Path(shop): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref().unwrap_or_default());
    let Some(store) = woo
        .store_of(&shop)
        .filter(|store| store.state() == StoreState::Open)
    else {
        return (
            StatusCode::NOT_FOUND,
            Html(page::problem("There is no shop at this address.")),
        )
            .into_response();
    };
    let response = match Ask::read(&query) {
        Ok(ask) => Html(page::consent(&store, &ask, &ask.way_back(false))).into_response(),
        Err(why) => denied(&why),
    };
    note(&woo, &shop, "GET", response.status());
    response
}

/// The merchant agreed: hands the keys over, and sends the browser back.
pub(crate) async fn grant(
    State(woo): State<WooCommerce>,
    Path(shop): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::read(query.as_deref().unwrap_or_default());
    let response = match (woo.store_of(&shop), Ask::read(&query)) {
        (Some(store), Ok(ask)) => {
            let (key_id, key) = lock(&store.access).issue(ask.permissions);
            let delivery = json!({
                "key_id": key_id,
                "user_id": ask.user_id,
                "consumer_key": key.consumer_key,
                "consumer_secret": key.consumer_secret,
                "key_permissions": key.permissions.word(),
            });
            let headers = [("Content-Type", "application/json;charset=UTF-8".to_owned())];
            let body = delivery.to_string();
            if post(&ask.callback_url, &headers, body.as_bytes(), PATIENCE).await == Some(200) {
                count(&store.tally.keys_issued);
                let location = ask.way_back(true).to_string();
                (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
            } else {
                lock(&store.access).revoke(&key.consumer_key);
                denied(
                    "An error occurred in the request and at the time were unable to send the \
                     consumer data",
                )
            }
        }
        (None, _) => (
            StatusCode::NOT_FOUND,
            Html(page::problem("There is no shop at this address.")),
        )
            .into_response(),
        (_, Err(why)) => denied(&why),
    };
    note(&woo, &shop, "POST", response.status());
    response
}

fn denied(why: &str) -> Response {
    (
        StatusCode::UNAUTHORIZED,
        Html(page::problem(&format!("Error: {why}."))),
    )
        .into_response()
}

fn note(woo: &WooCommerce, shop: &str, method: &str, status: StatusCode) {
    woo.journal().write(Entry {
        at: woo.clock().now(),
        shop: shop.to_owned(),
        method: method.to_owned(),
        path: format!("/{shop}/wc-auth/v1/authorize"),
        operation: None,
        status: status.as_u16(),
        fault: None,
    });
}
