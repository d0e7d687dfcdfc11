use std::sync::Arc;

use calibr_model::{Problem, ProblemKind, ProjectSlug, UserId};
use calibr_services::{Actor, Services};
use leptos::prelude::expect_context;

use super::{CurrentSession, SessionPort};

/// Who asks for something within a project, and whom to ask.
pub(crate) struct Caller {
    /// What can be asked for.
    pub(crate) services: Services,
    /// The signed-in person, with their role in the project.
    pub(crate) actor: Actor,
}

impl Caller {
    /// The signed-in person as a member of `project`.
    ///
    /// # Errors
    /// `unauthenticated` where nobody is signed in; `not-found` where the
    /// project is not theirs.
    pub(crate) async fn of(project: &ProjectSlug) -> Result<Self, Problem> {
        let services = services();
        let actor = services.actor(signed_in()?, project).await?;
        Ok(Self { services, actor })
    }
}

/// The services, for what belongs to no project.
pub(crate) fn services() -> Services {
    expect_context()
}

/// The session of the browser that asks.
pub(crate) fn session() -> Arc<dyn SessionPort> {
    expect_context::<CurrentSession>().0
}

/// Who is signed in.
///
/// # Errors
/// `unauthenticated` where nobody is.
pub(crate) fn signed_in() -> Result<UserId, Problem> {
    session().user().ok_or_else(|| {
        Problem::new(
            ProblemKind::Unauthenticated,
            "You are not signed in, or the session has ended. Sign in and try again.",
        )
    })
}
