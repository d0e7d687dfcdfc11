//! The API's description, for programs and for people.

use std::sync::Arc;

use axum::{
    Json, Router,
    http::header,
    response::{Html, IntoResponse as _},
    routing::get,
};
use utoipa::openapi::OpenApi;

use crate::http::{docs_page, state::AppState};

/// `/api/openapi.json`, and `/api/docs` made of it.
pub(crate) fn router(description: OpenApi) -> Router<AppState> {
    let page: Arc<str> = docs_page::render(&description).into();
    let description = Arc::new(description);
    let style = || async {
        (
            [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
            docs_page::STYLE,
        )
            .into_response()
    };
    Router::new()
        .route(
            "/api/openapi.json",
            get(move || async move { Json(description).into_response() }),
        )
        .route(
            "/api/docs",
            get(move || async move { Html(page.to_string()) }),
        )
        .route("/api/docs/style.css", get(style))
}
