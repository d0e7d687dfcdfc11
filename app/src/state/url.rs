//! What a page keeps in the address: filters, and where in a list it stands.

use calibr_model::Cursor;
use js_sys::Array;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
    location::State,
};
use wasm_bindgen::JsValue;

/// The name of the cursor in the address.
const CURSOR: &str = "cursor";

/// One value of the address's query; empty where it is not there.
pub(crate) fn query_text(name: &'static str) -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get_str(name).unwrap_or_default().to_owned()))
}

/// Changes values of the address's query, and leaves out the empty ones. A
/// changed filter begins its list anew, so the cursor goes unless it is set.
/// Called within a component, used anywhere.
pub(crate) fn set_query() -> impl Fn(&[(&str, &str)]) + Clone + Send + Sync + 'static {
    let go = set_query_with_state();
    move |changes| go(changes, State::new(None), true)
}

fn set_query_with_state() -> impl Fn(&[(&str, &str)], State, bool) + Clone + Send + Sync + 'static {
    let location = use_location();
    let navigate = use_navigate();
    move |changes, state, replace| {
        let search = location.search.get_untracked();
        let Ok(query) = web_sys::UrlSearchParams::new_with_str(&search) else {
            return;
        };
        query.delete(CURSOR);
        for (name, value) in changes {
            if value.is_empty() {
                query.delete(name);
            } else {
                query.set(name, value);
            }
        }
        let query = String::from(query.to_string());
        let path = location.pathname.get_untracked();
        let address = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let options = NavigateOptions {
            resolve: false,
            replace,
            scroll: false,
            state,
        };
        navigate(&address, options);
    }
}

/// Goes to the page at a cursor, with the cursors of the pages before it.
type GoTo = Box<dyn Fn(&str, &[String]) + Send + Sync>;

/// Where a keyset list stands. The address holds the cursor of the page; the
/// entry of the browser's history holds those of the pages before, so that
/// *Previous* works after a reload, too.
#[derive(Clone, Copy)]
pub(crate) struct Paging {
    /// The cursor of this page; none on the first.
    pub(crate) cursor: Memo<String>,
    go: StoredValue<GoTo>,
}

/// Makes the list of this page paged.
pub(crate) fn use_paging() -> Paging {
    let go = set_query_with_state();
    let go = move |cursor: &str, before: &[String]| {
        let before: Array = before
            .iter()
            .map(|cursor| JsValue::from_str(cursor))
            .collect();
        go(&[(CURSOR, cursor)], State::new(Some(before.into())), false);
        window().scroll_to_with_x_and_y(0.0, 0.0);
    };
    Paging {
        cursor: query_text(CURSOR),
        go: StoredValue::new(Box::new(go)),
    }
}

impl Paging {
    /// The cursor for a request.
    pub(crate) fn request(self) -> Option<Cursor> {
        let cursor = self.cursor.get_untracked();
        (!cursor.is_empty()).then(|| Cursor::from_text(cursor))
    }

    /// Whether there are pages before.
    pub(crate) fn has_previous(self) -> bool {
        self.cursor.with(|cursor| !cursor.is_empty())
    }

    /// Goes on to the page that begins at `cursor`.
    pub(crate) fn next(self, cursor: &Cursor) {
        let mut before = pages_before();
        before.push(self.cursor.get_untracked());
        self.go.with_value(|go| go(cursor.as_str(), &before));
    }

    /// Goes back one page; to the first where the one before is not known.
    pub(crate) fn previous(self) {
        let mut before = pages_before();
        let cursor = before.pop().unwrap_or_default();
        self.go.with_value(|go| go(&cursor, &before));
    }
}

fn pages_before() -> Vec<String> {
    let state = window().history().and_then(|history| history.state());
    match state {
        Ok(state) if Array::is_array(&state) => Array::from(&state)
            .iter()
            .filter_map(|cursor| cursor.as_string())
            .collect(),
        _ => Vec::new(),
    }
}
