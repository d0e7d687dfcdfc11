use leptos::{
    ev::{self, MouseEvent},
    leptos_dom::helpers::window_event_listener,
    prelude::*,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement, UrlSearchParams};

use super::Unsaved;

/// The browser's address, and going from one to another without a new page.
///
/// This is all the router the console needs: which page an address shows is
/// said by `routes::Place`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address {
    held: RwSignal<Held>,
    unsaved: Unsaved,
    /// The path, such as `/p/acme/products`.
    pub(crate) path: Memo<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    path: String,
    /// With its question mark; empty where there is none.
    search: String,
}

/// How an address joins the browser's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Added,
    Replaced,
}

impl Address {
    /// Takes over the links of the page and the browser's buttons. Both ask before
    /// they leave what is not saved.
    pub(crate) fn new(unsaved: Unsaved) -> Self {
        let held = RwSignal::new(Held::now());
        let path = Memo::new(move |_| held.with(|held| held.path.clone()));
        let this = Self {
            held,
            unsaved,
            path,
        };
        let stepped = window_event_listener(ev::popstate, move |_| this.stepped());
        let clicked = window_event_listener(ev::click, move |event| {
            if let Some(to) = page_of_link(&event) {
                event.prevent_default();
                this.go(&to);
            }
        });
        on_cleanup(move || {
            stepped.remove();
            clicked.remove();
        });
        this
    }

    /// Goes to a page, which begins at its top; asks before it leaves what is not
    /// saved.
    pub(crate) fn go(self, to: &str) {
        let path = to.split('?').next();
        let to = to.to_owned();
        self.unsaved.pass(path, move || {
            self.turn(&to, Entry::Added, &JsValue::NULL);
            window().scroll_to_with_x_and_y(0.0, 0.0);
        });
    }

    /// The browser went back or on by its own buttons. Where that would lose what
    /// is not saved, the page comes to stand after the entry that was gone to:
    /// going back from there leads to it, once the person says so.
    fn stepped(self) {
        let now = Held::now();
        if !self.unsaved.holds(Some(&now.path)) {
            self.held.set(now);
            return;
        }
        self.turn(&self.here(), Entry::Added, &JsValue::NULL);
        self.unsaved.ask(|| {
            if let Ok(history) = window().history() {
                let _gone = history.back();
            }
        });
    }

    /// Goes to a page from one that only led there: *Back* passes over it.
    pub(crate) fn lead(self, to: &str) {
        self.turn(to, Entry::Replaced, &JsValue::NULL);
    }

    /// The whole of it, to come back to.
    pub(crate) fn here(self) -> String {
        self.held
            .with_untracked(|held| format!("{}{}", held.path, held.search))
    }

    /// One value of its query; empty where it is not there. Tracked.
    pub(crate) fn value(self, name: &str) -> String {
        self.held
            .with(|held| held.query())
            .and_then(|query| query.get(name))
            .unwrap_or_default()
    }

    /// Changes values of its query, and leaves out the empty ones. The entry of
    /// the browser's history stays the same.
    pub(crate) fn amend(self, changes: &[(&str, &str)]) {
        self.turn(&self.changed(changes), Entry::Replaced, &JsValue::NULL);
    }

    /// As [`amend`](Self::amend), in a new entry of the browser's history: *Back*
    /// takes the changes back.
    pub(crate) fn add(self, changes: &[(&str, &str)]) {
        self.turn(&self.changed(changes), Entry::Added, &JsValue::NULL);
    }

    /// As [`add`](Self::add), with the page from its top and an entry that keeps
    /// `state`.
    pub(crate) fn go_on(self, changes: &[(&str, &str)], state: &JsValue) {
        self.turn(&self.changed(changes), Entry::Added, state);
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }

    fn changed(self, changes: &[(&str, &str)]) -> String {
        let held = self.held.get_untracked();
        let Some(query) = held.query() else {
            return held.path;
        };
        for (name, value) in changes {
            if value.is_empty() {
                query.delete(name);
            } else {
                query.set(name, value);
            }
        }
        match String::from(query.to_string()) {
            query if query.is_empty() => held.path,
            query => format!("{}?{query}", held.path),
        }
    }

    fn turn(self, to: &str, entry: Entry, state: &JsValue) {
        let Ok(history) = window().history() else {
            return;
        };
        let turned = match entry {
            Entry::Added => history.push_state_with_url(state, "", Some(to)),
            Entry::Replaced => history.replace_state_with_url(state, "", Some(to)),
        };
        if turned.is_ok() {
            self.held.set(Held::now());
        }
    }
}

impl Held {
    fn now() -> Self {
        let location = window().location();
        Self {
            path: location.pathname().unwrap_or_default(),
            search: location.search().unwrap_or_default(),
        }
    }

    fn query(&self) -> Option<UrlSearchParams> {
        UrlSearchParams::new_with_str(&self.search).ok()
    }
}

/// The page of this console that a plain click on a link leads to. New tabs,
/// downloads, other sites, the server's own addresses and places within the
/// page are left to the browser.
fn page_of_link(event: &MouseEvent) -> Option<String> {
    let is_plain = event.button() == 0
        && !event.default_prevented()
        && !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key());
    let clicked: Element = event.target()?.dyn_into().ok()?;
    let link: HtmlAnchorElement = clicked.closest("a[href]").ok()??.dyn_into().ok()?;
    let path = link.pathname();
    let is_page = link.origin() == window().location().origin().ok()?
        && link.target().is_empty()
        && link.hash().is_empty()
        && !link.has_attribute("download")
        && !path.starts_with("/api/");
    (is_plain && is_page).then(|| path + &link.search())
}
