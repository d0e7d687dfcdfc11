use leptos::{ev, leptos_dom::helpers::window_event_listener, prelude::*};

/// Whether the server can be reached, as far as is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    /// Whether the machine has a network at all.
    pub(crate) online: RwSignal<bool>,
    /// Whether the line of a project's events has been cut for a while.
    pub(crate) line_lost: RwSignal<bool>,
    /// Notified when the server can be reached again: what was read may be old.
    pub(crate) revived: RwSignal<u32>,
}

impl Connection {
    pub(crate) fn new() -> Self {
        let this = Self {
            online: RwSignal::new(window().navigator().on_line()),
            line_lost: RwSignal::new(false),
            revived: RwSignal::new(0),
        };
        let went = window_event_listener(ev::offline, move |_| this.online.set(false));
        let came = window_event_listener(ev::online, move |_| {
            this.online.set(true);
            this.revive();
        });
        on_cleanup(move || {
            went.remove();
            came.remove();
        });
        this
    }

    /// Makes every page read its data again.
    pub(crate) fn revive(self) {
        self.revived.update(|times| *times = times.wrapping_add(1));
    }

    /// Whether something must be said about it.
    pub(crate) fn is_lost(self) -> bool {
        !self.online.get() || self.line_lost.get()
    }
}
