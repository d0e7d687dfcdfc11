use leptos::{ev, prelude::*};

use super::{focus, tabs::neighbour};
use crate::state::Address;

/// One tab that has an address of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageTab {
    /// Its words.
    pub(crate) words: &'static str,
    /// Its address.
    pub(crate) href: String,
}

/// A row of tabs with an address each. Arrow keys go from one to the next; on a
/// narrow page the row scrolls.
#[component]
pub(crate) fn PageTabs(
    /// What the row is about, for listeners.
    label: &'static str,
    /// Begins the ids of the tabs.
    stem: &'static str,
    /// The id of what stands under the open one.
    panel: &'static str,
    /// The tabs.
    tabs: Vec<PageTab>,
    /// The place of the open one in the row.
    open: Memo<usize>,
) -> impl IntoView {
    let address = expect_context::<Address>();
    let addresses: Vec<String> = tabs.iter().map(|tab| tab.href.clone()).collect();
    let press = move |event: ev::KeyboardEvent| {
        let next = neighbour(&event.key(), open.get_untracked(), addresses.len());
        let Some((next, href)) = next.and_then(|next| Some((next, addresses.get(next)?))) else {
            return;
        };
        event.prevent_default();
        address.go(href);
        focus(&format!("#{}", tab_id(stem, next)));
    };
    let each = |(index, PageTab { words, href }): (usize, PageTab)| {
        let is_open = move || open.get() == index;
        view! {
            <a
                role="tab"
                class="tab"
                id=tab_id(stem, index)
                href=href
                aria-controls=panel
                aria-selected=move || if is_open() { "true" } else { "false" }
                tabindex=move || if is_open() { "0" } else { "-1" }
            >
                {words}
            </a>
        }
    };
    view! {
        <div role="tablist" aria-label=label class="tabs" on:keydown=press>
            {tabs.into_iter().enumerate().map(each).collect_view()}
        </div>
    }
}

/// The id of the tab at a place in the row.
pub(crate) fn tab_id(stem: &str, index: usize) -> String {
    format!("{stem}-tab-{index}")
}
