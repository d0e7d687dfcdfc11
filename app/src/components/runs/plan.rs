use calibr_model::{
    IntegrationId, Problem, SyncRunId,
    status::RunType,
    views::{RetryWish, RunView, SyncPlanView},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        Part,
        store::StoreActions,
        ui::{Button, Dialog, GhostLines, Icon, Loaded, Look, Note},
    },
    routes,
    state::{Address, Ask, Project, Query, Toast, Toasts, query},
    text::{
        number::{counted, rough_span},
        words::Tone,
    },
};

/// A run that a person is about to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    store: IntegrationId,
    title: String,
    confirm: &'static str,
    run_type: RunType,
    /// The run that is retried.
    run: Option<SyncRunId>,
    wish: RetryWish,
}

impl Wanted {
    /// A sync of a store.
    pub(crate) fn sync(store: IntegrationId, name: &str, run_type: RunType) -> Self {
        let title = match run_type {
            RunType::Full => format!("Full sync of {name}"),
            _ => format!("Sync {name}"),
        };
        Self {
            store,
            title,
            confirm: "Start sync",
            run_type,
            run: None,
            wish: RetryWish::default(),
        }
    }

    /// A retry of what a run did not bring through.
    pub(crate) fn retry(
        store: IntegrationId,
        run: SyncRunId,
        title: impl Into<String>,
        wish: RetryWish,
    ) -> Self {
        Self {
            store,
            title: title.into(),
            confirm: if wish.whole { "Run again" } else { "Retry" },
            run_type: RunType::Retry,
            run: Some(run),
            wish,
        }
    }
}

/// Opens the dialog that says what a run would do and cost.
#[derive(Clone, Copy)]
pub(crate) struct PlanDialog {
    wanted: RwSignal<Option<Wanted>>,
    open: RwSignal<bool>,
}

impl PlanDialog {
    /// Closed.
    pub(crate) fn new() -> Self {
        Self {
            wanted: RwSignal::new(None),
            open: RwSignal::new(false),
        }
    }

    /// Says what a run would do, and asks whether to.
    pub(crate) fn ask(self, wanted: Wanted) {
        self.wanted.set(Some(wanted));
        self.open.set(true);
    }
}

/// The dialog itself; once in the frame.
#[component]
pub(crate) fn PlanDialogView() -> impl IntoView {
    let PlanDialog { wanted, open } = expect_context();
    let title = Signal::derive(move || {
        let title = wanted.with(|wanted| Some(wanted.as_ref()?.title.clone()));
        title.unwrap_or_default()
    });
    view! {
        <Dialog open title>
            {move || Part::Plan.later()}
        </Dialog>
    }
}

/// What is in it.
#[component]
pub(crate) fn Planned() -> impl IntoView {
    let PlanDialog { wanted, open } = expect_context();
    let wanted = wanted.get_untracked();
    wanted.map(|wanted| view! { <Plan wanted open /> })
}

