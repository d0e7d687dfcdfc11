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
    /// Whether it is open.
    pub(crate) open: bool,
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
    #[prop(into)]
    tabs: Signal<Vec<PageTab>>,
) -> impl IntoView {
    let address = expect_context::<Address>();
    let press = move |event: ev::KeyboardEvent| {
        let all = tabs.read_untracked();
        let now = all.iter().position(|tab| tab.open);
        let next = neighbour(&event.key(), now.unwrap_or_default(), all.len());
        let Some((next, tab)) = next.and_then(|next| Some((next, all.get(next)?.clone()))) else {
            return;
        };
        drop(all);
        event.prevent_default();
        address.go(&tab.href);
        focus(&format!("#{}", tab_id(stem, next)));
    };
    let each = move || {
        let all = tabs.get();
        all.into_iter()
            .enumerate()
            .map(|(index, PageTab { words, href, open })| {
                view! {
                    <a
                        role="tab"
                        class="tab"
                        id=tab_id(stem, index)
                        href=href
                        aria-controls=panel
                        aria-selected=if open { "true" } else { "false" }
                        tabindex=if open { "0" } else { "-1" }
                    >
                        {words}
                    </a>
                }
            })
            .collect_view()
    };
    view! {
        <div role="tablist" aria-label=label class="tabs" on:keydown=press>
            {each}
        </div>
    }
}

/// The id of the tab at a place in the row.
pub(crate) fn tab_id(stem: &str, index: usize) -> String {
    format!("{stem}-tab-{index}")
}
