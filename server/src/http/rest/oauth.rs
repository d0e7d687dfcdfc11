//! One-click connect: the browser goes to the platform's consent page and comes back.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use calibr_model::{IntegrationId, PlatformId, ProblemKind, ProjectSlug};
use calibr_services::integrations;
use serde::Deserialize;
use url::form_urlencoded;
use utoipa::IntoParams;

use super::Answer;
use crate::http::{
    caller::{Caller, SignedIn},
    extract, origin,
    problem::Refusal,
    state::AppState,
};

/// Which platform.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PlatformPath {
    /// The platform.
    #[param(value_type = String, example = "shopify")]
    platform: PlatformId,
}

/// What a one-click connect starts from.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StartQuery {
    /// The project's address.
    #[param(value_type = String)]
    project: ProjectSlug,
    /// The integration to connect anew.
    reconnect: Option<IntegrationId>,
    /// The platform's `one_click_fields`, each under its name.
    #[serde(flatten)]
    #[param(ignore)]
    fields: BTreeMap<String, String>,
}

/// Begin a one-click connect
///
/// Sends the browser to the platform's consent page. Further query parameters are the platform's
/// `one_click_fields`. Followed only from the console's own pages.
#[utoipa::path(
    get,
    operation_id = "start_one_click",
    path = "/api/oauth/{platform}/start",
    tag = "one-click connect",
    params(PlatformPath, StartQuery),
    security(("session" = [])),
    responses((status = 303, description = "To the platform's consent page."))
)]
pub(crate) async fn start(
    State(state): State<AppState>,
    SignedIn(user): SignedIn,
    headers: HeaderMap,
    extract::Path(path): extract::Path<PlatformPath>,
    extract::Query(query): extract::Query<StartQuery>,
) -> Answer<Redirect> {
    if !origin::comes_from_here(&state.http.own_origin, &headers) {
        return Err(Refusal::new(
            ProblemKind::Forbidden,
            "Connecting a store begins in the console: open the integrations page and choose Connect there.",
        ));
    }
    let StartQuery {
        project,
        reconnect,
        fields,
    } = query;
    let actor = state.services.actor(user, &project).await?;
    let start =
        integrations::start_one_click(&state.services, &actor, path.platform, fields, reconnect)
            .await?;
    Ok(Redirect::to(&start.redirect_to))
}

/// Deliver credentials
///
/// For platforms that hand credentials over from server to server, before they send the browser back. Signed by
/// nobody: the state in it, which is good for one connect and a quarter of an hour, says which connect it is for.
/// Whoever delivers takes the credentials back where the answer is not 200.
#[utoipa::path(
    post,
    operation_id = "deliver_credentials",
    path = "/api/oauth/{platform}/callback",
    tag = "one-click connect",
    params(PlatformPath),
    request_body(content = String, description = "As the platform writes it.", content_type = "application/json"),
    responses((status = 200, description = "They are kept until the browser comes back."))
)]
pub(crate) async fn deliver(
    State(state): State<AppState>,
    extract::Path(path): extract::Path<PlatformPath>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<StatusCode> {
    let body = body.map_err(|rejected| Refusal::of_status(rejected.status()))?;
    integrations::receive_delivery(&state.services, &path.platform, &body).await?;
    Ok(StatusCode::OK)
}

/// Come back from a platform's consent page
///
/// Completes the connect and sends the browser to the project's integrations page, with `connected` or
/// `connect_error` in its query.
#[utoipa::path(
    get,
    operation_id = "complete_one_click",
    path = "/api/oauth/{platform}/callback",
    tag = "one-click connect",
    params(PlatformPath),
    responses((status = 303, description = "To the integrations page, or to sign-in."))
)]
pub(crate) async fn callback(
    State(state): State<AppState>,
    axum::Extension(caller): axum::Extension<Caller>,
    extract::Path(path): extract::Path<PlatformPath>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Response {
    let Some(user) = caller.user else {
        return Redirect::to("/sign-in?reason=connect").into_response();
    };
    let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let to =
        match integrations::complete_one_click(&state.services, user, path.platform, query).await {
            Ok(done) => format!(
                "/p/{}/integrations?connected={}",
                done.project_slug, done.integration_id
            ),
            Err(failed) => {
                let page = failed
                    .project_slug
                    .map_or("/".to_owned(), |slug| format!("/p/{slug}/integrations"));
                let message: String =
                    form_urlencoded::byte_serialize(failed.problem.detail.as_bytes()).collect();
                format!("{page}?connect_error={message}")
            }
        };
    Redirect::to(&to).into_response()
}
