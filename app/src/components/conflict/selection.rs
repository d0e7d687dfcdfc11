use calibr_model::{
    ConflictId,
    views::{ConflictStatus, ConflictView, MatchingCount, SeenConflict},
};
use leptos::prelude::*;

/// Which conflicts are to be decided together: some of those on show, or all
/// that match the filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection {
    /// Those on show, as they were looked at.
    pub(super) rows: RwSignal<Vec<SeenConflict>>,
    /// All that match, as they were counted.
    pub(super) matching: RwSignal<Option<MatchingCount>>,
}

impl Selection {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            rows: RwSignal::new(Vec::new()),
            matching: RwSignal::new(None),
        }
    }

    /// Whether one is in it. Tracked.
    pub(super) fn has(self, id: ConflictId) -> bool {
        self.rows.with(|rows| rows.iter().any(|seen| seen.id == id))
    }

    /// How many are in it. Tracked.
    pub(super) fn count(self) -> i64 {
        let shown = self.rows.with(Vec::len);
        let matching = self
            .matching
            .with(|all| all.as_ref().map(|all| all.counts.open));
        matching.unwrap_or_else(|| i64::try_from(shown).unwrap_or(i64::MAX))
    }

    /// Takes one in, or out.
    pub(super) fn toggle(self, conflict: &ConflictView) {
        if conflict.status != ConflictStatus::Open {
            return;
        }
        self.matching.set(None);
        self.rows.update(|rows| {
            let before = rows.len();
            rows.retain(|seen| seen.id != conflict.id);
            if rows.len() == before {
                rows.push(seen(conflict));
            }
        });
    }

    /// Takes in all that are open on the page.
    pub(super) fn all_of(self, page: &[ConflictView]) {
        self.matching.set(None);
        let open = page.iter().filter(|one| one.status == ConflictStatus::Open);
        self.rows.set(open.map(seen).collect());
    }

    /// Lets go of what is not open on the page any more, and of what the store
    /// moved since: it is to be looked at first.
    pub(super) fn keep(self, page: &[ConflictView]) {
        let stands = |seen: &SeenConflict| {
            page.iter().any(|one| {
                one.id == seen.id
                    && one.version == seen.version
                    && one.status == ConflictStatus::Open
            })
        };
        if !self.rows.with_untracked(|rows| rows.iter().all(stands)) {
            self.rows.update(|rows| rows.retain(stands));
        }
    }

    /// Lets go of all.
    pub(super) fn clear(self) {
        self.matching.set(None);
        self.rows.set(Vec::new());
    }
}

fn seen(conflict: &ConflictView) -> SeenConflict {
    SeenConflict {
        id: conflict.id,
        version: conflict.version,
    }
}
