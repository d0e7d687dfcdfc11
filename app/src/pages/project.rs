use calibr_model::views::Membership;
use leptos::prelude::*;

use super::{
    Integrations, LostProjectPage,
    home::SessionWait,
    later::{Code, later},
};
use crate::{
    components::{
        PlainPage,
        connect::{Connect, ConnectDialog},
        frame::{Palette, PaletteDialog, Side, Top, UnsavedDialog},
        price::PriceFile,
        runs::{PlanDialog, PlanDialogView},
        store::{StoreDialogs, StoreDialogsView},
        ui::{Banner, Crumbs, Dialog, DialogKind, Look},
    },
    routes::{self, Place, ProjectPlace},
    state::{Address, Project, Session, SessionState},
};

/// `/p/{slug}/…`: the frame around a project's pages. Whoever is not signed in
/// signs in first and comes back.
#[component]
pub(crate) fn ProjectFrame(
    /// The project's address.
    slug: String,
    /// The page that is open.
    place: Memo<Place>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();

    Effect::new(move |_| {
        if session
            .state
            .with(|state| *state == SessionState::SignedOut)
        {
            let next = String::from(js_sys::encode_uri_component(&address.here()));
            address.lead(&format!("{}?next={next}", routes::SIGN_IN));
        }
    });

    move || match session.state.get() {
        SessionState::SignedIn(me) => {
            match me
                .projects
                .into_iter()
                .find(|one| one.project.slug.as_str() == slug)
            {
                Some(membership) => view! { <Frame membership place /> }.into_any(),
                None => view! { <NoProject /> }.into_any(),
            }
        }
        _ => view! { <SessionWait /> }.into_any(),
    }
}

#[component]
fn Frame(membership: Membership, place: Memo<Place>) -> impl IntoView {
    let slug = membership.project.slug.clone();
    provide_context(Project::open(membership));
    provide_context(Crumbs(RwSignal::new(Vec::new())));
    provide_context(Palette::new());
    provide_context(Connect::new());
    provide_context(StoreDialogs::new());
    provide_context(PlanDialog::new());
    provide_context(PriceFile::new());

    let drawer = RwSignal::new(false);
    Effect::new(move |_| {
        place.track();
        drawer.set(false);
    });
    let address = expect_context::<Address>();
    // A page stays while one goes from one of its tabs to another.
    let shown = Memo::new(move |_| match place.get() {
        Place::Project(_, place) => place.page(),
        _ => ProjectPlace::Lost,
    });
    let page = move || match shown.get() {
        ProjectPlace::Home => {
            address.lead(&routes::integrations(slug.as_str()));
            ().into_any()
        }
        ProjectPlace::Integrations => view! { <Integrations /> }.into_any(),
        place => match Code::of(&place) {
            Some(code) => later(place, code),
            None => view! { <LostProjectPage /> }.into_any(),
        },
    };
    view! {
        <a class="skip btn btn-primary" href="#content">"Skip to content"</a>
        <div class="lg:grid lg:grid-cols-[var(--side)_minmax(0,1fr)]">
            <aside
                aria-label="Navigation"
                class="sticky top-0 hidden h-dvh border-r border-line bg-panel lg:block"
            >
                <Side />
            </aside>
            <div class="min-w-0">
                <Top drawer />
                <Banner />
                <main
                    id="content"
                    tabindex="-1"
                    class="mx-auto grid max-w-6xl grid-cols-1 gap-6 p-4 pb-24 outline-none sm:p-6 sm:pb-24"
                >
                    {page}
                </main>
            </div>
        </div>
        <Dialog open=drawer title="Navigation" kind=DialogKind::Drawer>
            <Side />
        </Dialog>
        <PaletteDialog />
        <ConnectDialog />
        <StoreDialogsView />
        <UnsavedDialog />
        <PlanDialogView />
    }
}

#[component]
fn NoProject() -> impl IntoView {
    let memberships = expect_context::<Session>()
        .me()
        .map(|me| me.projects)
        .unwrap_or_default();
    let advice = if memberships.is_empty() {
        "Ask the owner of the project to add you."
    } else {
        "The address may be mistyped, or you no longer belong to it. Your projects:"
    };
    view! {
        <PlainPage title="There is no such project">
            <div class="grid grid-cols-1 gap-4">
                <p class="text-center text-quiet">{advice}</p>
                {memberships
                    .into_iter()
                    .map(|Membership { project, .. }| {
                        let href = routes::integrations(project.slug.as_str());
                        let class = format!("{} whitespace-normal", Look::Plain.class());
                        view! { <a class=class href=href dir="auto">{project.name}</a> }
                    })
                    .collect_view()}
            </div>
        </PlainPage>
    }
}
