//! A platform in a glance.

use calibr_model::PlatformId;
use leptos::prelude::*;

/// A square in the platform's colour with its initial. Decoration: its name
/// stands beside it.
#[component]
pub(crate) fn PlatformMark(
    /// Which.
    platform: PlatformId,
    /// Whether it heads a card.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let initial = platform
        .as_str()
        .chars()
        .next()
        .map(|letter| letter.to_ascii_uppercase());
    view! {
        <span
            class="mark"
            aria-hidden="true"
            data-platform=platform.to_string()
            data-size=large.then_some("large")
        >
            {initial}
        </span>
    }
}
