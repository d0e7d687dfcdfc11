use std::{future::Future, pin::Pin};

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
        self.wait(Box::pin(request), Box::new(then));
    }

    /// Boxed: one piece of code for all that answers alike.
    fn wait<T: 'static>(
        self,
        request: Pin<Box<dyn Future<Output = Result<T, ApiError>>>>,
        then: Box<dyn FnOnce(Result<T, Problem>)>,
    ) {
        spawn_local(async move {
            match request.await {
                Ok(answer) => then(Ok(answer)),
                Err(ApiError(problem)) if self.is_over(&problem) => self.session.expired(),
                Err(ApiError(problem)) => then(Err(problem)),
            }
        });
    }

    fn is_over(self, problem: &Problem) -> bool {
        problem.kind == ProblemKind::Unauthenticated
            && self
                .session
                .state
                .with_untracked(|state| matches!(state, SessionState::SignedIn(_)))
    }
}
