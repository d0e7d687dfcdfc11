//! What a run could not bring through: by what is wrong, and item by item.

mod details;
mod groups;
mod parked;
mod rows;

use calibr_model::{
    IntegrationId, Page, PageRequest, Role, SyncRunId,
    views::{FailureGroupView, FailureQuery, ItemFailureView, RetryWish, RunView},
};
use leptos::prelude::*;

use self::{
    details::Details,
    groups::Groups,
    parked::ParkedNote,
    rows::{COLUMNS, Row},
};
use super::{PlanDialog, Wanted};
use crate::{
    api,
    components::ui::{
        Button, Dialog, EmptyState, Glyph, Icon, Look, Menu, MenuItem, PagedTable, Size,
    },
    state::{Address, Ask, Paging, Project, Query, Toast, Toasts, query},
    text::number::counted,
};

/// Which failures are on show: those of one group, or all.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    paging: Paging,
    code: Memo<String>,
    kind: Memo<String>,
}

impl Shown {
    fn here() -> Self {
        let address = expect_context::<Address>();
        Self {
            paging: Paging::here(),
            code: Memo::new(move |_| address.value("code")),
            kind: Memo::new(move |_| address.value("kind")),
        }
    }

    /// Shows one group, or all again.
    pub(super) fn only(self, group: Option<&FailureGroupView>) {
        let kind = group.map(|group| group.kind.as_str()).unwrap_or_default();
        let code = group.map(|group| group.code.as_str()).unwrap_or_default();
        self.paging.filter("kind", kind);
        self.paging.filter("code", code);
    }

    /// Whether this group alone is on show.
    pub(super) fn is(self, group: &FailureGroupView) -> bool {
        self.code.with(|code| *code == group.code)
            && self.kind.with(|kind| kind == group.kind.as_str())
    }

    fn query(self) -> FailureQuery {
        FailureQuery {
            code: Some(self.code.get_untracked()).filter(|code| !code.is_empty()),
            class: None,
            kind: self.kind.get_untracked().parse().ok(),
        }
    }
}

/// The run whose failures are on show, and what can be done about them.
#[derive(Clone, Copy)]
pub(super) struct Failed {
    pub(super) store: IntegrationId,
    pub(super) run: SyncRunId,
    plan: PlanDialog,
    groups: Query<Vec<FailureGroupView>>,
    list: Query<Page<ItemFailureView>>,
}

impl Failed {
    /// Says what a retry of these would do, and asks whether to.
    pub(super) fn retry(self, title: impl Into<String>, wish: RetryWish) {
        self.plan
            .ask(Wanted::retry(self.store, self.run, title, wish));
    }

    /// Reads all of it again.
    pub(super) fn refetch(self) {
        self.groups.refetch();
        self.list.refetch();
    }
}

/// What could not be synced.
#[component]
pub(crate) fn RunFailures(
    /// The store.
    store: IntegrationId,
    /// The run.
    id: SyncRunId,
    /// The run as it stands.
    run: Signal<Option<RunView>>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let shown = Shown::here();
    // Read anew when more have failed, and when the run has ended.
    let state = Memo::new(move |_| {
        run.with(|run| {
            run.as_ref()
                .map_or((0, false), |run| (run.items_failed, run.status.is_final()))
        })
    });
    let groups: Query<Vec<FailureGroupView>> = query(
        {
            let slug = slug.clone();
            move || {
                let (failed, ended) = state.get();
                Some(format!("{slug}/failure groups of {id}?{failed}&{ended}"))
            }
        },
        {
            let slug = slug.clone();
            move || api::failures::list_failure_groups(slug.clone(), store, id)
        },
    );
    let list: Query<Page<ItemFailureView>> = query(
        {
            let slug = slug.clone();
            move || {
                let (failed, ended) = state.get();
                let of = [
                    shown.paging.cursor.get(),
                    shown.code.get(),
                    shown.kind.get(),
                ];
                let of = of.join("&");
                Some(format!("{slug}/failures of {id}?{of}&{failed}&{ended}"))
            }
        },
        move || {
            let page = PageRequest {
                limit: None,
                cursor: shown.paging.request(),
            };
            api::failures::list_failures(slug.clone(), store, id, shown.query(), page)
        },
    );
    let failed = Failed {
        store,
        run: id,
        plan: expect_context(),
        groups,
        list,
    };
    let open: RwSignal<Option<ItemFailureView>> = RwSignal::new(None);
    let rows = move || {
        let items = list.get().map(|page| page.items).unwrap_or_default();
        items
            .into_iter()
            .map(|failure| view! { <Row failure open /> }.into_any())
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
    let any = Memo::new(move |_| groups.with(|groups| groups.is_some_and(|all| !all.is_empty())));
    let ended = Memo::new(move |_| state.get().1);
    view! {
        <Show when=move || any.get()>
            <ParkedNote failed />
            <Groups failed shown ended />
        </Show>
        <section class="card min-w-0 overflow-clip">
            <div class="flex items-center justify-between gap-4 px-4 py-4 sm:px-5">
                <h2 class="text-lg">"Items that failed"</h2>
                <Show when=move || any.get()>
                    <More failed />
                </Show>
            </div>
            <PagedTable
                list
                paging=shown.paging
                what="failed items"
                caption="Items that could not be synced"
                columns=COLUMNS
                nothing
                rows
            />
        </section>
        <Details failed open ended />
    }
}

/// What else can be done with the failures of a run.
#[component]
fn More(failed: Failed) -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    if !project.allows(Role::Editor) {
        return ().into_any();
    }
    let expunge = move || {
        busy.set(true);
        let request =
            api::failures::expunge_failures(project.slug(), failed.store, failed.run, None);
        ask.send(request, move |answer| {
            busy.try_set(false);
            asking.try_set(false);
            match answer {
                Ok(removed) => {
                    let what = counted(removed, "failure", "failures");
                    toasts.show(Toast::good("Answers are removed").detail(format!("Of {what}.")));
                    failed.refetch();
                }
                Err(problem) => {
                    toasts.show(Toast::bad(
                        "The answers could not be removed",
                        problem.detail,
                    ));
                }
            }
        });
    };
    view! {
        <Menu
            label="More for these failures"
            class="btn btn-quiet"
            square=true
            small=true
            face=|| view! { <Glyph icon=Icon::Dots /> }
        >
            <MenuItem
                label="Remove kept answers…"
                icon=Icon::EyeOff
                danger=true
                on_click=move || asking.set(true)
            />
        </Menu>
        <Dialog open=asking title="Remove what the platform answered?">
            <div class="grid grid-cols-1 gap-4 overflow-y-auto px-6 pb-6">
                <p>
                    "What was asked of the platform and what it answered goes from all failures of this \
                     run, for good. The failures themselves stay, with what is wrong."
                </p>
                <div class="flex flex-wrap justify-end gap-2">
                    <Button label="Keep them" look=Look::Quiet on_click=move || asking.set(false) />
                    <Button label="Remove answers" look=Look::Danger size=Size::Normal busy on_click=expunge />
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
