use std::{future::Future, pin::Pin};

use calibr_model::{
    IntegrationId, Problem,
    views::{
        ConflictSide, ConflictStatus, ConflictView, ConflictsResolved, MatchingConflicts,
        UndoConflicts,
    },
};
use leptos::prelude::*;

use super::{Inbox, outcome};
use crate::{
    api::{self, ApiError},
    components::ui::{Button, Dialog, Look, Note},
    state::Toast,
    text::{
        number::{counted, grouped},
        words::Tone,
    },
};

type Answer = Pin<Box<dyn Future<Output = Result<ConflictsResolved, ApiError>>>>;

/// Deciding several conflicts at once: what is asked, and what came of it.
#[derive(Clone, Copy)]
pub(crate) struct Bulk {
    inbox: Inbox,
    open: RwSignal<bool>,
    side: RwSignal<ConflictSide>,
    busy: RwSignal<bool>,
    counting: RwSignal<bool>,
    problem: RwSignal<Option<Problem>>,
    outcome: RwSignal<Option<ConflictsResolved>>,
}

impl Bulk {
    /// Of the page that is open.
    pub(crate) fn here(inbox: Inbox) -> Self {
        Self {
            inbox,
            open: RwSignal::new(false),
            side: RwSignal::new(ConflictSide::Ours),
            busy: RwSignal::new(false),
            counting: RwSignal::new(false),
            problem: RwSignal::new(None),
            outcome: RwSignal::new(None),
        }
    }

    /// Says what deciding the selected ones comes to, and asks whether to.
    fn ask(self, side: ConflictSide) {
        self.side.set(side);
        self.problem.set(None);
        self.outcome.set(None);
        self.open.set(true);
    }

    /// Selects all that match the filter, as they are now.
    fn select_matching(self) {
        let Inbox {
            project,
            ask,
            toasts,
            filter,
            selection,
            ..
        } = self.inbox;
        if self.counting.get_untracked() {
            return;
        }
        self.counting.set(true);
        let mut query = filter.query();
        query.status = Some(ConflictStatus::Open);
        let request = api::conflicts::count_matching_conflicts(project.slug(), query);
        ask.send(request, move |answer| {
            self.counting.set(false);
            match answer {
                Ok(count) => selection.matching.set(Some(count)),
                Err(problem) => {
                    toasts.show(Toast::bad("They could not be counted", problem.detail))
                }
            }
        });
    }

    /// Decides what is selected.
    fn request(self, to: ConflictSide) -> Answer {
        let Inbox {
            project,
            filter,
            selection,
            ..
        } = self.inbox;
        let slug = project.slug();
        let as_of = selection
            .matching
            .with_untracked(|count| count.as_ref().map(|count| count.as_of));
        let Some(as_of) = as_of else {
            let seen = selection.rows.get_untracked();
            return Box::pin(api::conflicts::resolve_conflicts(slug, seen, to));
        };
        let query = filter.query();
        let matching = MatchingConflicts {
            integration: query.integration,
            field: query.field,
            search: query.search,
            as_of,
        };
        Box::pin(api::conflicts::resolve_matching_conflicts(
            slug, matching, to,
        ))
    }

    /// How many conflicts of which store are selected, most first.
    fn stores(self) -> Vec<(String, i64)> {
        let Inbox {
            project,
            selection,
            list,
            ..
        } = self.inbox;
        if let Some(count) = selection.matching.get_untracked() {
            let name = |id: IntegrationId| {
                let store = untrack(|| project.integration(id));
                store.map_or_else(|| "A store".to_owned(), |store| store.name)
            };
            let stores = count.counts.stores.into_iter();
            return stores
                .map(|store| (name(store.integration_id), store.open))
                .collect();
        }
        let mut stores: Vec<(String, i64)> = Vec::new();
        list.with_untracked(|page| {
            let shown = page.map(|page| page.items.as_slice()).unwrap_or_default();
            let selected = |one: &&ConflictView| untrack(|| selection.has(one.id));
            for one in shown.iter().filter(selected) {
                match stores
                    .iter_mut()
                    .find(|(name, _)| *name == one.integration_name)
                {
                    Some((_, count)) => *count += 1,
                    None => stores.push((one.integration_name.clone(), 1)),
                }
            }
        });
        stores
    }

