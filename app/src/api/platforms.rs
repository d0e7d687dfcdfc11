//! What can be connected.

use calibr_model::platform::PlatformInfo;
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::{services, signed_in};

/// Every platform, with its capabilities and the fields its forms ask for.
///
/// # Errors
/// `unauthenticated` where nobody is signed in.
#[server(prefix = "/api/fn", endpoint = "list_platforms", protocol = JsonPost)]
pub async fn list_platforms() -> Result<Vec<PlatformInfo>, ApiError> {
    signed_in()?;
    Ok(calibr_services::platforms::list(&services()))
}
