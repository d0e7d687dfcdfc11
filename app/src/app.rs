use leptos::prelude::*;

use crate::{
    components::ui::{ToastRegion, Visited},
    pages::{Home, LostPage, ProjectFrame, SetUp, SignIn},
    routes::Place,
    state::{Address, provide_app_state},
};

/// The whole console.
#[component]
pub fn App() -> impl IntoView {
    provide_app_state();
    provide_context(Visited(StoredValue::new(false)));
    view! {
        <Page />
        <ToastRegion />
    }
}

/// The page that the address shows. A project's frame stays while one goes from
/// page to page in it.
#[component]
fn Page() -> impl IntoView {
    let Address { path, .. } = expect_context();
    let place = Memo::new(move |_| path.with(|path| Place::of(path)));
    let section = Memo::new(move |_| match place.get() {
        Place::Project(slug, _) => Section::Project(slug),
        other => Section::Other(other),
    });
    move || match section.get() {
        Section::Project(slug) => view! { <ProjectFrame slug place /> }.into_any(),
        Section::Other(Place::Home) => view! { <Home /> }.into_any(),
        Section::Other(Place::SetUp) => view! { <SetUp /> }.into_any(),
        Section::Other(Place::SignIn) => view! { <SignIn /> }.into_any(),
        Section::Other(_) => view! { <LostPage /> }.into_any(),
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Section {
    Project(String),
    Other(Place),
}
