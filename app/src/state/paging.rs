use calibr_model::Cursor;
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::Address;

/// The name of the cursor in the address.
const CURSOR: &str = "cursor";

/// Where a keyset list stands. The address holds the cursor of the page; the
/// entry of the browser's history holds those of the pages before, so that
/// *Previous* works after a reload, too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    /// The cursor of this page; none on the first.
    pub(crate) cursor: Memo<String>,
    address: Address,
}

impl Paging {
    /// Makes the list of this page paged.
    pub(crate) fn here() -> Self {
        let address: Address = expect_context();
        Self {
            cursor: Memo::new(move |_| address.value(CURSOR)),
            address,
        }
    }

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
        let before = pages_before();
        before.push(&JsValue::from_str(&self.cursor.get_untracked()));
        self.go(cursor.as_str(), &before);
    }

    /// Goes back one page; to the first where the one before is not known.
    pub(crate) fn previous(self) {
        let before = pages_before();
        let cursor = before.pop().as_string().unwrap_or_default();
        self.go(&cursor, &before);
    }

    /// Changes a filter of the list, which then begins anew.
    pub(crate) fn filter(self, name: &str, value: &str) {
        self.address.amend(&[(CURSOR, ""), (name, value)]);
    }

    /// Changes filters of the list, which then begins anew. *Back* takes the
    /// changes back.
    pub(crate) fn choose(self, changes: &[(&str, &str)]) {
        self.address.add(&[&[(CURSOR, "")], changes].concat());
    }

    fn go(self, cursor: &str, before: &JsValue) {
        self.address.go_on(&[(CURSOR, cursor)], before);
    }
}

/// The cursors that the entry of the browser's history holds; a copy.
fn pages_before() -> Array {
    let state = window().history().and_then(|history| history.state());
    match state {
        Ok(state) if Array::is_array(&state) => Array::from(&state),
        _ => Array::new(),
    }
}
