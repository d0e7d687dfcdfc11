use calibr_model::{
    ConflictId, Page, Problem, ProblemKind, ProjectSlug, Role,
    views::{
        ConflictField, ConflictSide, ConflictStatus, ConflictView, ConflictsUndone, SeenConflict,
        UndoConflicts,
    },
};
use leptos::prelude::*;

use super::{ConflictsFilter, selection::Selection};
use crate::{
    api,
    state::{Announcer, Ask, Project, Query, Toast, Toasts},
    text::number::counted,
};

/// The conflicts on show, and what is done with them.
#[derive(Clone, Copy)]
pub(crate) struct Inbox {
    pub(super) project: Project,
    pub(super) ask: Ask,
    pub(super) toasts: Toasts,
    announcer: Announcer,
    /// Those of this page.
    pub(super) list: Query<Page<ConflictView>>,
    /// Which are asked for.
    pub(super) filter: ConflictsFilter,
    /// Which are to be decided together.
    pub(super) selection: Selection,
    /// Whether the signed-in person may decide.
    pub(super) may: bool,
    /// What is being decided, and for whom.
    deciding: RwSignal<Vec<(ConflictId, ConflictSide)>>,
    /// What could not be decided, and why.
    refused: RwSignal<Vec<(ConflictId, String)>>,
    /// What was decided last.
    last: StoredValue<Option<UndoConflicts>>,
}

impl Inbox {
    /// Of the page that is open.
    pub(crate) fn here(list: Query<Page<ConflictView>>, filter: ConflictsFilter) -> Self {
        let project = expect_context::<Project>();
        let this = Self {
            project,
            ask: Ask::here(),
            toasts: expect_context(),
            announcer: expect_context(),
            list,
            filter,
            selection: Selection::new(),
            may: project.allows(Role::Editor),
            deciding: RwSignal::new(Vec::new()),
            refused: RwSignal::new(Vec::new()),
            last: StoredValue::new(None),
        };
        Effect::new(move |_| {
            list.with(|page| {
                let shown = page.map(|page| page.items.as_slice());
                this.selection.keep(shown.unwrap_or_default());
            });
        });
        this
    }

    /// One of them, as it stands. Tracked.
    pub(super) fn conflict(self, id: ConflictId) -> Option<ConflictView> {
        self.list
            .with(|page| page?.items.iter().find(|one| one.id == id).cloned())
    }

    /// For whom one of them is being decided. Tracked.
    pub(super) fn deciding(self, id: ConflictId) -> Option<ConflictSide> {
        self.deciding.with(|all| {
            let (_, side) = all.iter().find(|(held, _)| *held == id)?;
            Some(*side)
        })
    }

    /// Why one of them could not be decided. Tracked.
    pub(super) fn refused(self, id: ConflictId) -> Option<String> {
        self.refused.with(|all| {
            let (_, why) = all.iter().find(|(held, _)| *held == id)?;
            Some(why.clone())
        })
    }

    /// Decides one as it is shown.
    pub(super) fn decide(self, id: ConflictId, side: ConflictSide) {
        let Some(conflict) = untrack(|| self.conflict(id)) else {
            return;
        };
        let is_open = conflict.status == ConflictStatus::Open;
        if !self.may || !is_open || untrack(|| self.deciding(id)).is_some() {
            return;
        }
        self.deciding.update(|all| all.push((id, side)));
        self.refused
            .update(|all| all.retain(|(held, _)| *held != id));
        let seen = SeenConflict {
            id,
            version: conflict.version,
        };
        let slug = self.project.slug();
        let request = api::conflicts::resolve_conflict(slug.clone(), seen, side);
        self.ask.send(request, move |answer| {
            self.deciding
                .update(|all| all.retain(|(held, _)| *held != id));
            match answer {
                Ok(now) => self.decided(slug, side, now),
                Err(problem) => self.not_decided(&conflict, problem),
            }
        });
    }

