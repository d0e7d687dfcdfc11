use calibr_model::{
    Problem, ProblemKind, ProjectSlug, SlugError,
    form::{LoginForm, SetupForm},
};
use calibr_services::{Actor, Services, account};

const EMAIL: &str = "owner@demo.calibr.example";
const PASSWORD: &str = "calibr-demo";
const PROJECT: &str = "demo";

/// The demo's owner, made where nobody is there yet.
///
/// # Errors
/// A problem in words where the data belongs to somebody else.
pub(super) async fn sign_in(services: &Services) -> Result<Actor, Problem> {
    let me = if account::setup_state(services).await?.needs_setup {
        account::set_up(services, form()).await?
    } else {
        let form = LoginForm {
            email: EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
        };
        account::sign_in(services, form).await.map_err(not_a_demo)?
    };
    let slug: ProjectSlug = PROJECT
        .parse()
        .map_err(|error: SlugError| Problem::new(ProblemKind::Internal, error.to_string()))?;
    services.actor(me.id, &slug).await
}

fn form() -> SetupForm {
    SetupForm {
        name: "Demo Owner".to_owned(),
        email: EMAIL.to_owned(),
        password: PASSWORD.to_owned(),
        project_name: "Nordlicht Outdoor".to_owned(),
        project_slug: PROJECT.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
    }
}

fn not_a_demo(problem: Problem) -> Problem {
    if problem.kind != ProblemKind::Unauthenticated {
        return problem;
    }
    Problem::new(
        ProblemKind::Conflict,
        "the data here has an owner of its own, and the demo does not mix with it. Leave --demo out, or give the demo \
         a directory of its own with --data-dir",
    )
}
