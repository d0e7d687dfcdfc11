use calibr_model::{
    Role,
    platform::PlatformInfo,
    views::{IntegrationCounters, IntegrationView},
};
use leptos::prelude::*;

use crate::{
    components::{
        PageHeader,
        connect::Connect,
        runs::RecentRuns,
        store::{ConnectOutcome, PlatformCard},
        ui::{Counter, Crumb, Crumbs, GhostLines, Glyph, Icon, Loaded, Look, Menu, MenuItem},
    },
    state::Project,
    text::words::Tone,
};

/// `/p/{slug}/integrations`: every store, and how its catalogue is doing. Moves
/// by itself.
#[component]
pub(crate) fn Integrations() -> impl IntoView {
    let project = expect_context::<Project>();
    expect_context::<Crumbs>()
        .0
        .set(vec![Crumb::here("Integrations")]);

    let is_first_visit = Memo::new(move |_| {
        project
            .integrations
            .with(|all| all.is_none_or(Vec::is_empty))
    });
    view! {
        <PageHeader
            title="Integrations"
            about=|| "Every store you sell on, and how its catalogue is doing."
        >
            <ConnectMenu />
        </PageHeader>
        <ConnectOutcome />
        <Counters />
        <Loaded loading=project.platforms.loading skeleton=PlatformGhosts>
            <Loaded loading=project.integrations.loading skeleton=PlatformGhosts>
                <Show when=move || is_first_visit.get()>
                    <FirstVisit />
                </Show>
                <Platforms />
                <Show when=move || !is_first_visit.get()>
                    <RecentRuns />
                </Show>
            </Loaded>
        </Loaded>
    }
}

#[component]
fn ConnectMenu() -> impl IntoView {
    let project = expect_context::<Project>();
    let connect = expect_context::<Connect>();
    if !project.allows(Role::Admin) {
        return ().into_any();
    }
    let items = move || {
        let platforms = project.platforms.get().unwrap_or_default();
        let item = |platform: PlatformInfo| {
            let label = platform.name.clone();
            let open = move || connect.store(platform.clone());
            view! { <MenuItem label icon=Icon::Plug on_click=open /> }.into_any()
        };
        platforms.into_iter().map(item).collect_view()
    };
    view! {
        <Menu
            label="Connect a store"
            worded=true
            class=Look::Primary.class()
            face=|| view! { <Glyph icon=Icon::Plus /> "Connect a store" }
        >
            {items}
        </Menu>
    }
    .into_any()
}

#[component]
fn Counters() -> impl IntoView {
    let project = expect_context::<Project>();
    let of = move |figure: fn(IntegrationCounters) -> i64| {
        let counted = move |all: &Vec<IntegrationView>| figure(IntegrationCounters::of(all));
        Signal::derive(move || project.integrations.with(|all| all.map(counted)))
    };
    view! {
        <dl class="grid grid-cols-2 gap-3 sm:grid-cols-4 sm:gap-4">
            <Counter label="Stores" value=of(|all| all.total) />
            <Counter label="Connected" value=of(|all| all.connected) tone=Tone::Good />
            <Counter label="Syncing" value=of(|all| all.syncing) tone=Tone::Info live=true />
            <Counter label="Errors" value=of(|all| all.errors) tone=Tone::Bad />
        </dl>
    }
}

/// What to do when there is no store yet.
#[component]
fn FirstVisit() -> impl IntoView {
    const STEPS: [(&str, &str); 3] = [
        (
            "Connect a store",
            "By its own consent page, or with a token you make there.",
        ),
        (
            "Watch the catalogue arrive",
            "Products, variants, prices and stock, live.",
        ),
        (
            "Keep it in step",
            "Syncs run on schedule from then on, or when you say so.",
        ),
    ];
    view! {
        <section class="card overflow-clip">
            <div class="border-b border-line bg-accent-soft px-5 py-7 sm:px-8">
                <h2 class="text-xl">"Connect your first store"</h2>
                <p class="mt-1 max-w-xl text-quiet">
                    "Calibr reads its catalogue and keeps it fresh. Nothing in the store is changed."
                </p>
            </div>
            <ol class="grid gap-5 px-5 py-6 sm:grid-cols-3 sm:px-8">
                {STEPS
                    .iter()
                    .enumerate()
                    .map(|(index, (title, text))| {
                        view! {
                            <li class="flex gap-3">
                                <span class="grid size-6 shrink-0 place-items-center rounded-full bg-shape text-xs font-semibold">
                                    {index + 1}
                                </span>
                                <div>
                                    <p class="font-medium">{*title}</p>
                                    <p class="text-sm text-quiet">{*text}</p>
                                </div>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </section>
    }
}

#[component]
fn Platforms() -> impl IntoView {
    let project = expect_context::<Project>();
    let cards = move || {
        let platforms = project.platforms.get().unwrap_or_default();
        let card = |platform| view! { <PlatformCard platform /> }.into_any();
        platforms.into_iter().map(card).collect_view()
    };
    view! {
        <section aria-label="Platforms" class="flex flex-wrap gap-4">{cards}</section>
    }
}

#[component]
fn PlatformGhosts() -> impl IntoView {
    view! {
        <div class="card grid gap-6 p-5">
            <GhostLines />
            <GhostLines lines=4 />
        </div>
    }
}
