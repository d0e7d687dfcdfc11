use leptos::prelude::*;

use super::{Glyph, Icon};
use crate::state::Connection;

/// Says that the connection is lost, for as long as it is.
#[component]
pub(crate) fn Banner() -> impl IntoView {
    let connection = expect_context::<Connection>();
    let words = move || {
        if connection.online.get() {
            "The connection to the server is lost. What you see may be out of date; trying again…"
        } else {
            "You are offline. What you see may be out of date; it is refreshed as soon as you are back."
        }
    };
    view! {
        <div role="status">
            <Show when=move || connection.is_lost()>
                <p class="tone-warn flex items-center justify-center gap-2 px-4 py-2 text-sm font-medium">
                    <Glyph icon=Icon::Alert />
                    {words}
                </p>
            </Show>
        </div>
    }
}
