use leptos::prelude::*;

/// How far something has come; moves back and forth while that is not known.
#[component]
pub(crate) fn ProgressBar(
    /// What it is about, for listeners.
    #[prop(into)]
    label: Signal<String>,
    /// Per cent done.
    #[prop(into)]
    percent: Signal<Option<u8>>,
    /// How far it has come, in words.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let width = move || {
        percent
            .get()
            .map_or_else(String::new, |percent| format!("{percent}%"))
    };
    view! {
        <div
            class="bar"
            role="progressbar"
            aria-label=move || label.get()
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || percent.get().map(|percent| percent.to_string())
            aria-valuetext=move || text.get()
        >
            <span style:width=width></span>
        </div>
    }
}