    fn decided(self, slug: ProjectSlug, side: ConflictSide, now: ConflictView) {
        let (title, detail) = told(&now, side);
        let undo = match now.decision_id {
            Some(decision) => UndoConflicts::Decision(decision),
            None => UndoConflicts::Conflicts(vec![now.id]),
        };
        let undo = now.can_undo.then_some(undo);
        self.show_with_undo(Toast::good(title).detail(detail), slug, undo);
        // The page may be left by now.
        let status = self.filter.status.try_get_untracked().flatten();
        self.list.amend(|page| {
            if status.is_some_and(|status| status != now.status) {
                page.items.retain(|one| one.id != now.id);
            } else if let Some(held) = page.items.iter_mut().find(|one| one.id == now.id) {
                *held = now;
            }
        });
    }

    fn not_decided(self, conflict: &ConflictView, problem: Problem) {
        if problem.kind == ProblemKind::Conflict {
            // Its row may be gone in a moment: the words stay.
            let name = conflict.title.as_deref().unwrap_or("This conflict");
            let title = format!("{name}: not decided by you");
            self.toasts.show(Toast::bad(title, problem.detail));
            self.list.refetch();
        } else {
            let mut faults = problem.errors.into_iter();
            let why = faults.next().map_or(problem.detail, |fault| fault.message);
            self.refused.update(|all| all.push((conflict.id, why)));
        }
    }

    /// Says what was decided, with a way to undo it. The project's address comes
    /// along: the message outlives its pages.
    pub(super) fn show_with_undo(
        self,
        toast: Toast,
        slug: ProjectSlug,
        which: Option<UndoConflicts>,
    ) {
        self.last.try_update_value(|last| last.clone_from(&which));
        self.toasts.show(match which {
            Some(which) => toast.action("Undo", move || self.undo(slug.clone(), which.clone())),
            None => toast,
        });
    }

    /// Undoes what was decided last.
    pub(super) fn undo_last(self) {
        match self.last.try_update_value(Option::take).flatten() {
            Some(last) => self.undo(self.project.slug(), last),
            None => self.announcer.say("There is nothing to undo."),
        }
    }

    /// Opens decided conflicts again.
    pub(super) fn undo(self, slug: ProjectSlug, which: UndoConflicts) {
        let request = api::conflicts::undo_conflicts(slug, which);
        self.ask.send(request, move |answer| {
            self.toasts.show(match answer {
                Ok(undone) => undone_words(undone),
                Err(problem) if problem.kind == ProblemKind::Conflict => {
                    Toast::bad("Too late to undo", problem.detail)
                }
                Err(problem) => Toast::bad("Not undone", problem.detail),
            });
            self.list.refetch();
        });
    }
}

/// What was decided, and what comes of it.
fn told(conflict: &ConflictView, side: ConflictSide) -> (String, String) {
    let what = match conflict.field {
        ConflictField::Price => "price",
        ConflictField::CompareAt => "struck-through price",
    };
    let store = &conflict.integration_name;
    match side {
        ConflictSide::Ours => (
            format!("Calibr's {what} is kept"),
            match conflict.ours {
                Some(ours) => format!("{ours} is sent to {store}."),
                None => format!("It is taken away at {store}."),
            },
        ),
        ConflictSide::Theirs => (
            format!("The store's {what} is kept"),
            match conflict.theirs {
                Some(theirs) => format!("{store} stays at {theirs}. Nothing is sent."),
                None => format!("{store} stays without one. Nothing is sent."),
            },
        ),
    }
}

fn undone_words(undone: ConflictsUndone) -> Toast {
    let ConflictsUndone { reopened, too_late } = undone;
    let late = (too_late > 0).then(|| {
        let were = counted(too_late, "conflict", "conflicts");
        format!(
            "For {were} it was too late: a price is on its way, or another one is wanted since."
        )
    });
    let title = match reopened {
        1 => "The conflict is open again".to_owned(),
        _ => format!(
            "{} are open again",
            counted(reopened, "conflict", "conflicts")
        ),
    };
    match late {
        Some(late) if reopened == 0 => Toast::bad("Too late to undo", late),
        Some(late) => Toast::good(title).detail(late),
        None => Toast::good(title),
    }
}
