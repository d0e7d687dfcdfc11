use calibr_model::{
    Role,
    status::{IntegrationStatus, RunType, SyncStatus},
    views::IntegrationView,
};
use leptos::prelude::*;

use super::{StoreActions, StoreDialogs, facts::StoreFacts};
use crate::{
    components::{
        connect::Connect,
        runs::{PlanDialog, RunProgress, Wanted},
        ui::{Button, Glyph, Icon, Look, Menu, MenuItem, MenuLink, Note, Pill, Size, pill},
    },
    routes,
    state::Project,
    text::{
        number::counted,
        words::{Tone, Worded},
    },
};

/// One connected store on its platform's card. Moves by itself while a sync runs.
#[component]
pub(crate) fn StoreRow(
    /// The store; the row goes with it.
    #[prop(into)]
    store: Signal<IntegrationView>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let first = store.read_untracked();
    let history = routes::history(project.slug().as_str(), first.id);
    drop(first);

    let name = Memo::new(move |_| store.with(|store| store.name.clone()));
    let address = Memo::new(move |_| store.with(|store| store.address.clone()));
    let detail = Memo::new(move |_| store.with(word));
    let progress = Memo::new(move |_| store.with(|store| store.progress.clone()));
    let has_progress = Memo::new(move |_| progress.with(Option::is_some));

    view! {
        <li class="grid gap-4 border-t border-line px-4 py-4 sm:px-5">
            <div class="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
                <div class="min-w-0 flex-1 basis-64">
                    <div class="flex flex-wrap items-center gap-x-2.5 gap-y-1">
                        <h3 dir="auto" class="min-w-0 text-lg leading-snug wrap-anywhere">
                            <a class="hover:underline" href=history.clone()>{move || name.get()}</a>
                        </h3>
                        <States store />
                    </div>
                    <p class="text-sm text-quiet wrap-anywhere">{move || address.get()}</p>
                </div>
                <RowActions store history />
            </div>
            {move || {
                detail
                    .get()
                    .map(|(tone, words)| view! { <Note tone>{words}</Note> })
            }}
            <Show when=move || has_progress.get()>
                {move || {
                    // Kept through the run: the bar must glide, not be made anew.
                    let held = progress.get_untracked();
                    held.map(|held| {
                        let latest = Memo::new(move |before: Option<&_>| {
                            progress.get().or_else(|| before.cloned()).unwrap_or_else(|| held.clone())
                        });
                        view! { <RunProgress progress=latest /> }
                    })
                }}
            </Show>
            <StoreFacts store />
        </li>
    }
}

/// What is wrong with the store, or what it does not let be done.
fn word(store: &IntegrationView) -> Option<(Tone, String)> {
    let detail = store.status_detail.clone();
    let wrong = detail.map(|words| (store.status.tone(), words));
    wrong.or_else(|| Some((Tone::Warn, store.notice.clone()?)))
}

/// What the store's states say, each in a word.
#[component]
fn States(store: Signal<IntegrationView>) -> impl IntoView {
    let project = expect_context::<Project>();
    let id = store.with_untracked(|store| store.id);
    let href = routes::conflicts_of(project.slug().as_str(), id);
    let conflicts = Memo::new(move |_| project.open_conflicts(Some(id)));
    let conflicts = move || {
        let open = conflicts.get();
        let words = || counted(open, "conflict", "conflicts");
        let class = "pill tone-warn hover:underline";
        (open > 0).then(|| view! { <a class=class href=href.clone()>{words()}</a> })
    };
    let states =
        Memo::new(move |_| store.with(|store| (store.status, store.sync_status, store.paused)));
    let pills = move || {
        let (status, sync, paused) = states.get();
        let last = match sync {
            SyncStatus::Partial => Some(("Last sync partial", Tone::Warn)),
            SyncStatus::Error => Some(("Last sync failed", Tone::Bad)),
            _ => None,
        };
        view! {
            {pill(status)}
            {sync.is_active().then(|| pill(sync))}
            {last.map(|(word, tone)| view! { <Pill word tone /> })}
            {paused.then(|| view! { <Pill word="Paused" /> })}
        }
    };
    view! {
        {pills}
        {conflicts}
    }
}

/// Whether a store has to be connected anew before it can be synced.
pub(crate) fn needs_access(status: IntegrationStatus) -> bool {
    matches!(
        status,
        IntegrationStatus::Disconnected | IntegrationStatus::Expired
    )
}

