use calibr_model::views::ConnectionTest;
use leptos::prelude::*;

use crate::{components::ui::Note, text::words::Tone};

/// What a test of a connection found.
#[component]
pub(crate) fn TestOutcome(
    /// What it found.
    outcome: ConnectionTest,
) -> impl IntoView {
    let ConnectionTest {
        ok,
        message,
        store_name,
        currency,
        api_version,
    } = outcome;
    let facts = [
        ("Store", store_name),
        ("Currency", currency),
        ("API version", api_version),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(label, value)| {
            value.map(|value| {
                view! {
                    <div class="flex gap-1.5">
                        <dt>{label}</dt>
                        <dd class="font-medium" dir="auto">{value}</dd>
                    </div>
                }
            })
        })
        .collect_view();
    view! {
        <Note tone=if ok { Tone::Good } else { Tone::Bad }>
            <p class="font-medium">{if ok { "The connection works" } else { "The connection does not work" }}</p>
            <p>{message}</p>
            <dl class="mt-1 flex flex-wrap gap-x-4 text-sm empty:hidden">{facts}</dl>
        </Note>
    }
}
