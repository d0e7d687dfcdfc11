use calibr_model::views::{ConflictSide, ConflictsResolved, UndoConflicts};
use leptos::prelude::*;

use super::{Bulk, keep, what_follows};
use crate::{
    components::{
        conflict::outcome,
        ui::{Button, Dialog, Look, Note},
    },
    text::{number::counted, words::Tone},
};

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
