use calibr_model::views::RunView;
use leptos::prelude::*;

use crate::{
    state::Clock,
    text::{number::span, time::elapsed},
};

/// How long a run took; counts on while it is under way.
#[component]
pub(crate) fn RunDuration(
    /// The run.
    #[prop(into)]
    run: Signal<Option<RunView>>,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    move || {
        let run = run.get()?;
        let from = run.started_at?;
        let now = if run.status.is_active() {
            clock.now.get()
        } else {
            clock.now.get_untracked()
        };
        Some(span(elapsed(from, run.completed_at, now)))
    }
}
