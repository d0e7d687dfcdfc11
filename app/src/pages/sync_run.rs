use calibr_model::{
    IntegrationId, Role, SyncRunId,
    status::{RunType, SyncStatus},
    views::{RetryWish, RunView},
};
use leptos::prelude::*;

use crate::{
    api::{self, syncs::RunParts},
    components::{
        PageHeader,
        runs::{
            PlanDialog, RunCounters, RunFailures, RunLog, RunProgress, RunTimeline, Wanted,
            progress_of,
        },
        store::StoreActions,
        ui::{Button, Crumb, Crumbs, GhostLines, Icon, Loaded, Look, Note, TimeAgo, pill},
    },
    routes,
    state::{Clock, Project, Query, query},
    text::words::{Worded, cause, run_type},
};

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
    let detail: Query<RunParts> = query(
        {
            let key = format!("{slug}/run {id}");
            move || Some(key.clone())
        },
        move || api::syncs::get_sync(slug.clone(), store, id),
    );
    project.follow_runs(
        detail,
        move |progress| progress.run_id == id,
        move |(run, ..): &mut RunParts, wanted| (run.id == wanted).then_some(run),
    );
    let shown: Signal<Option<RunView>> =
        Memo::new(move |_| detail.with(|detail| Some(detail?.0.clone()))).into();
    let retry = Memo::new(move |_| detail.with(|detail| detail?.2.clone()));
    let log = Memo::new(move |_| detail.with(|detail| detail.map(|all| all.3.clone())));
    let lines = Signal::derive(move || log.get().unwrap_or_default());
    follow_phases(detail, shown);

    let about = move || {
        shown.get().map(|run| {
            let what = match run.r#type {
                RunType::Full | RunType::Incremental => " sync",
                RunType::Prices | RunType::Retry => "",
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
                <div class="grid min-w-0 grid-cols-1 gap-4">
                    <RunFailures store id run=shown />
                    <RunLog lines />
                </div>
                <aside class="card grid grid-cols-1 gap-4 p-5 max-lg:order-first" aria-label="Course of the run">
                    <RunCounters run=shown retry=retry.into() />
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

/// Reads timeline and log again when the run goes into another phase, or back to
/// the queue: the line tells of no more than that.
fn follow_phases(detail: Query<RunParts>, run: Signal<Option<RunView>>) {
    let place = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| (run.phase, run.status))));
    Effect::new(move |before: Option<Option<_>>| {
        let now = place.get();
        if before.flatten().is_some_and(|before| Some(before) != now) {
            detail.refetch();
        }
        now
    });
}

/// What can be done with the run as it stands.
#[component]
fn Actions(run: Signal<Option<RunView>>) -> impl IntoView {
    let project = expect_context::<Project>();
    let actions = StoreActions::here();
    let plan = expect_context::<PlanDialog>();
    let busy = RwSignal::new(false);
    let state = Memo::new(move |_| {
        run.with(|run| {
            run.as_ref()
                .map(|run| (run.status, run.r#type, run.items_failed > 0))
        })
    });
    if !project.allows(Role::Editor) {
        return ().into_any();
    }
    let cancel = move || {
        if let Some(run) = run.get_untracked() {
            busy.set(true);
            actions.cancel(&progress_of(&run, 0.0), move || busy.set(false));
        }
    };
    let ask = move |title: &'static str, wish: RetryWish| {
        if let Some(run) = run.get_untracked() {
            plan.ask(Wanted::retry(run.integration_id, run.id, title, wish));
        }
    };
    let retry = move || ask("Retry failed items", RetryWish::default());
    let again = move || {
        let wish = RetryWish {
            whole: true,
            ..RetryWish::default()
        };
        ask("Run again", wish);
    };
    let failed_button = move |kind| match kind {
        RunType::Prices => view! {
            <Button label="Preview prices again" icon=Icon::Tag look=Look::Primary on_click=retry />
        }
        .into_any(),
        _ => view! {
            <Button label="Retry failed items" icon=Icon::Sync look=Look::Primary on_click=retry />
        }
        .into_any(),
    };
    let again_button = move |look| {
        view! { <Button label="Run again" icon=Icon::Sync look on_click=again /> }.into_any()
    };
    (move || {
        let (status, kind, failed) = state.get()?;
        if status.is_active() {
            let cancel = view! { <Button label="Cancel" icon=Icon::Stop busy on_click=cancel /> };
            return Some(cancel.into_any());
        }
        let retry = failed.then(|| failed_button(kind));
        let again = match kind {
            RunType::Full | RunType::Incremental if failed => Some(again_button(Look::Plain)),
            RunType::Full | RunType::Incremental => Some(again_button(Look::Primary)),
            // One that ended before it had read what it was to.
            RunType::Retry if !failed && status != SyncStatus::Success => {
                Some(again_button(Look::Primary))
            }
            RunType::Retry | RunType::Prices => None,
        };
        Some(view! { {again} {retry} }.into_any())
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
