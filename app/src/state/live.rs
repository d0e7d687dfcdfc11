use std::{rc::Rc, time::Duration};

use calibr_model::event::SyncProgress;
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

use super::Connection;
use crate::{api, routes};

/// A cut line is not worth a word before this.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long until a closed line is opened anew, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// What happened in the project just now: `calibr_model::event::ProjectEvent`,
/// told apart by the name of the server-sent event.
#[derive(Debug, Clone)]
pub(crate) enum LiveEvent {
    /// A run moved.
    Progress(SyncProgress),
    /// A price push moved on: read prices again.
    Prices,
    /// Conflicts came, went or moved: read them again.
    Conflicts,
    /// An integration changed, or events may have been missed: read again.
    Changed,
}

type Listener = Rc<dyn Fn(&LiveEvent)>;

/// The line on which the server tells what happens in a project. It heals by
/// itself; after a cut everything is read again.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    connection: Connection,
    path: StoredValue<String>,
    listeners: StoredValue<Vec<(u32, Listener)>, LocalStorage>,
    last_listener: StoredValue<u32>,
    line: StoredValue<Option<Line>, LocalStorage>,
    waits: StoredValue<u32>,
    was_cut: StoredValue<bool>,
    complaint: StoredValue<Option<TimeoutHandle>>,
}

/// An open event source with what it calls.
struct Line {
    source: EventSource,
    _callbacks: Vec<Closure<dyn FnMut(Event)>>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.source.close();
    }
}

impl Live {
    /// Opens the line of the project, and closes it with the current owner.
    pub(crate) fn open(slug: &str) -> Self {
        let this = Self {
            connection: expect_context(),
            path: StoredValue::new(routes::events(slug)),
            listeners: StoredValue::new_local(Vec::new()),
            last_listener: StoredValue::new(0),
            line: StoredValue::new_local(None),
            waits: StoredValue::new(0),
            was_cut: StoredValue::new(false),
            complaint: StoredValue::new(None),
        };
        on_cleanup(move || {
            this.stop_complaint();
            this.connection.line_lost.set(false);
        });
        this.dial();
        this
    }

    /// Calls `listener` with every event until the current owner is gone.
    pub(crate) fn listen(self, listener: impl Fn(&LiveEvent) + 'static) {
        let number = self.last_listener.get_value() + 1;
        self.last_listener.set_value(number);
        self.listeners
            .update_value(|all| all.push((number, Rc::new(listener))));
        on_cleanup(move || {
            self.listeners
                .try_update_value(|all| all.retain(|(held, _)| *held != number));
        });
    }

    fn tell(self, event: &LiveEvent) {
        // A copy: a listener may come or go while all are called.
        let all = self.listeners.try_with_value(|all| {
            all.iter()
                .map(|(_, listener)| Rc::clone(listener))
                .collect::<Vec<_>>()
        });
        for listener in all.unwrap_or_default() {
            listener(event);
        }
    }

    fn dial(self) {
        let Some(source) = self
            .path
            .try_with_value(|path| EventSource::new(path).ok())
            .flatten()
        else {
            return;
        };
        let mut callbacks = Vec::new();
        let mut on = |name: &str, call: Box<dyn FnMut(Event)>| {
            let callback = Closure::wrap(call);
            let function = callback.as_ref().unchecked_ref();
            let _added = source.add_event_listener_with_callback(name, function);
            callbacks.push(callback);
        };
        on("open", Box::new(move |_| self.opened()));
        on("error", Box::new(move |_| self.cut()));
        on(
            "sync_progress",
            Box::new(move |event| self.progressed(&event)),
        );
        for (name, told) in [
            ("price_push_changed", LiveEvent::Prices),
            ("conflicts_changed", LiveEvent::Conflicts),
            ("integration_changed", LiveEvent::Changed),
            ("resync", LiveEvent::Changed),
        ] {
            on(name, Box::new(move |_| self.tell(&told)));
        }
        self.line.set_value(Some(Line {
            source,
            _callbacks: callbacks,
        }));
    }

    fn progressed(self, event: &Event) {
        let data = event
            .dyn_ref::<MessageEvent>()
            .and_then(|message| message.data().as_string());
        let progress = data.and_then(|data| api::read::<SyncProgress>(&data));
        // What cannot be read is of a newer server: reading again is always right.
        self.tell(&progress.map_or(LiveEvent::Changed, LiveEvent::Progress));
    }

    fn opened(self) {
        self.stop_complaint();
        self.waits.set_value(0);
        self.connection.line_lost.set(false);
        if self.was_cut.get_value() {
            self.was_cut.set_value(false);
            self.connection.revive();
        } else {
            // What was read before the line stood may have changed unheard.
            self.tell(&LiveEvent::Changed);
        }
    }

    fn cut(self) {
        let Some(true) = self.complaint.try_with_value(Option::is_none) else {
            return self.redial_if_closed();
        };
        self.was_cut.set_value(true);
        let complain = move || self.connection.line_lost.set(true);
        self.complaint
            .set_value(set_timeout_with_handle(complain, PATIENCE).ok());
        self.redial_if_closed();
    }

    /// The browser dials again by itself after a cut, but not after an answer
    /// that was no stream, such as a proxy's 502.
    fn redial_if_closed(self) {
        let is_closed = |line: &Option<Line>| {
            line.as_ref()
                .is_some_and(|line| line.source.ready_state() == EventSource::CLOSED)
        };
        if self.line.try_with_value(is_closed) != Some(true) {
            return;
        }
        let waits = self.waits.get_value();
        self.waits.set_value(waits.saturating_add(1));
        let wait = FIRST_WAIT
            .saturating_mul(1 << waits.min(4))
            .min(LONGEST_WAIT);
        set_timeout(
            move || {
                // Nothing to dial once the page is gone.
                if self.line.try_with_value(is_closed) == Some(true) {
                    self.dial();
                }
            },
            wait,
        );
    }

    fn stop_complaint(self) {
        if let Some(Some(handle)) = self.complaint.try_update_value(Option::take) {
            handle.clear();
        }
    }
}