#[component]
fn Plan(wanted: Wanted, open: RwSignal<bool>) -> impl IntoView {
    let project = expect_context::<Project>();
    let actions = StoreActions::here();
    let address = expect_context::<Address>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let slug = project.slug();
    let parked = RwSignal::new(wanted.wish.parked);
    let wish = StoredValue::new(wanted.wish);
    let wish = move || RetryWish {
        parked: parked.get_untracked(),
        ..wish.get_value()
    };
    let (store, run, run_type) = (wanted.store, wanted.run, wanted.run_type);
    let plan: Query<SyncPlanView> = query(
        {
            let key = format!("{slug}/plan of {} in {run:?} of {store}", wanted.title);
            move || Some(format!("{key} {}", parked.get()))
        },
        {
            let slug = slug.clone();
            move || api::retries::plan_sync(slug.clone(), store, run_type, run, wish())
        },
    );
    let busy = RwSignal::new(false);
    let problem: RwSignal<Option<Problem>> = RwSignal::new(None);
    // What was planned before is shown meanwhile, but not acted on.
    let possible = Memo::new(move |_| {
        !plan.loading.fetching.get() && plan.with(|plan| plan.is_some_and(|plan| plan.possible))
    });
    let prices = Memo::new(move |_| plan.with(|plan| plan.is_some_and(|plan| plan.prices > 0)));

    let start = {
        let slug = slug.clone();
        move || {
            busy.set(true);
            problem.set(None);
            let slug = slug.clone();
            let then = {
                let slug = slug.clone();
                move |answer: Result<RunView, Problem>| {
                    busy.try_set(false);
                    match answer {
                        Ok(begun) => {
                            actions.show_run(&begun);
                            open.set(false);
                            let there = routes::run(slug.as_str(), store, begun.id);
                            if run.is_some() {
                                return address.go(&there);
                            }
                            toasts.show(
                                Toast::good("The sync is under way")
                                    .action("Show it", move || address.go(&there)),
                            );
                        }
                        Err(refused) => {
                            problem.try_set(Some(refused));
                        }
                    }
                }
            };
            match run {
                Some(run) => ask.send(api::retries::retry_sync(slug, store, run, wish()), then),
                None => ask.send(api::syncs::start_sync(slug, store, run_type), then),
            }
        }
    };
    let preview = move || {
        let Some(run) = run else { return };
        busy.set(true);
        problem.set(None);
        let request = api::retries::preview_prices_again(slug.clone(), store, run, wish());
        let slug = slug.clone();
        ask.send(request, move |answer| {
            busy.try_set(false);
            match answer {
                Ok(push) => {
                    open.set(false);
                    address.go(&routes::price_push(slug.as_str(), push));
                }
                Err(refused) => {
                    problem.try_set(Some(refused));
                }
            }
        });
    };
    let confirm = wanted.confirm;
    view! {
        <div class="grid min-h-0 grid-cols-1 gap-4 overflow-y-auto px-6 pb-6">
            <Loaded loading=plan.loading skeleton=|| view! { <GhostLines lines=4 /> }>
                {move || plan.get().map(|plan| view! { <Said plan parked /> })}
            </Loaded>
            {move || {
                problem
                    .get()
                    .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
            }}
            <div class="flex flex-wrap justify-end gap-2">
                <Button label="Cancel" look=Look::Quiet on_click=move || open.set(false) />
                <Show when=move || prices.get()>
                    <Button label="Preview prices" icon=Icon::Tag busy on_click=preview.clone() />
                </Show>
                <Button
                    label=confirm
                    icon=Icon::Sync
                    look=Look::Primary
                    busy
                    disabled=Signal::derive(move || !possible.get())
                    on_click=start
                />
            </div>
        </div>
    }
}

/// What a plan says.
#[component]
fn Said(plan: SyncPlanView, parked: RwSignal<bool>) -> impl IntoView {
    let what = plan.possible.then(|| match (plan.r#type, plan.items) {
        (RunType::Retry, Some(items)) => format!("{} read again, and nothing else.", are(items)),
        (RunType::Full, _) => {
            "Everything the store has is read, also what did not change. What it no longer has is \
             marked as gone here."
                .to_owned()
        }
        _ => "What changed at the store since the last sync is read.".to_owned(),
    });
    let left_out = (plan.skipped > 0).then(|| {
        let they = if plan.skipped == 1 { "it" } else { "they" };
        format!("{} left out: {they} came through since.", are(plan.skipped))
    });
    let cost = plan.possible.then(|| {
        let calls = counted(plan.calls, "call", "calls");
        let words = match plan.at_least_seconds {
            0 => format!("About {calls} to the store."),
            seconds => format!(
                "About {calls} to the store: at the platform's rate they take at least {}.",
                rough_span(seconds)
            ),
        };
        view! {
            <div class="rounded-control bg-shape px-4 py-3">
                <p class="font-medium">{words}</p>
                <p class="mt-1 text-sm text-quiet">{plan.how}</p>
            </div>
        }
    });
    let offered = plan.parked > 0 || parked.get_untracked();
    let choice = offered.then(|| {
        let words = match plan.parked {
            0 => "Retry parked items too".to_owned(),
            items => format!(
                "Retry parked items too: {} the same way three times in a row",
                counted(items, "item failed", "items failed")
            ),
        };
        view! {
            <label class="flex items-start gap-2.5">
                <input
                    type="checkbox"
                    class="mt-1 size-4 accent-accent"
                    prop:checked=move || parked.get()
                    on:change=move |event| parked.set(event_target_checked(&event))
                />
                <span>{words}</span>
            </label>
        }
    });
    view! {
        <div class="grid grid-cols-1 gap-3">
            {what.map(|what| view! { <p>{what}</p> })}
            {left_out.map(|words| view! { <p class="text-quiet">{words}</p> })}
            {plan.notes
                .into_iter()
                .map(|note| view! { <Note tone=Tone::Info>{note}</Note> })
                .collect_view()}
            {choice}
            {cost}
        </div>
    }
}

fn are(items: i64) -> String {
    let verb = if items == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(items, "item", "items"))
}
