use leptos::prelude::*;

/// One thing that is wanted or not.
#[component]
pub(crate) fn Checkbox(
    /// What is wanted.
    #[prop(into)]
    label: String,
    /// Whether it is.
    value: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <label class="flex min-h-6 items-start gap-2.5">
            <input
                type="checkbox"
                class="mt-0.5 size-4.5 shrink-0 accent-accent"
                prop:checked=move || value.get()
                on:change=move |event| value.set(event_target_checked(&event))
            />
            <span>{label}</span>
        </label>
    }
}
