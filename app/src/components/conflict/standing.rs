//! Where the focus stands among the rows, and where it goes when its row leaves.
//! A row says which conflict it is by `data-conflict`; what in it can have the
//! focus is inside something with `data-part`.

use calibr_model::ConflictId;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::components::ui::focus;

/// What of a row takes the focus where nothing else is asked for.
pub(super) const FIRST: &str = "first";

/// The part with the conflict's name, which every row has.
pub(super) const NAME: &str = "name";

/// A place in the table.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    conflict: String,
    index: usize,
    part: String,
}

impl Standing {
    /// Where the focus stands, where that is in a row.
    pub(super) fn now() -> Option<Self> {
        let focused = document().active_element()?;
        let row = focused.closest("[data-conflict]").ok()??;
        let index = rows().iter().position(|one| *one == row)?;
        let part = focused.closest("[data-part]").ok().flatten();
        Some(Self {
            conflict: row.get_attribute("data-conflict")?,
            index,
            part: part
                .and_then(|part| part.get_attribute("data-part"))
                .unwrap_or_else(|| FIRST.to_owned()),
        })
    }

    /// The conflict that it is in.
    pub(super) fn conflict(&self) -> Option<ConflictId> {
        self.conflict.parse().ok()
    }

    /// Gives a focus that was lost back: to the same conflict, or to the one that
    /// has taken its place, or to the page's heading where there is none.
    pub(super) fn regain(&self) {
        let focused = document().active_element();
        if focused.is_some_and(|focused| focused.tag_name() != "BODY") {
            return;
        }
        let rows = rows();
        let same = |row: &&Element| {
            row.get_attribute("data-conflict").as_deref() == Some(self.conflict.as_str())
        };
        let instead = || rows.get(self.index).or_else(|| rows.last());
        match rows.iter().find(same).or_else(instead) {
            Some(row) => enter(row, &self.part),
            None => focus("main h1"),
        }
    }

    /// Goes so many rows down, or up, and no further than the last one.
    pub(super) fn step(from: Option<Self>, by: isize) {
        let rows = rows();
        let last = rows.len().saturating_sub(1);
        let index = match &from {
            Some(from) => from.index.saturating_add_signed(by).min(last),
            None => 0,
        };
        let part = from.map_or_else(|| FIRST.to_owned(), |from| from.part);
        if let Some(row) = rows.get(index) {
            enter(row, &part);
        }
    }
}

/// Gives the focus to a part of a row, or to its first where it has no such.
fn enter(row: &Element, part: &str) {
    let find = |part: &str| {
        let selector = format!("[data-part='{part}'] :is(a, button, input)");
        row.query_selector(&selector).ok().flatten()
    };
    let found = find(part)
        .or_else(|| find(FIRST))
        .or_else(|| find(NAME))
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = found {
        let _focused = element.focus();
    }
}

fn rows() -> Vec<Element> {
    let Ok(nodes) = document().query_selector_all("[data-conflict]") else {
        return Vec::new();
    };
    let row = |index| nodes.item(index)?.dyn_into::<Element>().ok();
    (0..nodes.length()).filter_map(row).collect()
}
