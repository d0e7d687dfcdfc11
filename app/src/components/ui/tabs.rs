use leptos::{ev, prelude::*};

use super::focus;

/// A row of tabs. Arrow keys go from one to the next, as people are used to.
#[component]
pub(crate) fn Tabs(
    /// What the row is about, for listeners.
    label: &'static str,
    /// Begins the ids of the tabs and their panels.
    stem: &'static str,
    /// Each tab's key and words.
    tabs: Vec<(&'static str, &'static str)>,
    /// The key of the open one.
    selected: RwSignal<&'static str>,
) -> impl IntoView {
    let keys: Vec<&'static str> = tabs.iter().map(|(key, _)| *key).collect();
    let press = move |event: ev::KeyboardEvent| {
        let now = keys
            .iter()
            .position(|key| *key == selected.get_untracked())
            .unwrap_or_default();
        let next = neighbour(&event.key(), now, keys.len());
        let Some(key) = next.and_then(|next| keys.get(next)) else {
            return;
        };
        event.prevent_default();
        selected.set(key);
        focus(&format!("#{}", tab_id(stem, key)));
    };
    view! {
        <div role="tablist" aria-label=label class="tabs" on:keydown=press>
            {tabs
                .into_iter()
                .map(|(key, words)| {
                    let is_open = move || selected.get() == key;
                    view! {
                        <button
                            type="button"
                            role="tab"
                            class="tab"
                            id=tab_id(stem, key)
                            aria-controls=panel_id(stem, key)
                            aria-selected=move || if is_open() { "true" } else { "false" }
                            tabindex=move || if is_open() { "0" } else { "-1" }
                            on:click=move |_| selected.set(key)
                        >
                            {words}
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// What stands under one tab. It stays when another one is open: nothing typed
/// in it is lost.
#[component]
pub(crate) fn TabPanel(
    /// As of the tabs.
    stem: &'static str,
    /// The tab's key.
    key: &'static str,
    /// The key of the open tab.
    selected: RwSignal<&'static str>,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    view! {
        <div
            role="tabpanel"
            id=panel_id(stem, key)
            aria-labelledby=tab_id(stem, key)
            hidden=move || selected.get() != key
        >
            {children()}
        </div>
    }
}

/// The place that a key leads to in a row of `many` tabs.
pub(super) fn neighbour(key: &str, now: usize, many: usize) -> Option<usize> {
    let last = many.saturating_sub(1);
    match key {
        "ArrowRight" if now >= last => Some(0),
        "ArrowRight" => Some(now + 1),
        "ArrowLeft" => Some(now.checked_sub(1).unwrap_or(last)),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

fn tab_id(stem: &str, key: &str) -> String {
    format!("{stem}-tab-{key}")
}

fn panel_id(stem: &str, key: &str) -> String {
    format!("{stem}-panel-{key}")
}
