//! One call of the API and its answer: whose it is, whether it comes too fast,
//! what fault strikes it, what is noted of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::Amazon;
use super::access::{Found, Grant};
use super::rates::rate;
use super::seller::{Seller, count};
use crate::clock::Clock;
use crate::fault::{FaultKind, Spot};
use crate::journal::Entry;
use crate::lock::lock;
use crate::spoil::{GATEWAY_PAGE, changed, halved, name};

const LIMIT: HeaderName = HeaderName::from_static("x-amzn-ratelimit-limit");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What a request is addressed to.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    parts: HashMap<String, String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    /// Where the client reaches the sandbox, without a slash at the end.
    pub(super) base_url: String,
}

impl Call {
    /// A named part of the path; empty if the route has none of that name.
    pub(super) fn part(&self, name: &str) -> &str {
        self.parts.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A parameter of the query; empty ones count as not given.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The same for the first page of a list.
    fn of_first_page(&self) -> Self {
        let mut first = self.clone();
        first
            .query
            .retain(|(name, _)| name != "pageToken" && name != "paginationToken");
        first
    }

    /// The entries of a parameter that is a list.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.asked(name)
            .map(|list| list.split(',').collect())
            .unwrap_or_default()
    }
}

impl FromRequestParts<Amazon> for Call {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, amazon: &Amazon) -> Result<Self, Response> {
        let Path(named) = Path::<HashMap<String, String>>::from_request_parts(parts, amazon)
            .await
            .map_err(IntoResponse::into_response)?;
        let query = parts.uri.query().unwrap_or_default();
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("localhost");
        Ok(Self {
            method: parts.method.clone(),
            path: match parts.extensions.get::<OriginalUri>() {
                Some(OriginalUri(uri)) => uri.path().to_owned(),
                None => parts.uri.path().to_owned(),
            },
            parts: named,
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: parts.headers.clone(),
            base_url: amazon
                .public_url()
                .unwrap_or_else(|| format!("http://{host}")),
        })
    }
}

/// Who asks, and when.
pub(super) struct Asked<'a> {
    pub(super) seller: &'a Arc<Seller>,
    pub(super) call: &'a Call,
    pub(super) now: DateTime<Utc>,
}

