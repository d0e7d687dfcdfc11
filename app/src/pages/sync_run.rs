use calibr_model::{
    IntegrationId, Page, PageRequest, Role, SyncRunId,
    status::{RunType, SyncStatus},
    views::{ItemFailureView, PhaseView, RunView},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        runs::{RunDuration, RunProgress, RunTimeline, progress_of},
        store::StoreActions,
        ui::{
            Button, Column, CopyButton, Crumb, Crumbs, EmptyState, GhostLines, Icon, Loaded, Look,
            Note, PagedTable, TimeAgo, pill,
        },
    },
    routes,
    state::{Address, Clock, Paging, Project, Query, query},
    text::{
        number::grouped,
        time::{Style, written},
        words::{Worded, cause, failure_kind, run_type},
    },
};

const FAILURE_COLUMNS: &[Column] = &[
    Column::text("Item"),
    Column::text("What is wrong"),
    Column::text("Class"),
    Column::number("Tries"),
];

/// A run and the phases it went through.
type Detail = (RunView, Vec<PhaseView>);

/// `/p/{slug}/integrations/{id}/history/{run}`: one run, live while it goes on.
#[component]
pub(crate) fn SyncRun(
    /// The store.
    store: IntegrationId,
    /// The run.
    id: SyncRunId,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    set_crumbs(store);
    let detail: Query<Detail> = query(
        {
            let key = format!("{slug}/run {id}");
            move || Some(key.clone())
        },
        move || api::syncs::get_sync(slug.clone(), store, id),
    );
    project.follow_runs(
        detail,
        move |progress| progress.run_id == id,
        move |(run, _): &mut Detail, wanted| (run.id == wanted).then_some(run),
    );
    let shown: Signal<Option<RunView>> =
        Memo::new(move |_| detail.with(|detail| Some(detail?.0.clone()))).into();

    let about = move || {
        shown.get().map(|run| {
            let what = match run.r#type {
                RunType::Prices => "",
                _ => " sync",
            };
            let words = format!("{}{what} {}", run_type(run.r#type), cause(&run));
            view! {
                <span class="flex flex-wrap items-center gap-2.5">
                    {pill(run.status)} <span dir="auto">{words}</span>
                    <TimeAgo at=run.started_at.unwrap_or(run.queued_at) />
                </span>
            }
        })
    };
    view! {
        <PageHeader title="Sync run" about=move || about.into_any()>
            <Actions run=shown />
        </PageHeader>
        <Loaded loading=detail.loading skeleton=|| view! { <div class="card p-5"><GhostLines lines=6 /></div> }>
            <Outcome run=shown />
            <div class="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
                <Failures store id run=shown />
                <aside class="card grid grid-cols-1 gap-4 p-5 max-lg:order-first" aria-label="Course of the run">
                    <Figures run=shown />
                    <RunTimeline detail />
                </aside>
            </div>
        </Loaded>
    }
}

fn set_crumbs(store: IntegrationId) {
    let project = expect_context::<Project>();
    let Crumbs(crumbs) = expect_context::<Crumbs>();
    let slug = project.slug();
    Effect::new(move |_| {
        let slug = slug.as_str();
        let name = project.integration(store).map(|store| store.name);
        let name = name.unwrap_or_else(|| "Sync history".to_owned());
        crumbs.set(vec![
            Crumb::to("Integrations", routes::integrations(slug)),
            Crumb::to(name, routes::history(slug, store)),
            Crumb::here("Sync run"),
        ]);
    });
}

/// What can be done with the run as it stands.
#[component]
fn Actions(run: Signal<Option<RunView>>) -> impl IntoView {
    let project = expect_context::<Project>();
    let actions = StoreActions::here();
    let address = expect_context::<Address>();
    let slug = project.slug();
    let busy = RwSignal::new(false);
    let status = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.status)));
    if !project.allows(Role::Editor) {
        return ().into_any();
    }
    let cancel = move || {
        if let Some(run) = run.get_untracked() {
            busy.set(true);
            actions.cancel(&progress_of(&run, 0.0), move || busy.set(false));
        }
    };
    let again = Callback::new(move |()| {
        let Some(run) = run.get_untracked() else {
            return;
        };
        busy.set(true);
        let (slug, store) = (slug.clone(), run.integration_id);
        actions.retry(&run, move |answer| {
            busy.set(false);
            if let Ok(new) = answer {
                address.go(&routes::run(slug.as_str(), store, new));
            }
        });
    });
    (move || match status.get() {
        Some(status) if status.is_active() => {
            Some(view! { <Button label="Cancel" icon=Icon::Stop busy on_click=cancel /> }.into_any())
        }
        Some(SyncStatus::Error | SyncStatus::Partial | SyncStatus::Cancelled) => Some(
            view! { <Button label="Run again" icon=Icon::Sync look=Look::Primary busy on_click=again /> }
                .into_any(),
        ),
        _ => None,
    })
    .into_any()
}

/// How it goes, or what went wrong.
#[component]
fn Outcome(run: Signal<Option<RunView>>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let active =
        Memo::new(move |_| run.with(|run| run.as_ref().is_some_and(|run| run.status.is_active())));
    let error = Memo::new(move |_| {
        let said = |run: &RunView| {
            run.error
                .clone()
                .map(|error| (run.status.tone(), error, run.error_code.clone()))
        };
        run.with(|run| run.as_ref().and_then(said))
    });
    let progress = Memo::new(move |before: Option<&_>| {
        let latest = run.with(|run| run.as_ref().map(|run| progress_of(run, clock.now.get())));
        latest.or_else(|| before.cloned().flatten())
    });
    view! {
        <Show when=move || active.get()>
            <div class="card p-5">
                {move || {
                    let held = progress.get_untracked();
                    held.map(|held| {
                        let progress = Signal::derive(move || progress.get().unwrap_or_else(|| held.clone()));
                        view! { <RunProgress progress /> }
                    })
                }}
            </div>
        </Show>
        {move || {
            error
                .get()
                .map(|(tone, error, code)| {
                    view! {
                        <Note tone>
                            <p>{error}</p>
                            {code.map(|code| view! { <p class="mt-1 font-mono text-xs">{code}</p> })}
                        </Note>
                    }
                })
        }}
    }
}

