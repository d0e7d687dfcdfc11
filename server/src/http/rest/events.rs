//! What happens in a project, as it happens.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{
        IntoResponse,
        sse::{Event, Sse},
    },
};
use calibr_model::{ProblemKind, UserId, event::ProjectEvent, views::ProjectView};
use calibr_services::events;
use calibr_store::events::Heard;
use futures::{Stream, stream};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Interval, MissedTickBehavior},
};
use tower_sessions::Session;

use super::Answer;
use crate::http::{caller::Member, session::id_hash, state::AppState};

/// A line that says nothing for longer is cut by proxies, and looks dead to the browser.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Asks proxies such as nginx to pass each event on at once.
const UNBUFFERED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);

/// What happens in the project
///
/// Server-sent events. Each one's name is its `type`, its data the event as JSON. `resync` says that some may have
/// been missed: read again what is shown. The stream ends with the session.
#[utoipa::path(
    get,
    operation_id = "stream_events",
    path = "/api/projects/{slug}/events",
    tag = "events",
    params(("slug" = String, Path, description = "The project's address.")),
    security(("session" = [])),
    responses((
        status = 200, description = "A stream of events.", body = ProjectEvent, content_type = "text/event-stream"
    ))
)]
pub(crate) async fn stream(
    State(state): State<AppState>,
    Member(actor): Member,
    session: Session,
) -> Answer<impl IntoResponse> {
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let line = Line {
        heard: events::subscribe(&state.services),
        user: actor.user,
        project: actor.project,
        session: session.id().as_ref().map(id_hash),
        heartbeat,
        state,
    };
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        UNBUFFERED,
    ];
    Ok((headers, Sse::new(line.events())))
}

/// An open line to one browser.
struct Line {
    heard: Receiver<Heard>,
    user: UserId,
    project: ProjectView,
    /// What the session stands under; the line ends with it.
    session: Option<Vec<u8>>,
    /// Ticks at once first, so that the browser knows the line stands.
    heartbeat: Interval,
    state: AppState,
}

impl Line {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut line| async move {
            let event = line.next().await?;
            Some((Ok(event), line))
        })
    }

    /// The next event; `None` where the line is to end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                () = self.state.stopping.cancelled() => return None,
                heard = self.heard.recv() => match heard {
                    Ok(Heard::Event(addressed)) if addressed.project_id != self.project.id => {}
                    Ok(Heard::Event(addressed)) => return Some(written(&addressed.event)),
                    Ok(Heard::Gap) | Err(RecvError::Lagged(_)) => return Some(written(&ProjectEvent::Resync)),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.heartbeat.tick() => {
                    return self.may_go_on().await.then(|| Event::default().comment("still here"));
                }
            }
        }
    }

    /// Whether the session has not ended and the person still belongs to the project. While the database is away
    /// nothing is known, and nothing comes over the line either.
    async fn may_go_on(&self) -> bool {
        let Some(session) = &self.session else {
            return false;
        };
        let services = &self.state.services;
        let Ok(mut tx) = services.db.system().await else {
            return true;
        };
        let is_there = tx
            .session(session, services.sources.now())
            .await
            .map_or(true, |found| found.is_some());
        drop(tx);
        let belongs = services.actor(self.user, &self.project.slug).await;
        is_there && !belongs.is_err_and(|problem| problem.kind == ProblemKind::NotFound)
    }
}

fn written(event: &ProjectEvent) -> Event {
    let name = match event {
        ProjectEvent::SyncProgress(_) => "sync_progress",
        ProjectEvent::IntegrationChanged { .. } => "integration_changed",
        ProjectEvent::PricePushChanged { .. } => "price_push_changed",
        ProjectEvent::ConflictsChanged { .. } => "conflicts_changed",
        ProjectEvent::Resync => "resync",
    };
    // The event is made of numbers, words and times: it can be written.
    Event::default()
        .event(name)
        .json_data(event)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use calibr_model::{IntegrationId, status::IntegrationStatus};

    use super::*;

    #[test]
    fn an_events_name_is_its_type() {
        let events = [
            ProjectEvent::Resync,
            ProjectEvent::IntegrationChanged {
                integration_id: IntegrationId(uuid::Uuid::nil()),
                status: IntegrationStatus::Connected,
            },
        ];
        for event in events {
            let json = serde_json::to_value(&event).unwrap();
            let sent = format!("{:?}", written(&event));
            assert!(sent.contains(json["type"].as_str().unwrap()), "{sent}");
        }
    }
}
