use std::{fmt, future::Future, pin::Pin, sync::Arc};

use calibr_model::{Problem, UserId};

/// What the session of a browser can do; the server implements it over its
/// cookie.
pub trait SessionPort: Send + Sync {
    /// Who is signed in.
    fn user(&self) -> Option<UserId>;

    /// Signs in, under a session id that nobody knew before.
    ///
    /// # Errors
    /// `unavailable` where sessions cannot be kept for the moment.
    fn begin(&self, user: UserId)
    -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + '_>>;

    /// Signs out: the session is gone, and the cookie with it.
    ///
    /// # Errors
    /// `unavailable` where sessions cannot be kept for the moment.
    fn end(&self) -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + '_>>;
}

/// The session of the request, as the server hands it to server functions.
#[derive(Clone)]
pub struct CurrentSession(pub Arc<dyn SessionPort>);

impl fmt::Debug for CurrentSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentSession")
            .field("user", &self.0.user())
            .finish_non_exhaustive()
    }
}