/// The counters.
#[component]
fn Figures(run: Signal<Option<RunView>>) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let figure = move |label: &'static str, value: fn(&RunView) -> Option<i64>| {
        let value = move || run.with(|run| run.as_ref().and_then(value));
        view! {
            <Show when=move || value().is_some()>
                <div class="flex justify-between gap-4">
                    <dt class="text-quiet">{label}</dt>
                    <dd class="font-medium">{move || value().map(grouped)}</dd>
                </div>
            </Show>
        }
    };
    let id = move || run.with(|run| run.as_ref().map(|run| run.id.to_string()));
    let began =
        move || run.with(|run| Some(written(run.as_ref()?.started_at?, &zone, Style::Exact)));
    view! {
        <dl class="grid grid-cols-1 gap-1.5">
            {figure("Items synced", |run| Some(run.items_synced))}
            {figure("New", |run| Some(run.items_created))}
            {figure("Changed", |run| Some(run.items_updated))}
            {figure("Unchanged", |run| Some(run.items_unchanged))}
            {figure("Gone from the store", |run| (run.items_removed > 0).then_some(run.items_removed))}
            {figure("Failed", |run| Some(run.items_failed))}
            {figure("Orders read", |run| (run.orders_read > 0).then_some(run.orders_read))}
            {figure("Prices pushed", |run| (run.prices_pushed > 0).then_some(run.prices_pushed))}
            {figure("Expected", |run| run.items_expected)}
            {figure("Tries", |run| (run.attempts > 1).then_some(run.attempts.into()))}
            <div class="flex justify-between gap-4">
                <dt class="text-quiet">"Duration"</dt>
                <dd class="font-medium"><RunDuration run /></dd>
            </div>
            <div class="mt-1.5 border-t border-line pt-3">
                <dt class="text-quiet">"Started"</dt>
                <dd>{began}</dd>
            </div>
            <div>
                <dt class="text-quiet">"Run id"</dt>
                <dd class="flex items-center gap-1">
                    {move || {
                        id()
                            .map(|id| {
                                view! {
                                    <code class="min-w-0 truncate font-mono text-xs">{id.clone()}</code>
                                    <CopyButton text=id what="run id" />
                                }
                            })
                    }}
                </dd>
            </div>
        </dl>
    }
}

/// What could not be synced.
#[component]
fn Failures(store: IntegrationId, id: SyncRunId, run: Signal<Option<RunView>>) -> impl IntoView {
    let slug = expect_context::<Project>().slug();
    let paging = Paging::here();
    // Read anew when more have failed.
    let failed = Memo::new(move |_| run.with(|run| run.as_ref().map_or(0, |run| run.items_failed)));
    let failures: Query<Page<ItemFailureView>> = query(
        {
            let slug = slug.clone();
            move || {
                let (cursor, failed) = (paging.cursor.get(), failed.get());
                Some(format!("{slug}/failures of {id}?{cursor}&{failed}"))
            }
        },
        move || {
            let page = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::syncs::list_failures(slug.clone(), store, id, page)
        },
    );
    let rows = move || {
        let items = failures.get().map(|page| page.items).unwrap_or_default();
        items
            .into_iter()
            .map(|failure| view! { <FailureRow failure /> }.into_any())
            .collect_view()
    };
    let nothing = move || {
        let active = run.with(|run| run.as_ref().is_some_and(|run| run.status.is_active()));
        let advice = if active {
            "So far every item came through."
        } else {
            "Every item that was read came through."
        };
        view! { <EmptyState icon=Icon::CheckCircle title="Nothing failed" advice /> }
    };
    view! {
        <section class="card min-w-0 overflow-clip">
            <h2 class="px-4 py-4 text-lg sm:px-5">"Items that failed"</h2>
            <PagedTable
                list=failures
                paging
                what="failed items"
                caption="Items that could not be synced"
                columns=FAILURE_COLUMNS
                nothing
                rows
            />
        </section>
    }
}

#[component]
fn FailureRow(failure: ItemFailureView) -> impl IntoView {
    let ItemFailureView {
        kind,
        external_id,
        label,
        code,
        message,
        class,
        attempts,
        ..
    } = failure;
    let (name, id) = match (label, external_id) {
        (Some(label), id) => (label, id),
        (None, Some(id)) => (id, None),
        (None, None) => ("An item that could not be read".to_owned(), None),
    };
    view! {
        <tr>
            <td data-wide="" class="align-top md:min-w-52">
                <p dir="auto" class="font-medium wrap-anywhere">{name}</p>
                {id.map(|id| view! { <p class="font-mono text-xs text-quiet wrap-anywhere">{id}</p> })}
            </td>
            <td data-wide="" class="align-top">
                <p class="wrap-anywhere">{message}</p>
                <p class="font-mono text-xs text-quiet">{code}</p>
            </td>
            <td class="align-top">
                {pill(class)}
                {failure_kind(kind).map(|kind| view! { <p class="mt-1 text-xs text-quiet">{kind}</p> })}
            </td>
            <td class="num align-top" data-label="Tries">{attempts}</td>
        </tr>
    }
}
