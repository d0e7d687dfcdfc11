use calibr_model::{
    IntegrationId, Page, PageRequest, Role,
    status::{RunType, SyncStatus},
    views::{RunQuery, RunView},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        connect::Connect,
        runs::{RunDuration, RunItems, run_ids, run_of},
        store::{StoreActions, needs_access, store_about},
        ui::{
            Button, Chips, Column, Crumb, Crumbs, Each, EmptyState, FilterSelect, Glyph, Icon,
            Look, PagedTable, pill,
        },
    },
    routes,
    state::{Address, Paging, Project, Query, query},
    text::{
        number::grouped,
        time::{Style, written},
        words::{Worded, run_type, trigger},
    },
};

const COLUMNS: &[Column] = &[
    Column::text("Started"),
    Column::text("Type"),
    Column::text("Trigger"),
    Column::text("Status"),
    Column::number("Items"),
    Column::number("Failed"),
    Column::number("Duration"),
];

/// The states one can filter by; a run is never idle.
const STATES: [SyncStatus; 6] = [
    SyncStatus::Success,
    SyncStatus::Partial,
    SyncStatus::Error,
    SyncStatus::Cancelled,
    SyncStatus::Syncing,
    SyncStatus::Queued,
];

/// `/p/{slug}/integrations/{id}/history`: every run of one store, newest first.
#[component]
pub(crate) fn SyncHistory(
    /// The store.
    id: IntegrationId,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let Crumbs(crumbs) = expect_context::<Crumbs>();
    let slug = project.slug();
    let store = Memo::new(move |_| project.integration(id));
    Effect::new({
        let home = routes::integrations(slug.as_str());
        move |_| {
            let name = store.with(|store| store.as_ref().map(|store| store.name.clone()));
            let mut way = vec![Crumb::to("Integrations", home.clone())];
            way.extend(name.map(Crumb::here));
            way.push(Crumb::here("Sync history"));
            crumbs.set(way);
        }
    });

    let address = expect_context::<Address>();
    let states = Memo::new(move |_| address.value("status"));
    let kind = Memo::new(move |_| address.value("type"));
    let paging = Paging::here();
    let runs = query(
        {
            let slug = slug.clone();
            move || {
                let filters = [states.get(), kind.get(), paging.cursor.get()];
                Some(format!("{slug}/runs of {id}?{}", filters.join("&")))
            }
        },
        move || {
            let states = states.get_untracked();
            let wanted = RunQuery {
                status: states
                    .split(',')
                    .filter_map(|word| word.parse().ok())
                    .collect(),
                r#type: kind.get_untracked().parse().ok(),
            };
            let page = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::syncs::list_syncs(slug.clone(), id, wanted, page)
        },
    );
    project.follow_runs(
        runs,
        move |progress| progress.integration_id == id,
        |page: &mut Page<RunView>, run| page.items.iter_mut().find(|one| one.id == run),
    );

    let about = move || store.get().map(store_about);
    view! {
        <PageHeader title="Sync history" about=move || about.into_any()>
            <WebhooksLink id />
            <SyncButtons id />
        </PageHeader>
        <section class="card overflow-clip">
            <Filters paging states kind />
            <Runs
                paging
                runs
                filtered=Signal::derive(move || !states.read().is_empty() || !kind.read().is_empty())
            />
        </section>
    }
}

/// The way to what the store sends, where it sends anything.
#[component]
fn WebhooksLink(id: IntegrationId) -> impl IntoView {
    let project = expect_context::<Project>();
    let there = Memo::new(move |_| {
        let store = project.integration(id);
        store.is_some_and(|store| project.has_webhooks(&store))
    });
    let href = routes::webhooks(project.slug().as_str(), id);
    view! {
        <Show when=move || there.get()>
            <a class=Look::Plain.class() href=href.clone()>
                <Glyph icon=Icon::Bolt />
                "Webhooks"
            </a>
        </Show>
    }
}

#[component]
fn SyncButtons(id: IntegrationId) -> impl IntoView {
    let project = expect_context::<Project>();
    let actions = StoreActions::here();
    let connect = expect_context::<Connect>();
    if !project.allows(Role::Editor) {
        return ().into_any();
    }
    let store = move || untrack(|| project.integration(id));
    let running = Memo::new(move |_| {
        project
            .integration(id)
            .is_some_and(|store| store.sync_status.is_active())
    });
    let sync = move |run_type| {
        if let Some(store) = store() {
            actions.sync(&store, run_type);
        }
    };
    let is_cut_off = Memo::new(move |_| {
        project
            .integration(id)
            .is_some_and(|store| needs_access(store.status))
    });
    let reconnect = move || {
        if let Some(store) = store() {
            connect.anew(project, store);
        }
    };
    let buttons = move || {
        if is_cut_off.get() {
            let may_connect = project.allows(Role::Admin);
            may_connect
                .then(|| view! { <Button label="Reconnect" icon=Icon::Plug look=Look::Primary on_click=reconnect /> })
                .into_any()
        } else {
            view! {
                <Button label="Full sync" disabled=running on_click=move || sync(RunType::Full) />
                <Button
                    label=Signal::derive(move || if running.get() { "Syncing" } else { "Sync now" }.to_owned())
                    icon=Icon::Sync
                    look=Look::Primary
                    disabled=running
                    on_click=move || sync(RunType::Incremental)
                />
            }
            .into_any()
        }
    };
    buttons.into_any()
}