/// Answers a call of the API by `answer`, unless something stands before it.
pub(super) async fn serve(
    amazon: &Amazon,
    call: &Call,
    operation: &'static str,
    answer: impl FnOnce(&Asked<'_>) -> Response,
) -> Response {
    let now = amazon.clock().now();
    let (seller, grant) = match signed_in(amazon, call, now) {
        Ok(known) => known,
        Err(refused) => {
            note(amazon, call, "", operation, refused.status(), None);
            return *refused;
        }
    };
    let fault = seller.strike(Spot::Api, Some(operation));
    let fits = lock(&seller.buckets).take(&grant.client_id, operation, seller.settings.faster, now);
    let mut response = if !fits {
        quota_exceeded()
    } else if let Some(replaced) = replacement(fault.as_ref()).await {
        replaced
    } else if call.part("region") != seller.settings.region || !lock(&seller.standing).authorised {
        error(
            StatusCode::FORBIDDEN,
            "Unauthorized",
            "Access to requested resource is denied.",
            "",
        )
    } else {
        lock(&seller.goods).settle(now.timestamp());
        let first_page = (fault == Some(FaultKind::EndlessPages)).then(|| call.of_first_page());
        answer(&Asked {
            seller: &seller,
            call: first_page.as_ref().unwrap_or(call),
            now,
        })
    };
    let status = response.status();
    // Amazon names the limit where a call got as far as the operation; never on 429.
    if seller.settings.limit_header && matches!(status.as_u16(), 200..=299 | 400 | 404) {
        let limit = rate(operation).0 * seller.settings.faster;
        if let Ok(value) = HeaderValue::from_str(&limit.to_string()) {
            response.headers_mut().insert(LIMIT, value);
        }
    }
    let request_id = HeaderValue::from_static("00000000-0000-4000-8000-000000000000");
    response.headers_mut().insert(REQUEST_ID, request_id);
    note(
        amazon,
        call,
        &seller.settings.seller_id,
        operation,
        status,
        fault.as_ref(),
    );
    match fault {
        Some(FaultKind::MalformedAnswer) => halved(response, false).await,
        Some(FaultKind::CutConnection) => halved(response, true).await,
        Some(FaultKind::EndlessPages) => {
            changed(response, |answer| {
                answer["pagination"] = json!({ "nextToken": "again" });
            })
            .await
        }
        _ => response,
    }
}

/// Notes a request.
pub(super) fn note(
    amazon: &Amazon,
    call: &Call,
    seller: &str,
    operation: &str,
    status: StatusCode,
    fault: Option<&FaultKind>,
) {
    amazon.journal().write(Entry {
        at: amazon.clock().now(),
        shop: seller.to_owned(),
        method: call.method.to_string(),
        path: call.path.clone(),
        operation: (!operation.is_empty()).then(|| operation.to_owned()),
        status: status.as_u16(),
        fault: fault.map(name),
    });
}

fn signed_in(
    amazon: &Amazon,
    call: &Call,
    now: DateTime<Utc>,
) -> Result<(Arc<Seller>, Grant), Box<Response>> {
    let token = call
        .headers
        .get("x-amz-access-token")
        .and_then(|token| token.to_str().ok());
    let refuse = |details: &str| {
        Box::new(error(
            StatusCode::FORBIDDEN,
            "Unauthorized",
            "Access to requested resource is denied.",
            details,
        ))
    };
    let Some(token) = token else {
        return Err(refuse("Access token is missing in the request header."));
    };
    let grant = match amazon.with_access(|access| access.find(token, now)) {
        Found::Good(grant) => grant,
        Found::Expired => {
            return Err(refuse("The access token you provided has expired."));
        }
        Found::Unknown => {
            return Err(refuse(
                "The access token you provided is revoked, malformed or invalid.",
            ));
        }
    };
    let Some(seller) = amazon.seller_of(&grant.seller) else {
        return Err(refuse(""));
    };
    let struck = lock(&seller.faults)
        .active()
        .iter()
        .any(|fault| fault.kind == FaultKind::BadToken);
    if struck && seller.strike(Spot::Api, None) == Some(FaultKind::BadToken) {
        count(&seller.tally.unauthorized);
        return Err(refuse("The access token you provided has expired."));
    }
    Ok((seller, grant))
}

/// The answer that a fault gives instead of Amazon; after a delay, if that is
/// the fault.
pub(super) async fn replacement(fault: Option<&FaultKind>) -> Option<Response> {
    match fault? {
        FaultKind::Slow { delay_milliseconds } => {
            tokio::time::sleep(Duration::from_millis(*delay_milliseconds)).await;
            None
        }
        FaultKind::ServerError { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(match status {
                StatusCode::INTERNAL_SERVER_ERROR => error(
                    status,
                    "InternalFailure",
                    "We encountered an internal error. Please try again.",
                    "",
                ),
                _ => (status, Html(GATEWAY_PAGE)).into_response(),
            })
        }
        FaultKind::WrongContentType => Some(Html(GATEWAY_PAGE).into_response()),
        FaultKind::Throttled => Some(quota_exceeded()),
        FaultKind::TooManyRequests {
            retry_after_seconds,
        } => {
            let mut response = quota_exceeded();
            if let Some(seconds) = retry_after_seconds {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, (*seconds).into());
            }
            Some(response)
        }
        _ => None,
    }
}

fn quota_exceeded() -> Response {
    error(
        StatusCode::TOO_MANY_REQUESTS,
        "QuotaExceeded",
        "You exceeded your quota for the requested resource.",
        "",
    )
}

/// A refusal in Amazon's form.
pub(super) fn error(status: StatusCode, code: &str, message: &str, details: &str) -> Response {
    let error = json!({ "code": code, "message": message, "details": details });
    (status, Json(json!({ "errors": [error] }))).into_response()
}

/// 400.
pub(super) fn invalid(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "InvalidInput", message, "")
}

/// 404.
pub(super) fn missing(message: &str) -> Response {
    error(StatusCode::NOT_FOUND, "NotFound", message, "")
}
