//! Signing in and out.

use axum::{Json, extract::State, http::StatusCode};
use calibr_model::{form::LoginForm, views::Me};
use calibr_services::account;
use tower_sessions::Session;

use super::Answer;
use crate::http::{caller::SignedIn, extract, session, state::AppState};

/// Sign in
///
/// Sets the session's cookie. Wrong email and wrong password are answered alike, with `unauthenticated`.
#[utoipa::path(
    post,
    operation_id = "sign_in",
    path = "/api/auth/login",
    tag = "sessions",
    request_body = LoginForm,
    responses((status = 200, description = "Signed in; who that is.", body = Me))
)]
pub(crate) async fn login(
    State(state): State<AppState>,
    session: Session,
    extract::Json(form): extract::Json<LoginForm>,
) -> Answer<Json<Me>> {
    let me = account::sign_in(&state.services, form).await?;
    session::begin(&session, me.id, state.services.sources.now()).await?;
    Ok(Json(me))
}

/// Sign out
///
/// Ends the session; where there is none, nothing is wrong with that.
#[utoipa::path(
    post,
    operation_id = "sign_out",
    path = "/api/auth/logout",
    tag = "sessions",
    responses((status = 204, description = "Nobody is signed in any more."))
)]
pub(crate) async fn logout(session: Session) -> Answer<StatusCode> {
    session::end(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in
#[utoipa::path(
    get,
    operation_id = "who_am_i",
    path = "/api/auth/me",
    tag = "sessions",
    security(("session" = [])),
    responses((status = 200, description = "The signed-in person and their projects.", body = Me))
)]
pub(crate) async fn me(
    State(state): State<AppState>,
    SignedIn(user): SignedIn,
) -> Answer<Json<Me>> {
    Ok(Json(account::me(&state.services, user).await?))
}
