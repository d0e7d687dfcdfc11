mod bar;
mod dialog;

use std::{future::Future, pin::Pin};

use calibr_model::{
    IntegrationId, Problem,
    views::{
        ConflictSide, ConflictStatus, ConflictView, ConflictsResolved, MatchingConflicts,
        UndoConflicts,
    },
};
use leptos::prelude::*;

pub(crate) use self::{bar::BulkBar, dialog::BulkDialog};
use super::{Inbox, outcome};
use crate::{
    api::{self, ApiError},
    state::Toast,
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
