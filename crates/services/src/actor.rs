//! Who asks, and in which project.

use calibr_model::{
    Problem, ProblemKind, ProjectId, ProjectSlug, Role, UserId,
    views::{Membership, ProjectView},
};

use crate::{Services, account};

/// A person at work in one of their projects. There is none for a project that
/// is not theirs.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// The project.
    pub project: ProjectView,
    /// What they may do there.
    pub role: Role,
}

impl Actor {
    /// Goes on only where the role is `needed` or more. `what` completes "An
    /// editor may not …".
    pub(crate) fn must_be(&self, needed: Role, what: &str) -> Result<(), Problem> {
        if self.role.allows(needed) {
            return Ok(());
        }
        Err(Problem::new(
            ProblemKind::Forbidden,
            format!(
                "Your role in {} is {}; to {what} takes {needed} or more. Ask an owner of the \
                 project.",
                self.project.name, self.role
            ),
        ))
    }
}

impl Services {
    /// The person as a member of the project with this address.
    ///
    /// # Errors
    /// `not-found` where there is no such project or it is not theirs: both are
    /// told alike.
    pub async fn actor(&self, user: UserId, slug: &ProjectSlug) -> Result<Actor, Problem> {
        let mut tx = self.db.person(user).await?;
        let name = tx.user_record().await?.map(|user| user.name);
        let membership = tx.membership(slug).await?;
        member(user, name, membership)
    }

    /// The same by the project's id.
    pub(crate) async fn actor_in(
        &self,
        user: UserId,
        project: ProjectId,
    ) -> Result<Actor, Problem> {
        let mut tx = self.db.person(user).await?;
        let name = tx.user_record().await?.map(|user| user.name);
        let memberships = tx.memberships().await?;
        let membership = memberships
            .into_iter()
            .find(|membership| membership.project.id == project);
        member(user, name, membership)
    }
}

fn member(
    user: UserId,
    name: Option<String>,
    membership: Option<Membership>,
) -> Result<Actor, Problem> {
    let name = name.ok_or_else(account::nobody)?;
    let Membership { project, role } = membership.ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            "There is no such project, or you do not belong to it.",
        )
    })?;
    Ok(Actor {
        user,
        name,
        project,
        role,
    })
}
