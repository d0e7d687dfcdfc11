use leptos::prelude::*;

use crate::state::Draft;

/// What was typed into one field, and what it began with. Both outlive the page:
/// a sign-in between typing and saving loses nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edited {
    /// What stands in the field.
    pub(super) mine: RwSignal<String>,
    /// What was saved when the person began.
    pub(super) base: RwSignal<String>,
}

impl Edited {
    /// A field of a draft.
    pub(super) fn of(draft: Draft, name: &str) -> Self {
        Self {
            mine: draft.field(name),
            base: draft.field(&format!("base.{name}")),
        }
    }

    /// Whether it was changed. Tracked.
    pub(super) fn is_dirty(self) -> bool {
        self.mine.with(|mine| self.base.with(|base| mine != base))
    }

    /// Shows what is saved.
    pub(super) fn take(self, saved: &str) {
        self.mine.set(saved.to_owned());
        self.base.set(saved.to_owned());
    }

    /// Goes by what was saved of `sent`; what was typed since then stays.
    pub(super) fn settle(self, sent: &str, saved: &str) {
        if self.mine.with_untracked(|mine| mine == sent) {
            self.mine.set(saved.to_owned());
        }
        self.base.set(saved.to_owned());
    }

    /// Forgets what was typed.
    pub(super) fn discard(self) {
        self.mine.set(self.base.get_untracked());
    }
}
