use calibr_model::views::{LedgerStep, ListingLedgerView, PriceItemStatus};
use leptos::prelude::*;

use crate::{
    components::ui::{Glyph, Icon, Note, TimeAgo, pill},
    state::Project,
    text::{
        time::{Style, written},
        words::Tone,
    },
};

/// What of a price on its way fits under the price itself.
#[component]
pub(crate) fn LedgerLine(
    /// Where it stands.
    held: ListingLedgerView,
) -> impl IntoView {
    let ListingLedgerView { ledger, status, .. } = held;
    let wanted = ledger.desired.price.to_string();
    let line = if ledger.drifted {
        view! { {format!("{wanted} was set here")} }.into_any()
    } else if status == PriceItemStatus::Observed {
        let at = ledger.observed.unwrap_or(ledger.desired).at;
        view! { "Observed " <TimeAgo at /> }.into_any()
    } else {
        view! {
            <span aria-hidden="true">"→ "</span>
            {wanted}
            " "
            {pill(status)}
        }
        .into_any()
    };
    view! { <span class="block text-xs text-quiet" role="status">{line}</span> }
}

/// A price's way to the store: each step with its price and time.
#[component]
pub(super) fn LedgerSteps(
    /// Where it stands.
    held: ListingLedgerView,
) -> impl IntoView {
    let ListingLedgerView {
        ledger,
        status,
        message,
        ..
    } = held;
    let zone = expect_context::<Project>().time_zone();
    // What the store was seen with before is no step of this price.
    let observed = ledger
        .observed
        .filter(|_| ledger.drifted || status == PriceItemStatus::Observed);
    let step = |words: &'static str, step: Option<LedgerStep>| {
        let (icon, tone, about) = match step {
            Some(step) => {
                let at = written(step.at, &zone, Style::Short);
                (
                    Icon::CheckCircle,
                    "text-good",
                    format!("{} · {at}", step.price),
                )
            }
            None => (Icon::Dots, "text-faint", "Not yet".to_owned()),
        };
        view! {
            <li class="flex items-center gap-2">
                <span class=tone><Glyph icon /></span>
                <span class="w-24 font-medium">{words}</span>
                <span class="text-quiet">{about}</span>
            </li>
        }
    };
    let tone = match status {
        PriceItemStatus::Failed => Tone::Bad,
        _ => Tone::Info,
    };
    view! {
        <section class="grid gap-2">
            <h3 class="flex items-center gap-2 font-medium">"Last price set here " {pill(status)}</h3>
            <ol class="grid gap-1.5 text-sm">
                {step("Desired", Some(ledger.desired))}
                {step("Sent", ledger.sent)}
                {step("Accepted", ledger.accepted)}
                {step("Observed", observed)}
            </ol>
            {message.map(|message| view! { <Note tone>{message}</Note> })}
            {ledger
                .drifted
                .then(|| {
                    let words = "The store has shown another price since.";
                    view! { <Note tone=Tone::Warn>{words}</Note> }
                })}
        </section>
    }
}
