use leptos::prelude::*;

use crate::text::{number::grouped, words::Tone};

/// One figure over a page, with its name.
#[component]
pub(crate) fn Counter(
    /// Its name.
    label: &'static str,
    /// The figure; nothing while it is not known.
    #[prop(into)]
    value: Signal<Option<i64>>,
    /// What a figure other than 0 means.
    #[prop(optional)]
    tone: Tone,
    /// Whether a figure other than 0 is something under way.
    #[prop(optional)]
    live: bool,
) -> impl IntoView {
    let counts = move || value.get().is_some_and(|value| value != 0);
    let dot = match tone {
        Tone::Neutral => "",
        Tone::Info => "bg-accent",
        Tone::Good => "bg-good",
        Tone::Warn => "bg-warn",
        Tone::Bad => "bg-bad",
    };
    let figure = move || match value.get() {
        Some(value) => grouped(value).into_any(),
        None => view! { <span class="ghost mt-2 h-5 w-8" aria-hidden="true"></span> }.into_any(),
    };
    view! {
        <div class="card px-4 py-3 sm:px-5 sm:py-4">
            <dt class="flex items-center gap-2 text-sm text-quiet">
                {label}
                {(tone != Tone::Neutral)
                    .then(|| {
                        view! {
                            <span
                                class=format!("size-2 rounded-full {dot}")
                                class:invisible=move || !counts()
                                class=("animate-pulse", move || live && counts())
                            ></span>
                        }
                    })}
            </dt>
            <dd class="mt-0.5 text-2xl font-semibold tracking-tight">{figure}</dd>
        </div>
    }
}
