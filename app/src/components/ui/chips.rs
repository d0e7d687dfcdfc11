use leptos::prelude::*;

/// Choices in a row that filter a list.
#[component]
pub(crate) fn Chips(
    /// What they filter by, for listeners.
    label: &'static str,
    /// Each choice's key and words.
    #[prop(into)]
    options: Signal<Vec<(&'static str, String)>>,
    /// Whether a choice is on.
    #[prop(into)]
    pressed: Callback<&'static str, bool>,
    /// Called with the choice that was pressed.
    #[prop(into)]
    on_press: Callback<&'static str>,
) -> impl IntoView {
    let chip = move |(key, words): (&'static str, String)| {
        view! {
            <button
                type="button"
                class="chip"
                aria-pressed=move || if pressed.run(key) { "true" } else { "false" }
                on:click=move |_| on_press.run(key)
            >
                {words}
            </button>
        }
    };
    view! {
        <div role="group" aria-label=label class="flex flex-wrap gap-2">
            {move || options.get().into_iter().map(chip).collect_view()}
        </div>
    }
}