    fn decide(self) {
        let Inbox {
            project,
            ask,
            list,
            selection,
            ..
        } = self.inbox;
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        let side = self.side.get_untracked();
        let slug = project.slug();
        ask.send(self.request(side), move |answer| {
            self.busy.set(false);
            list.refetch();
            match answer {
                Ok(outcome) => {
                    selection.clear();
                    if outcome::is_whole(&outcome) {
                        self.open.set(false);
                        let toast = Toast::good(outcome::title(&outcome));
                        let undo = outcome.decision_id.map(UndoConflicts::Decision);
                        self.inbox
                            .show_with_undo(toast.detail(what_follows(side)), slug, undo);
                    } else {
                        self.outcome.set(Some(outcome));
                    }
                }
                Err(problem) => self.problem.set(Some(problem)),
            }
        });
    }
}

const fn what_follows(side: ConflictSide) -> &'static str {
    match side {
        ConflictSide::Ours => "Calibr's prices are on their way to the stores.",
        ConflictSide::Theirs => "The stores' prices stay. Nothing is sent.",
    }
}

const fn keep(side: ConflictSide) -> &'static str {
    match side {
        ConflictSide::Ours => "Keep Calibr's",
        ConflictSide::Theirs => "Keep the store's",
    }
}

/// What is selected, at the foot of the page, while something is.
#[component]
pub(crate) fn BulkBar(
    /// What decides them.
    bulk: Bulk,
) -> impl IntoView {
    let Inbox {
        selection, list, ..
    } = bulk.inbox;
    let count = Memo::new(move |_| selection.count());
    let shown = Memo::new(move |_| count.get() > 0);
    let is_matching = Memo::new(move |_| selection.matching.with(Option::is_some));
    let words = move || match is_matching.get() {
        true => format!("All {} that match are selected", grouped(count.get())),
        false => format!("{} selected", counted(count.get(), "conflict", "conflicts")),
    };
    // More than this page holds.
    let may_widen = Memo::new(move |_| {
        let open = list.with(|page| {
            let shown = page.map(|page| page.items.as_slice()).unwrap_or_default();
            let is_open = |one: &&ConflictView| one.status == ConflictStatus::Open;
            let open = i64::try_from(shown.iter().filter(is_open).count()).unwrap_or(i64::MAX);
            let more = page.is_some_and(|page| page.next_cursor.is_some());
            (open, more)
        });
        let whole = !bulk.inbox.filter.is_set();
        let elsewhere = open.1 || (whole && bulk.inbox.project.open_conflicts(None) > open.0);
        !is_matching.get() && elsewhere && count.get() == open.0
    });
    view! {
        <div role="status" class="contents">
            <Show when=move || shown.get()>
                <div class="at-foot flex flex-wrap items-center gap-x-4 gap-y-2.5 px-4 py-3">
                    <p class="min-w-0 flex-1">
                        <span class="font-medium">{words}</span>
                        <Show when=move || may_widen.get()>
                            " "
                            <button
                                type="button"
                                class="link"
                                aria-disabled=move || bulk.counting.get().then_some("true")
                                on:click=move |_| bulk.select_matching()
                            >
                                "Select all that match"
                            </button>
                        </Show>
                    </p>
                    <Button label="Clear" look=Look::Quiet on_click=move || selection.clear() />
                    <div class="grid grid-cols-2 gap-2 max-sm:w-full">
                        <Button
                            label=keep(ConflictSide::Ours)
                            on_click=move || bulk.ask(ConflictSide::Ours)
                        />
                        <Button
                            label=keep(ConflictSide::Theirs)
                            on_click=move || bulk.ask(ConflictSide::Theirs)
                        />
                    </div>
                </div>
            </Show>
        </div>
    }
}

