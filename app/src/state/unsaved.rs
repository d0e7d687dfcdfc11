use leptos::{ev, leptos_dom::helpers::window_event_listener, prelude::*};

/// Keeps what was typed into the open page from being lost by leaving it: asks
/// first. `UnsavedDialog` shows the question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unsaved {
    page: StoredValue<Option<Guarded>>,
    held_up: StoredValue<Option<Callback<()>>>,
    /// Whether the question stands.
    pub(crate) asking: RwSignal<bool>,
}

/// A page that holds what was typed.
#[derive(Debug, Clone, Copy)]
struct Guarded {
    dirty: Signal<bool>,
    keeps: Callback<String, bool>,
    discard: Callback<()>,
}

impl Unsaved {
    /// Nothing to lose yet.
    pub(crate) fn new() -> Self {
        Self {
            page: StoredValue::new(None),
            held_up: StoredValue::new(None),
            asking: RwSignal::new(false),
        }
    }

    /// Guards the page that is being made, until it is gone: while it is `dirty`,
    /// leaving it asks first, and `discard` throws away what was typed. A path
    /// that the page `keeps` what was typed on does not leave it.
    pub(crate) fn guard(
        self,
        dirty: Signal<bool>,
        keeps: impl Fn(String) -> bool + Send + Sync + 'static,
        discard: impl Fn() + Send + Sync + 'static,
    ) {
        self.page.set_value(Some(Guarded {
            dirty,
            keeps: Callback::new(keeps),
            discard: Callback::new(move |()| discard()),
        }));
        let closing = window_event_listener(ev::beforeunload, move |event| {
            if dirty.get_untracked() {
                event.prevent_default();
            }
        });
        on_cleanup(move || {
            closing.remove();
            self.page.set_value(None);
        });
    }

    /// Goes on at once where that loses nothing, else once the person says so.
    /// `path` is where it leads; none for a way out of all pages.
    pub(crate) fn pass(self, path: Option<&str>, go: impl Fn() + Send + Sync + 'static) {
        if self.holds(path) {
            self.ask(go);
        } else {
            go();
        }
    }

    /// Whether something would be lost by going to `path`.
    pub(super) fn holds(self, path: Option<&str>) -> bool {
        self.page.get_value().is_some_and(|page| {
            let stays = path.is_some_and(|path| page.keeps.run(path.to_owned()));
            !stays && page.dirty.get_untracked()
        })
    }

    /// Asks before it goes on.
    pub(super) fn ask(self, go: impl Fn() + Send + Sync + 'static) {
        self.held_up.set_value(Some(Callback::new(move |()| go())));
        self.asking.set(true);
    }

    /// Leaves, without what was typed.
    pub(crate) fn leave(self) {
        self.asking.set(false);
        if let Some(page) = self.page.get_value() {
            page.discard.run(());
        }
        if let Some(go) = self.held_up.get_value() {
            go.run(());
        }
    }
}
