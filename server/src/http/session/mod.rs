//! Sessions of browsers: a cookie with a random id, and a row in PostgreSQL under the id's hash.

mod store;

use std::{future::Future, pin::Pin};

use calibr_app::SessionPort;
use calibr_model::{Problem, ProblemKind, UserId};
use calibr_services::Services;
use chrono::{DateTime, TimeDelta, Utc};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
};

pub(crate) use store::{SessionRows, id_hash};

/// The session's key for who is signed in.
const USER: &str = "user";
/// The session's key for when its end was last moved, in seconds since 1970.
const RENEWED: &str = "renewed_at";
/// How long a session lasts without being used.
const LASTS: Duration = Duration::days(14);
/// A session that is in use has its end moved this often, not at every request.
const RENEWED_EVERY: TimeDelta = TimeDelta::days(1);

/// The layer that reads and sets the cookie. Over https the cookie's name begins with `__Host-`, which browsers
/// take from this very host alone.
pub(crate) fn layer(services: &Services, https: bool) -> SessionManagerLayer<SessionRows> {
    let name = if https {
        "__Host-calibr_session"
    } else {
        "calibr_session"
    };
    SessionManagerLayer::new(SessionRows::new(
        services.db.clone(),
        services.sources.clone(),
    ))
    .with_name(name)
    .with_http_only(true)
    // Strict would leave the cookie out when a platform sends the browser back after consent.
    .with_same_site(SameSite::Lax)
    .with_secure(https)
    .with_path("/")
    .with_expiry(Expiry::OnInactivity(LASTS))
}

/// Who is signed in. Moves the session's end where that is due.
///
/// # Errors
/// `unavailable` where the database is away.
pub(crate) async fn read(session: &Session, now: DateTime<Utc>) -> Result<Option<UserId>, Problem> {
    let user: Option<UserId> = session.get(USER).await.map_err(away)?;
    if user.is_some() {
        let renewed: Option<i64> = session.get(RENEWED).await.map_err(away)?;
        let due = renewed.is_none_or(|at| now.timestamp() - at >= RENEWED_EVERY.num_seconds());
        if due {
            session
                .insert(RENEWED, now.timestamp())
                .await
                .map_err(away)?;
        }
    }
    Ok(user)
}

/// Signs in, under an id that nobody knew before.
///
/// # Errors
/// `unavailable` where the database is away.
pub(crate) async fn begin(
    session: &Session,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    session.cycle_id().await.map_err(away)?;
    session.insert(USER, user).await.map_err(away)?;
    session.insert(RENEWED, now.timestamp()).await.map_err(away)
}

/// Signs out: the row and the cookie go.
///
/// # Errors
/// `unavailable` where the database is away.
pub(crate) async fn end(session: &Session) -> Result<(), Problem> {
    session.flush().await.map_err(away)
}

fn away(error: tower_sessions::session::Error) -> Problem {
    tracing::warn!(%error, "a session could not be read or written");
    Problem::new(
        ProblemKind::Unavailable,
        "The database cannot be reached for the moment. Nothing was changed; try again in a few seconds.",
    )
}

/// The session of one request, as server functions use it.
#[derive(Debug, Clone)]
pub(crate) struct RequestSession {
    /// The session.
    pub(crate) session: Session,
    /// Who was signed in when the request came.
    pub(crate) user: Option<UserId>,
    /// When it came.
    pub(crate) now: DateTime<Utc>,
}

type Done<'a> = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>>;

impl SessionPort for RequestSession {
    fn user(&self) -> Option<UserId> {
        self.user
    }

    fn begin(&self, user: UserId) -> Done<'_> {
        Box::pin(begin(&self.session, user, self.now))
    }

    fn end(&self) -> Done<'_> {
        Box::pin(end(&self.session))
    }
}
