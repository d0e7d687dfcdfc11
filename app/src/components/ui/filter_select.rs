use leptos::prelude::*;

use super::{Glyph, Icon};

/// A choice of one that filters a list: no label over it, the first option says
/// what it is about.
#[component]
pub(crate) fn FilterSelect(
    /// What it filters by, for listeners.
    label: &'static str,
    /// What is chosen.
    #[prop(into)]
    value: Signal<String>,
    /// What can be chosen: the value and its words.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// Called with the new choice.
    #[prop(into)]
    on_change: Callback<String>,
) -> impl IntoView {
    view! {
        <div class="relative min-w-0 md:w-40">
            <select
                class="input"
                aria-label=label
                prop:value=move || {
                    // The options come first: a value without its option is none.
                    options.track();
                    value.get()
                }
                on:change=move |event| on_change.run(event_target_value(&event))
            >
                {move || {
                    let chosen = value.get();
                    options
                        .get()
                        .into_iter()
                        .map(|(key, words)| {
                            let selected = chosen == key;
                            view! { <option value=key selected=selected>{words}</option> }
                        })
                        .collect_view()
                }}
            </select>
            <SelectMark />
        </div>
    }
}

/// The arrow of a select.
#[component]
pub(super) fn SelectMark() -> impl IntoView {
    view! {
        <span class="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-quiet">
            <Glyph icon=Icon::ChevronDown />
        </span>
    }
}
