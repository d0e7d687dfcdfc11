use calibr_model::{
    IntegrationId, Page, PageRequest, Problem, ProblemKind, Role, status::RunType, views::RunView,
};
use leptos::prelude::*;

use crate::{
    api,
    charts::RunCharts,
    components::{
        PageHeader,
        connect::Connect,
        runs::{RunFigures, RunFilters, RunGraphs, RunTable, RunsFilter},
        store::{StoreActions, StoreLine, needs_access},
        ui::{Button, Crumb, Crumbs, EmptyState, Glyph, Icon, Look, TabPanel, Tabs},
    },
    routes,
    state::{Address, Paging, Project, Query, query},
};

/// The views of a history, as the address names them.
const VIEW: &str = "view";
const RUNS: &str = "runs";
const CHARTS: &str = "charts";

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

    let paging = Paging::here();
    let filter = RunsFilter::here(paging);
    let runs: Query<Page<RunView>> = query(
        {
            let slug = slug.clone();
            move || {
                let page = paging.cursor.get();
                Some(format!("{slug}/runs of {id}?{}&{page}", filter.query()))
            }
        },
        {
            let slug = slug.clone();
            move || {
                let page = PageRequest {
                    limit: None,
                    cursor: paging.request(),
                };
                let asked = filter.asked.get_untracked();
                api::syncs::list_syncs(slug.clone(), id, asked, page)
            }
        },
    );
    project.follow_runs(
        runs,
        move |progress| progress.integration_id == id,
        |page: &mut Page<RunView>, run| page.items.iter_mut().find(|one| one.id == run),
    );
    let charts: Query<RunCharts> = query(
        {
            let slug = slug.clone();
            move || Some(format!("{slug}/charts of {id}?{}", filter.query()))
        },
        move || api::syncs::sync_charts(slug.clone(), id, filter.asked.get_untracked()),
    );
    // Figures are of runs that have ended.
    project.follow_runs(
        charts,
        move |progress| progress.integration_id == id && progress.status.is_final(),
        |_, _| None,
    );
    let unfit = Memo::new(move |_| {
        let error = runs.loading.error.get();
        error.filter(|problem| problem.kind == ProblemKind::Invalid)
    });

    let about = move || view! { <StoreLine id /> };
    view! {
        <PageHeader title="Sync history" about=move || about.into_any()>
            <FileLink id filter />
            <SettingsLink id />
            <WebhooksLink id />
            <SyncButtons id />
        </PageHeader>
        <section class="card" aria-label="Filters">
            <RunFilters filter />
        </section>
        {move || match unfit.get() {
            Some(problem) => view! { <Unfit problem filter /> }.into_any(),
            None => view! { <Views runs charts filter paging /> }.into_any(),
        }}
    }
}

/// The address asks for what there cannot be.
#[component]
fn Unfit(problem: Problem, filter: RunsFilter) -> impl IntoView {
    view! {
        <section class="card">
            <EmptyState icon=Icon::Alert title="These filters cannot be used" advice=problem.detail>
                <Button label="Clear filters" on_click=move || filter.clear() />
            </EmptyState>
        </section>
    }
}

/// The figures, and under them the runs or their charts.
#[component]
fn Views(
    runs: Query<Page<RunView>>,
    charts: Query<RunCharts>,
    filter: RunsFilter,
    paging: Paging,
) -> impl IntoView {
    let address = expect_context::<Address>();
    let open = Memo::new(move |_| match address.value(VIEW).as_str() {
        CHARTS => CHARTS,
        _ => RUNS,
    });
    let selected = RwSignal::new(open.get_untracked());
    // The address says which is open, and a tab changes the address.
    Effect::new(move |_| selected.set(open.get()));
    Effect::new(move |before: Option<&'static str>| {
        let now = selected.get();
        if before.is_some_and(|before| before != now) && now != open.get_untracked() {
            address.amend(&[(VIEW, if now == CHARTS { CHARTS } else { "" })]);
        }
        now
    });
    // Charts take code of their own to draw: none of it before they are asked for.
    let drawn = Memo::new(move |before: Option<&bool>| {
        before.copied().unwrap_or_default() || selected.get() == CHARTS
    });
    view! {
        <RunFigures charts />
        <div class="grid gap-4">
            <Tabs
                label="Views of the history"
                stem="history"
                tabs=vec![(RUNS, "Runs"), (CHARTS, "Charts")]
                selected
            />
            <TabPanel stem="history" key=RUNS selected>
                <section class="card overflow-clip">
                    <RunTable runs filter paging />
                </section>
            </TabPanel>
            <TabPanel stem="history" key=CHARTS selected>
                <Show when=move || drawn.get()>
                    <RunGraphs charts />
                </Show>
            </TabPanel>
        </div>
    }
}

/// The runs that are asked for, to take along.
#[component]
fn FileLink(id: IntegrationId, filter: RunsFilter) -> impl IntoView {
    let slug = expect_context::<Project>().slug();
    let href = move || routes::history_file(slug.as_str(), id, &filter.query());
    view! {
        <a class=Look::Plain.class() href=href download="">
            <Glyph icon=Icon::Download />
            "Export CSV"
        </a>
    }
}

#[component]
fn SettingsLink(id: IntegrationId) -> impl IntoView {
    let href = routes::settings(expect_context::<Project>().slug().as_str(), id);
    view! {
        <a class=Look::Plain.class() href=href>
            <Glyph icon=Icon::Settings />
            "Settings"
        </a>
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
