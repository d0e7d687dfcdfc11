use std::time::Duration;

use leptos::{leptos_dom::helpers::debounce, prelude::*};

use super::{Glyph, Icon};
use crate::state::Paging;

/// How long typing may pause before it is searched for.
const PAUSE: Duration = Duration::from_millis(250);

/// Searches a list for words: what is typed is searched for after a pause, and
/// stands in the address.
#[component]
pub(crate) fn SearchField(
    /// The list.
    paging: Paging,
    /// The words that it is searched for, the value `q` of the address.
    search: Memo<String>,
    /// What is searched, for listeners.
    label: &'static str,
) -> impl IntoView {
    let typed = RwSignal::new(search.get_untracked());
    let mut later = debounce(PAUSE, move |words: String| {
        if words.trim() != search.get_untracked() {
            paging.filter("q", words.trim());
        }
    });
    // Going back in the browser brings the words back.
    Effect::new(move |_| {
        let words = search.get();
        if typed.with_untracked(|typed| typed.trim() != words) {
            typed.set(words);
        }
    });
    view! {
        <div class="relative col-span-2 min-w-0 flex-1 rounded-control bg-panel">
            <span class="pointer-events-none absolute inset-y-0 left-3 flex items-center text-quiet">
                <Glyph icon=Icon::Search />
            </span>
            <input
                type="search"
                class="input relative bg-transparent pl-9"
                aria-label=label
                placeholder="Search title, vendor or SKU"
                autocomplete="off"
                spellcheck="false"
                dir="auto"
                prop:value=move || typed.get()
                on:input=move |event| {
                    let words = event_target_value(&event);
                    typed.set(words.clone());
                    later(words);
                }
            />
        </div>
    }
}
