use calibr_model::{status::SyncStatus, views::PhaseView};
use leptos::prelude::*;

use crate::{
    api::syncs::RunParts,
    components::ui::{Glyph, Icon},
    state::{Clock, Query},
    text::{number::span, time::elapsed},
};

/// The phases a run went through, each with how long it took.
#[component]
pub(crate) fn RunTimeline(
    /// The run.
    detail: Query<RunParts>,
) -> impl IntoView {
    // The phase the line tells of may be one that was not read yet.
    let phases = move || {
        detail.with(|detail| {
            let (run, phases, ..) = detail?;
            Some((phases.clone(), run.status, run.phase))
        })
    };
    let steps = move || {
        let (phases, status, phase) = phases()?;
        let last = phases.len().saturating_sub(1);
        let is_later = phases.last().is_some_and(|last| last.phase != phase);
        let mut steps: Vec<_> = phases
            .into_iter()
            .enumerate()
            .map(|(index, phase)| {
                let open = index == last && phase.ended_at.is_none() && !is_later;
                step(phase.phase.label(), mark(open, status), Some(phase))
            })
            .collect();
        if is_later && status.is_active() {
            steps.push(step(phase.label(), mark(true, status), None));
        }
        Some(steps)
    };
    view! {
        <section class="border-t border-line pt-4">
            <h2 class="mb-3 text-base">"Timeline"</h2>
            <ol class="grid gap-2.5">{steps}</ol>
        </section>
    }
}

/// How a phase looks: done, or the last one of a run in that state.
fn mark(open: bool, status: SyncStatus) -> (&'static str, Icon, &'static str) {
    match status {
        _ if !open => ("text-good", Icon::CheckCircle, "Done"),
        SyncStatus::Error => ("text-bad", Icon::Alert, "Failed here"),
        SyncStatus::Cancelled => ("text-quiet", Icon::Stop, "Stopped here"),
        status if status.is_active() => ("text-link", Icon::Sync, "Under way"),
        _ => ("text-good", Icon::CheckCircle, "Done"),
    }
}

fn step(
    label: &'static str,
    (color, icon, word): (&'static str, Icon, &'static str),
    phase: Option<PhaseView>,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let took = move || {
        phase.as_ref().map(|phase| {
            let now = if phase.ended_at.is_none() && word == "Under way" {
                clock.now.get()
            } else {
                phase.started_at.timestamp_millis() as f64
            };
            match (phase.ended_at, word) {
                (None, "Under way") | (Some(_), _) => {
                    span(elapsed(phase.started_at, phase.ended_at, now))
                }
                (None, _) => String::new(),
            }
        })
    };
    view! {
        <li class="flex items-center gap-2.5">
            <span class=color>
                <Glyph icon class="size-4.5" />
            </span>
            <span class="flex-1">
                {label} <span class="sr-only">{format!(": {word}")}</span>
            </span>
            <span class="text-sm text-quiet">{took}</span>
        </li>
    }
}
