use leptos::prelude::*;

use crate::components::ui::unique_id;

/// Something that is on or off.
#[component]
pub(crate) fn Switch(
    /// Its words.
    label: &'static str,
    /// What it means.
    help: &'static str,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// Called with what it is to be.
    #[prop(into)]
    on_change: Callback<bool>,
) -> impl IntoView {
    let id = unique_id("switch");
    let (label_id, help_id) = (format!("{id}-label"), format!("{id}-help"));
    view! {
        <label class="flex items-start justify-between gap-4">
            <span class="min-w-0">
                <span id=label_id.clone() class="label">{label}</span>
                <span id=help_id.clone() class="help block">{help}</span>
            </span>
            <input
                type="checkbox"
                role="switch"
                class="switch"
                aria-labelledby=label_id
                aria-describedby=help_id
                prop:checked=move || on.get()
                on:change=move |event| on_change.run(event_target_checked(&event))
            />
        </label>
    }
}
