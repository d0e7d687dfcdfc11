//! `/apps/authorize/consent`: a seller is asked, and sent back with the answer.

use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use url::Url;

use super::Amazon;
use super::access::{AmazonApp, Grant};
use crate::clock::Clock;

const STYLE: &str = ":root{color-scheme:light dark}*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;font:1rem/1.5 system-ui,sans-serif}\
main{width:100%;max-width:30rem;border:1px solid #8886;border-radius:1rem;padding:1.5rem}\
h1{font-size:1.375rem;line-height:1.25;margin:0 0 .5rem}label{display:block;margin-top:1rem}\
select,button{width:100%;min-height:2.75rem;font:inherit;border-radius:.5rem;border:1px solid #8888}\
button{margin-top:.75rem;font-weight:600;cursor:pointer}";

/// What an application asks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ask {
    application_id: String,
    state: String,
    redirect_uri: String,
}

/// The seller's answer, with the question.
#[derive(Deserialize)]
pub(super) struct Decision {
    decision: String,
    #[serde(default)]
    seller: String,
    #[serde(flatten)]
    ask: Ask,
}

/// Shows the consent page.
pub(super) async fn ask(State(amazon): State<Amazon>, Query(ask): Query<Ask>) -> Response {
    let (app, _) = match known(&amazon, &ask) {
        Ok(known) => known,
        Err(refused) => return *refused,
    };
    let sellers: String = amazon
        .sellers()
        .iter()
        .map(|seller| format!("<option>{}</option>", escaped(seller)))
        .collect();
    let hidden = |name: &str, value: &str| {
        format!(
            r#"<input type="hidden" name="{name}" value="{}">"#,
            escaped(value)
        )
    };
    let fields = [
        hidden("application_id", &ask.application_id),
        hidden("state", &ask.state),
        hidden("redirect_uri", &ask.redirect_uri),
    ]
    .concat();
    let name = escaped(&app.name);
    page(
        StatusCode::OK,
        &format!("Authorise {name}"),
        &format!(
            r#"<h1>Authorise {name}?</h1>
<p>{name} will be able to see your listings and orders, and to change your prices.</p>
<form method="post">{fields}<label for="seller">Seller account</label>
<select id="seller" name="seller">{sellers}</select>
<button name="decision" value="confirm">Confirm</button>
<button name="decision" value="cancel">Cancel</button></form>
<p>This is a sandbox: its sellers are made up, and nothing here reaches Amazon.</p>"#
        ),
    )
}

/// Sends the seller back to the application.
pub(super) async fn decide(
    State(amazon): State<Amazon>,
    Form(Decision {
        decision,
        seller,
        ask,
    }): Form<Decision>,
) -> Response {
    let (app, mut redirect) = match known(&amazon, &ask) {
        Ok(known) => known,
        Err(refused) => return *refused,
    };
    let found = amazon.seller_of(&seller);
    if decision == "confirm"
        && let Some(seller) = found
    {
        let grant = Grant {
            seller: seller.settings.seller_id.clone(),
            client_id: app.client_id,
        };
        let now = amazon.clock().now();
        let back = ask.redirect_uri.clone();
        let code = amazon.with_access(|access| access.issue_code(grant, back, now));
        redirect
            .query_pairs_mut()
            .append_pair("spapi_oauth_code", &code)
            .append_pair("state", &ask.state)
            .append_pair("selling_partner_id", &seller.settings.seller_id);
    } else {
        redirect
            .query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("state", &ask.state);
    }
    (
        StatusCode::FOUND,
        [(header::LOCATION, redirect.to_string())],
    )
        .into_response()
}

/// The application and where it wants to be called back, or a page that says
/// what is wrong.
fn known(amazon: &Amazon, ask: &Ask) -> Result<(AmazonApp, Url), Box<Response>> {
    let refuse = |what: &str| {
        let content = format!("<h1>The application cannot be authorised</h1><p>{what}</p>");
        Box::new(page(
            StatusCode::BAD_REQUEST,
            "Something is wrong",
            &content,
        ))
    };
    let Some(app) = amazon.app(&ask.application_id) else {
        return Err(refuse("MD1000: there is no application of this id."));
    };
    if ask.state.is_empty() {
        return Err(refuse("MD5110: the state is missing."));
    }
    let allowed = app
        .redirect_prefixes
        .iter()
        .any(|prefix| ask.redirect_uri.starts_with(prefix.as_str()));
    match Url::parse(&ask.redirect_uri) {
        Ok(redirect) if allowed => Ok((app, redirect)),
        _ => Err(refuse("MD9010: the redirect address is not registered.")),
    }
}

fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let document = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{content}</main></body></html>"
    );
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, Html(document)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