/// Asks before several are decided, and says what came of it.
#[component]
pub(crate) fn BulkDialog(
    /// What decides them.
    bulk: Bulk,
) -> impl IntoView {
    let title = Signal::derive(move || {
        if let Some(title) = bulk
            .outcome
            .with(|outcome| outcome.as_ref().map(outcome::title))
        {
            return title;
        }
        let count = untrack(|| bulk.inbox.selection.count());
        let of = counted(count, "conflict", "conflicts");
        match bulk.side.get() {
            ConflictSide::Ours => format!("Keep Calibr's prices in {of}?"),
            ConflictSide::Theirs => format!("Keep the stores' prices in {of}?"),
        }
    });
    let body = move || match bulk.outcome.get() {
        Some(outcome) => view! { <Told bulk outcome /> }.into_any(),
        None => view! { <Asked bulk /> }.into_any(),
    };
    view! {
        <Dialog open=bulk.open title>
            <div class="grid min-h-0 gap-4 overflow-y-auto px-6 pb-6">{body}</div>
        </Dialog>
    }
}

/// What would happen.
#[component]
fn Asked(bulk: Bulk) -> impl IntoView {
    let side = bulk.side.get_untracked();
    let (first, rest) = match side {
        ConflictSide::Ours => (
            "Calibr's prices are sent to these stores:",
            "How many will be refused cannot be known before: one that breaks the project's bounds \
             by now stays open, and is listed afterwards. So does what moved since you looked. A \
             price can be taken back until it is sent.",
        ),
        ConflictSide::Theirs => (
            "Calibr takes over the prices of these stores, and sends nothing:",
            "What moved since you looked stays open. It can be undone until another price is set.",
        ),
    };
    let stores = bulk.stores().into_iter().map(|(name, count)| {
        let prices = counted(count, "price", "prices");
        view! {
            <li>
                <bdi class="font-medium">{name}</bdi>
                ": "
                {prices}
            </li>
        }
    });
    let stores = stores.collect_view();
    view! {
        <div class="grid gap-2">
            <p>{first}</p>
            <ul class="flex flex-wrap gap-x-5 gap-y-1" aria-label="Stores">{stores}</ul>
        </div>
        <p class="text-quiet">{rest}</p>
        {move || {
            bulk.problem
                .get()
                .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
        }}
        <div class="flex flex-wrap justify-end gap-2">
            <Button label="Cancel" look=Look::Quiet on_click=move || bulk.open.set(false) />
            <Button
                label=keep(side)
                look=Look::Primary
                busy=bulk.busy
                on_click=move || bulk.decide()
            />
        </div>
    }
}

/// What came of it, where that is not all that was asked for.
#[component]
fn Told(bulk: Bulk, outcome: ConflictsResolved) -> impl IntoView {
    let decided = outcome.decided > 0;
    let follows = decided.then(|| what_follows(bulk.side.get_untracked()));
    let others = outcome::others(&outcome);
    let others = others.into_iter().map(|words| view! { <p>{words}</p> });
    let others = others.collect_view();
    let refused = outcome::refused(&outcome);
    let unlisted = outcome::unlisted(&outcome);
    let refusals = outcome.refusals.into_iter().map(|refusal| {
        let title = untrack(|| bulk.inbox.conflict(refusal.id)).and_then(|one| one.title);
        view! {
            <li class="border-t border-line py-2">
                {title
                    .map(|title| view! { <p class="font-medium wrap-anywhere" dir="auto">{title}</p> })}
                <p class="text-sm text-quiet">{refusal.message}</p>
            </li>
        }
    });
    let refusals = refusals.collect_view();
    let undo = outcome.decision_id.map(|decision| {
        let take_back = move || {
            bulk.open.set(false);
            let which = UndoConflicts::Decision(decision);
            bulk.inbox.undo(bulk.inbox.project.slug(), which);
        };
        view! { <Button label="Undo" look=Look::Quiet on_click=take_back /> }
    });
    view! {
        <div class="grid gap-2" role="status">
            {follows.map(|words| view! { <p>{words}</p> })}
            {others}
            {refused.map(|words| view! { <p>{words}</p> })}
            <ul class="grid">{refusals}</ul>
            {unlisted.map(|words| view! { <p class="text-sm text-quiet">{words}</p> })}
        </div>
        <div class="flex flex-wrap justify-end gap-2">
            {undo}
            <Button label="Close" look=Look::Primary on_click=move || bulk.open.set(false) />
        </div>
    }
}