#[component]
fn Filters(paging: Paging, states: Memo<String>, kind: Memo<String>) -> impl IntoView {
    let toggle = move |status: &'static str| {
        let mut chosen: Vec<String> = states
            .get_untracked()
            .split(',')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        match chosen.iter().position(|word| *word == status) {
            Some(index) => drop(chosen.remove(index)),
            None => chosen.push(status.to_owned()),
        }
        paging.filter("status", &chosen.join(","));
    };
    let kinds = || {
        let all = [(String::new(), "All types".to_owned())];
        let types = RunType::ALL
            .iter()
            .map(|one| (one.to_string(), run_type(*one).to_owned()));
        all.into_iter().chain(types).collect::<Vec<_>>()
    };
    view! {
        <div class="flex flex-wrap items-center gap-3 border-b border-line px-4 py-3">
            <Chips
                label="Filter by status"
                options=STATES.map(|status| (status.as_str(), status.word().to_owned())).to_vec()
                pressed=move |status| states.with(|states| states.split(',').any(|word| word == status))
                on_press=toggle
            />
            <div class="ml-auto">
                <FilterSelect
                    label="Filter by type"
                    value=kind
                    options=Signal::derive(kinds)
                    on_change=move |kind: String| paging.filter("type", &kind)
                />
            </div>
        </div>
    }
}

#[component]
fn Runs(paging: Paging, runs: Query<Page<RunView>>, filtered: Signal<bool>) -> impl IntoView {
    let ids = run_ids(move || {
        runs.with(|page| page.map(|page| page.items.iter().map(|run| run.id).collect()))
    });
    let row = move |id| {
        let run = run_of(id, move |find| {
            runs.with(|page| page?.items.iter().find(find).cloned())
        });
        view! { <Row run /> }.into_any()
    };
    let nothing = move || {
        let (title, advice) = if filtered.get() {
            ("No run fits the filters", "Take a filter away to see more.")
        } else {
            (
                "No sync yet",
                "The first run starts when the store is connected; Sync now starts one at once.",
            )
        };
        view! { <EmptyState icon=Icon::History title advice /> }
    };
    view! {
        <PagedTable
            list=runs
            paging
            what="runs"
            caption="Sync runs"
            columns=COLUMNS
            nothing
            rows=move || view! { <Each ids view=row /> }
        />
    }
}

#[component]
fn Row(run: Signal<Option<RunView>>) -> impl IntoView {
    let project = expect_context::<Project>();
    let first = run.get_untracked()?;
    let href = routes::run(project.slug().as_str(), first.integration_id, first.id);
    let zone = project.time_zone();
    let at = written(
        first.started_at.unwrap_or(first.queued_at),
        &zone,
        Style::Short,
    );
    let status = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.status)));
    let failed = Memo::new(move |_| run.with(|run| run.as_ref().map_or(0, |run| run.items_failed)));
    let error = Memo::new(move |_| run.with(|run| run.as_ref().and_then(|run| run.error.clone())));
    Some(view! {
        <tr>
            <td data-wide="" class="whitespace-nowrap">
                <a class="row-link" href=href>{at}</a>
            </td>
            <td class="text-quiet">{run_type(first.r#type)}</td>
            <td dir="auto" class="text-quiet" data-end="">{trigger(&first)}</td>
            <td data-wide="" class="md:max-w-72">
                {move || status.get().map(pill)}
                {move || {
                    error
                        .get()
                        .map(|error| view! { <p class="mt-1 line-clamp-2 text-sm text-quiet">{error}</p> })
                }}
            </td>
            <td class="num" data-label="Items"><RunItems run /></td>
            <td class="num" data-label="Failed" data-end="">
                <span class=("text-bad-text", move || failed.get() > 0) class=("font-medium", move || failed.get() > 0)>
                    {move || grouped(failed.get())}
                </span>
            </td>
            <td class="num whitespace-nowrap" data-label="Took"><RunDuration run /></td>
        </tr>
    })
}
