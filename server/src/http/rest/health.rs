//! For watchers: is it alive, is it ready, what is away.

use std::{future::Future, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use calibr_store::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::state::AppState;

/// A watcher is answered within this, whatever the database does.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Everything works.
    Healthy,
    /// Something that is needed is away.
    Degraded,
}

/// How one part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    /// It works.
    Up,
    /// It does not.
    Down,
}

/// The parts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checks {
    /// PostgreSQL answers.
    database: Check,
    /// This process takes up sync runs.
    workers: Check,
}

/// How this server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// The whole.
    status: Status,
    /// Its parts.
    checks: Checks,
    /// When this was true, in UTC.
    timestamp: DateTime<Utc>,
}

/// That a process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    /// Always `healthy`.
    status: Status,
}

/// How this server is
#[utoipa::path(
    get,
    operation_id = "get_health",
    path = "/api/health",
    tag = "health",
    responses(
        (status = 200, description = "Everything works.", body = Health),
        (status = 503, description = "Something is away; see `checks`.", body = Health)
    )
)]
pub(crate) async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let database = check(state.services.db.ping()).await;
    let workers = if state.stopping.is_cancelled() {
        Check::Down
    } else {
        Check::Up
    };
    let is_healthy = database == Check::Up && workers == Check::Up;
    let (code, status) = if is_healthy {
        (StatusCode::OK, Status::Healthy)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Status::Degraded)
    };
    let checks = Checks { database, workers };
    (
        code,
        Json(Health {
            status,
            checks,
            timestamp: state.services.sources.now(),
        }),
    )
}

/// Whether the process answers
///
/// Says nothing of the database: a process that answers is not to be restarted.
#[utoipa::path(
    get,
    operation_id = "get_liveness",
    path = "/api/health/live",
    tag = "health",
    responses((status = 200, description = "It answers.", body = Alive))
)]
pub(crate) async fn live() -> Json<Alive> {
    Json(Alive {
        status: Status::Healthy,
    })
}

/// Whether requests should come here
#[utoipa::path(
    get,
    operation_id = "get_readiness",
    path = "/api/health/ready",
    tag = "health",
    responses(
        (status = 200, description = "They should.", body = Health),
        (status = 503, description = "Not now; see `checks`.", body = Health)
    )
)]
pub(crate) async fn ready(state: State<AppState>) -> (StatusCode, Json<Health>) {
    health(state).await
}

async fn check(question: impl Future<Output = Result<(), StoreError>>) -> Check {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(())) => Check::Up,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a health check failed");
            Check::Down
        }
        Err(_) => {
            tracing::warn!(seconds = PATIENCE.as_secs(), "a health check took too long");
            Check::Down
        }
    }
}
