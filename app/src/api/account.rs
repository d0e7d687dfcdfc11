//! Who is signed in, and the first start.

#[cfg(feature = "ssr")]
use calibr_model::ProblemKind;
use calibr_model::{
    form::{LoginForm, SetupForm},
    views,
};
use leptos::prelude::*;

use super::{ApiError, JsonPost, Unlogged};
#[cfg(feature = "ssr")]
use crate::server::{services, session};

/// Whether this installation still needs its owner. Open to everybody.
///
/// # Errors
/// [`ApiError`] where the server is away.
#[server(prefix = "/api/fn", endpoint = "setup_state", protocol = JsonPost)]
pub async fn setup_state() -> Result<views::SetupState, ApiError> {
    Ok(calibr_services::account::setup_state(&services()).await?)
}

/// Makes the owner and the first project, and signs the owner in.
///
/// # Errors
/// `invalid` with the fields at fault; `conflict` where there is an owner.
#[server(prefix = "/api/fn", endpoint = "set_up", protocol = JsonPost)]
pub async fn set_up(form: Unlogged<SetupForm>) -> Result<views::Me, ApiError> {
    let me = calibr_services::account::set_up(&services(), form.0).await?;
    session().begin(me.id).await?;
    Ok(me)
}

/// Signs in: sets the session's cookie.
///
/// # Errors
/// `unauthenticated` where email and password do not go together;
/// `rate-limited` after too many tries.
#[server(prefix = "/api/fn", endpoint = "sign_in", protocol = JsonPost)]
pub async fn sign_in(form: Unlogged<LoginForm>) -> Result<views::Me, ApiError> {
    let me = calibr_services::account::sign_in(&services(), form.0).await?;
    session().begin(me.id).await?;
    Ok(me)
}

/// Ends the session.
///
/// # Errors
/// [`ApiError`] where the server is away.
#[server(prefix = "/api/fn", endpoint = "sign_out", protocol = JsonPost)]
pub async fn sign_out() -> Result<(), ApiError> {
    Ok(session().end().await?)
}

/// The signed-in person; `None` where nobody is.
///
/// # Errors
/// [`ApiError`] where the server is away.
#[server(prefix = "/api/fn", endpoint = "me", protocol = JsonPost)]
pub async fn me() -> Result<Option<views::Me>, ApiError> {
    let Some(user) = session().user() else {
        return Ok(None);
    };
    match calibr_services::account::me(&services(), user).await {
        Ok(me) => Ok(Some(me)),
        // The account is gone since; the session outlived it.
        Err(problem) if problem.kind == ProblemKind::Unauthenticated => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}
