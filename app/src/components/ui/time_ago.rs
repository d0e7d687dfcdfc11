use chrono::{DateTime, Utc};
use leptos::{ev, prelude::*};

use super::unique_id;
use crate::{
    state::{Clock, Project},
    text::time::{Style, relative, written},
};

/// A moment as people speak of it, ticking; the exact one on hover and focus.
#[component]
pub(crate) fn TimeAgo(
    /// The moment.
    at: DateTime<Utc>,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let words = Memo::new(move |_| relative(at, clock.now.get()));
    view! { <Tipped at words /> }
}

/// The day of a moment; the exact one on hover and focus.
#[component]
pub(crate) fn DayOf(
    /// The moment.
    at: DateTime<Utc>,
) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let words = Signal::stored(written(at, &zone, Style::Day));
    view! { <Tipped at words /> }
}

#[component]
fn Tipped(at: DateTime<Utc>, #[prop(into)] words: Signal<String>) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let tip_id = unique_id("time");
    let hushed = RwSignal::new(false);
    let press = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            hushed.set(true);
        }
    };
    view! {
        <time
            class="tip"
            tabindex="0"
            datetime=at.to_rfc3339()
            aria-describedby=tip_id.clone()
            data-hushed=move || hushed.get().then_some("")
            on:keydown=press
            on:blur=move |_| hushed.set(false)
            on:mouseleave=move |_| hushed.set(false)
        >
            {move || words.get()}
            <span role="tooltip" id=tip_id.clone()>{written(at, &zone, Style::Exact)}</span>
        </time>
    }
}
