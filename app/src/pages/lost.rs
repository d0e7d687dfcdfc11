use leptos::prelude::*;

use crate::{
    components::{
        PlainPage,
        ui::{Crumb, Crumbs, EmptyState, Icon, Look, PageTitle},
    },
    routes,
    state::Project,
};

/// An address that leads nowhere.
#[component]
pub(crate) fn LostPage() -> impl IntoView {
    view! {
        <PlainPage title="There is no such page">
            <div class="grid justify-items-center gap-4 text-center">
                <p class="text-quiet">"The address may be mistyped, or the page has moved."</p>
                <a class=Look::Primary.class() href="/">"Go to the console"</a>
            </div>
        </PlainPage>
    }
}

/// An address of a project that leads nowhere.
#[component]
pub(crate) fn LostProjectPage() -> impl IntoView {
    let slug = expect_context::<Project>().slug();
    expect_context::<Crumbs>()
        .0
        .set(vec![Crumb::here("Not found")]);
    view! {
        <div class="sr-only"><PageTitle title="There is no such page" /></div>
        <div class="card">
            <EmptyState
                icon=Icon::Search
                title="There is no such page"
                advice="The address may be mistyped, or what it showed is gone."
            >
                <a class=Look::Primary.class() href=routes::integrations(slug.as_str())>
                    "Go to integrations"
                </a>
            </EmptyState>
        </div>
    }
}
