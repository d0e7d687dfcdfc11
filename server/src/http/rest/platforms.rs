//! What can be connected.

use axum::{Json, extract::State};
use calibr_model::{Page, platform::PlatformInfo};
use calibr_services::platforms;

use crate::http::{caller::SignedIn, state::AppState};

/// What can be connected
///
/// Every platform with what its connector can do, and the fields that connecting asks for. All of them are on one page.
#[utoipa::path(
    get,
    operation_id = "list_platforms",
    path = "/api/platforms",
    tag = "integrations",
    security(("session" = [])),
    responses((status = 200, description = "The platforms.", body = Page<PlatformInfo>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    _signed_in: SignedIn,
) -> Json<Page<PlatformInfo>> {
    Json(Page::whole(platforms::list(&state.services)))
}
