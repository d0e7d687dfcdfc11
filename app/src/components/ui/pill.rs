use leptos::prelude::*;

use crate::text::words::{Tone, Worded};

/// A word with a dot in its colour.
#[component]
pub(crate) fn Pill(
    /// The word.
    word: &'static str,
    /// What the colour says.
    #[prop(optional)]
    tone: Tone,
    /// Whether it moves on by itself: the dot breathes.
    #[prop(optional)]
    live: bool,
) -> impl IntoView {
    view! {
        <span class=format!("pill {}", tone.class()) data-live=live.then_some("")>
            {word}
        </span>
    }
}

/// The pill of a state.
pub(crate) fn pill(state: impl Worded) -> AnyView {
    view! { <Pill word=state.word() tone=state.tone() live=state.is_live() /> }.into_any()
}
