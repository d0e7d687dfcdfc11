use std::future::Future;

use calibr_model::{Problem, ProblemKind};
use leptos::{prelude::*, task::spawn_local};

use super::{Session, SessionState};
use crate::api::ApiError;

/// Asks the server to do something. Made in a component, used in its handlers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    session: Session,
}

impl Ask {
    /// For the signed-in person.
    pub(crate) fn here() -> Self {
        Self {
            session: expect_context(),
        }
    }

    /// Sends a request and goes on with its outcome, also when the component
    /// that sent it is gone by then. A session that has ended leads to sign-in
    /// instead.
    pub(crate) fn send<T: 'static>(
        self,
        request: impl Future<Output = Result<T, ApiError>> + 'static,
        then: impl FnOnce(Result<T, Problem>) + 'static,
    ) {
        spawn_local(async move {
            match request.await {
                Err(ApiError(problem))
                    if problem.kind == ProblemKind::Unauthenticated
                        && matches!(
                            self.session.state.get_untracked(),
                            SessionState::SignedIn(_)
                        ) =>
                {
                    self.session.expired();
                }
                outcome => then(outcome.map_err(|ApiError(problem)| problem)),
            }
        });
    }
}