#[component]
fn RowActions(store: Signal<IntegrationView>, history: String) -> impl IntoView {
    let project = expect_context::<Project>();
    let actions = StoreActions::here();
    let dialogs = expect_context::<StoreDialogs>();
    let connect = expect_context::<Connect>();
    let may_run = project.allows(Role::Editor);
    let may_hold = project.allows(Role::Admin);
    let cancelling = RwSignal::new(false);

    let is = move |status| store.with(|store| store.status == status);
    let running = Memo::new(move |_| store.with(|store| store.sync_status.is_active()));
    let disconnected = Memo::new(move |_| is(IntegrationStatus::Disconnected));
    let needs_access = Memo::new(move |_| store.with(|store| needs_access(store.status)));
    let paused = Memo::new(move |_| store.with(|store| store.paused));
    let has_webhooks = Memo::new(move |_| store.with(|store| project.has_webhooks(store)));
    let (slug, id) = (project.slug(), store.with_untracked(|store| store.id));
    let webhooks = routes::webhooks(slug.as_str(), id);
    let settings = routes::settings(slug.as_str(), id);

    let plan = expect_context::<PlanDialog>();
    let sync = move |run_type| store.with_untracked(|store| actions.sync(store, run_type));
    let planned = move |run_type| {
        store.with_untracked(|store| plan.ask(Wanted::sync(store.id, &store.name, run_type)));
    };
    let toggle = move || store.with_untracked(|store| actions.pause(store, !store.paused));
    let cancel = move || {
        let progress = store.with_untracked(|store| store.progress.clone());
        if let Some(progress) = progress {
            cancelling.set(true);
            actions.cancel(&progress, move || cancelling.set(false));
        }
    };
    let reconnect = move || connect.anew(project, store.get_untracked());
    let leading = move || {
        if needs_access.get() {
            may_hold
                .then(|| view! { <Button label="Reconnect" icon=Icon::Plug size=Size::Small look=Look::Primary on_click=reconnect /> }
                    .into_any())
        } else if running.get() {
            may_run
                .then(|| view! { <Button label="Cancel" icon=Icon::Stop size=Size::Small busy=cancelling on_click=cancel /> }
                    .into_any())
        } else {
            may_run.then(|| {
                let sync = move || sync(RunType::Incremental);
                view! { <Button label="Sync now" icon=Icon::Sync size=Size::Small on_click=sync /> }
                    .into_any()
            })
        }
    };
    let more_label =
        Signal::derive(move || format!("More for {}", store.with(|store| store.name.clone())));
    view! {
        <div class="flex items-center gap-2">
            {leading}
            {may_hold
                .then(|| {
                    view! {
                        <Show when=move || !disconnected.get()>
                            <span class="max-sm:hidden">
                                <Button
                                    label=Signal::derive(move || {
                                        if paused.get() { "Resume" } else { "Pause" }.to_owned()
                                    })
                                    icon=Signal::derive(move || {
                                        if paused.get() { Icon::Play } else { Icon::Pause }
                                    })
                                    size=Size::Small
                                    on_click=toggle
                                />
                            </span>
                        </Show>
                    }
                })}
            <a class="btn btn-plain max-sm:hidden" data-size="small" href=history.clone()>
                <Glyph icon=Icon::History />
                "History"
            </a>
            <a
                class="btn btn-plain sm:hidden"
                data-size="small"
                data-shape="square"
                aria-label="History"
                href=history
            >
                <Glyph icon=Icon::History />
            </a>
            <Menu
                label=more_label
                class="btn btn-plain"
                square=true
                small=true
                face=move || view! { <Glyph icon=Icon::Dots /> }
            >
                <MenuLink href=settings>
                    <Glyph icon=Icon::Settings />
                    "Settings"
                </MenuLink>
                <Show when=move || has_webhooks.get()>
                    <MenuLink href=webhooks.clone()>
                        <Glyph icon=Icon::Bolt />
                        "Webhooks"
                    </MenuLink>
                </Show>
                {may_run
                    .then(|| {
                        view! {
                            <Show when=move || !disconnected.get()>
                                <MenuItem
                                    label="Plan a sync…"
                                    icon=Icon::Sync
                                    on_click=move || planned(RunType::Incremental)
                                />
                                <MenuItem
                                    label="Full sync…"
                                    icon=Icon::Sync
                                    on_click=move || planned(RunType::Full)
                                />
                            </Show>
                        }
                    })}
                {may_hold
                    .then(|| {
                        view! {
                            <Show when=move || !disconnected.get()>
                                <MenuItem
                                    label=Signal::derive(move || {
                                        if paused.get() { "Resume schedule" } else { "Pause schedule" }
                                            .to_owned()
                                    })
                                    icon=Signal::derive(move || {
                                        if paused.get() { Icon::Play } else { Icon::Pause }
                                    })
                                    on_click=toggle
                                />
                            </Show>
                            <MenuItem
                                label="Rename"
                                icon=Icon::Pencil
                                on_click=move || dialogs.rename(store.get_untracked())
                            />
                            <MenuItem label="Reconnect" icon=Icon::Key on_click=reconnect />
                            <Show when=move || !disconnected.get()>
                                <div class="menu-line" role="separator"></div>
                                <MenuItem
                                    label="Disconnect"
                                    icon=Icon::Unplug
                                    danger=true
                                    on_click=move || dialogs.disconnect(store.get_untracked())
                                />
                            </Show>
                        }
                    })}
            </Menu>
        </div>
    }
}
