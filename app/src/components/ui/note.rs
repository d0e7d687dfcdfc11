use leptos::prelude::*;

use super::{Glyph, Icon};
use crate::text::words::Tone;

/// A short text that must not be overlooked, where it belongs.
#[component]
pub(crate) fn Note(
    /// What kind it is.
    tone: Tone,
    /// Whether a listener is told at once.
    #[prop(optional)]
    alert: bool,
    /// The text.
    children: Children,
) -> impl IntoView {
    let icon = match tone {
        Tone::Good => Icon::CheckCircle,
        Tone::Warn | Tone::Bad => Icon::Alert,
        Tone::Neutral | Tone::Info => Icon::Info,
    };
    view! {
        <div class=format!("note {}", tone.class()) role=alert.then_some("alert")>
            <Glyph icon />
            <div class="min-w-0 flex-1">{children()}</div>
        </div>
    }
}
