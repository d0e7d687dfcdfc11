//! First start, signing in, and who is signed in.

use calibr_model::{
    FieldError, Problem, ProblemKind, ProjectId, ProjectSlug, Role, UserId,
    form::{LoginForm, SetupForm},
    views::{Me, SetupState},
};
use calibr_store::accounts::UserRecord;
use chrono_tz::Tz;
use secrecy::SecretString;

use crate::Services;

/// Whether this installation waits for its owner.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn setup_state(services: &Services) -> Result<SetupState, Problem> {
    let mut tx = services.db.system().await?;
    Ok(SetupState {
        needs_setup: !tx.any_user().await?,
    })
}

/// Makes the owner and their first project. Of two who try at once, one becomes
/// the owner.
///
/// # Errors
/// `invalid` with the fields at fault; `conflict` where there is an owner.
pub async fn set_up(services: &Services, form: SetupForm) -> Result<Me, Problem> {
    let mut faults = form.faults();
    let time_zone = form.time_zone.trim();
    if !time_zone.is_empty() && time_zone.parse::<Tz>().is_err() {
        faults.push(FieldError {
            field: "time_zone".to_owned(),
            message: "There is no such time zone; give an IANA name such as Europe/Berlin."
                .to_owned(),
        });
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if !setup_state(services).await?.needs_setup {
        return Err(set_up_already());
    }
    let project_name = form.project_name.trim();
    let slug: ProjectSlug = match form.project_slug.trim() {
        "" => ProjectSlug::suggest(project_name),
        typed => typed.parse().map_err(|error| {
            Problem::invalid(vec![FieldError {
                field: "project_slug".to_owned(),
                message: format!("{error}."),
            }])
        })?,
    };
    let password = SecretString::from(form.password.clone());
    let user = UserRecord {
        id: services.sources.id(),
        email: form.email.trim().to_owned(),
        name: form.name.trim().to_owned(),
        password_hash: services.passwords.hash(password).await?,
    };
    let project: ProjectId = services.sources.id();
    let now = services.sources.now();

    let mut tx = services.db.system().await?;
    tx.lock_setup().await?;
    if tx.any_user().await? {
        return Err(set_up_already());
    }
    tx.add_user(&user, now).await?;
    let mut tx = tx.into_tenant(project).await?;
    tx.add_project(&slug, project_name, time_zone, now).await?;
    tx.add_member(user.id, Role::Owner, now).await?;
    tx.commit().await?;
    tracing::info!(user = %user.id, %project, "the first owner was made");
    me(services, user.id).await
}

fn set_up_already() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "This console has an owner already. Sign in.",
    )
}

/// Who has this address and password. A wrong address and a wrong password are
/// told alike and take equally long.
///
/// # Errors
/// `invalid` where the form is not filled; `unauthenticated` where they do not
/// belong together.
pub async fn sign_in(services: &Services, form: LoginForm) -> Result<Me, Problem> {
    let faults = form.faults();
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let mut tx = services.db.system().await?;
    let user = tx.user_by_email(form.email.trim()).await?;
    drop(tx);
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let password = SecretString::from(form.password);
    let fits = services.passwords.fits(password, hash).await?;
    match user {
        Some(user) if fits => me(services, user.id).await,
        _ => Err(Problem::new(
            ProblemKind::Unauthenticated,
            "That email address and password do not belong together. Check both and try again.",
        )),
    }
}

/// The signed-in person and their projects.
///
/// # Errors
/// `unauthenticated` where the account is gone.
pub async fn me(services: &Services, user: UserId) -> Result<Me, Problem> {
    let mut tx = services.db.person(user).await?;
    let record = tx.user_record().await?.ok_or_else(nobody)?;
    Ok(Me {
        id: record.id,
        name: record.name,
        email: record.email,
        projects: tx.memberships().await?,
    })
}

/// The account behind a session is gone.
pub(crate) fn nobody() -> Problem {
    Problem::new(
        ProblemKind::Unauthenticated,
        "This account is no longer there. Sign in with another.",
    )
}
