use calibr_model::{event::SyncProgress, status::SyncStatus, views::RunView};
use leptos::prelude::*;

use crate::{
    components::ui::ProgressBar,
    text::number::{counted, grouped, rough_span},
};

/// What a run under way tells, from the run itself.
pub(crate) fn progress_of(run: &RunView, now_ms: f64) -> SyncProgress {
    let now = chrono::DateTime::from_timestamp_millis(now_ms as i64).unwrap_or_default();
    SyncProgress {
        integration_id: run.integration_id,
        run_id: run.id,
        status: run.status,
        phase: run.phase,
        items_synced: run.items_synced,
        items_failed: run.items_failed,
        items_expected: run.items_expected,
        started_at: run.started_at,
        at: now,
    }
}

/// `12,400 of 100,000 items`, or what is known of it.
fn items(progress: &SyncProgress) -> String {
    let done = progress.items_synced + progress.items_failed;
    match progress.items_expected {
        Some(expected) => format!(
            "{} of {}",
            grouped(done),
            counted(expected, "item", "items")
        ),
        None => format!("{} so far", counted(done, "item", "items")),
    }
}

/// A run under way: its phase, a bar, items done of expected, rate, time left.
#[component]
pub(crate) fn RunProgress(
    /// How far it has come.
    #[prop(into)]
    progress: Signal<SyncProgress>,
) -> impl IntoView {
    let phase = move || match progress.with(|progress| progress.status) {
        SyncStatus::Queued => "Waiting for a worker",
        _ => progress.with(|progress| progress.phase.label()),
    };
    let counts = move || {
        progress.with(|progress| {
            let mut parts = Vec::new();
            if progress.items_expected.is_some() || progress.items_synced > 0 {
                parts.push(items(progress));
            }
            if progress.items_failed > 0 {
                parts.push(format!("{} failed", grouped(progress.items_failed)));
            }
            if let Some(rate) = progress.rate_per_second() {
                parts.push(if rate >= 1.0 {
                    format!("{} a second", grouped(rate.round() as i64))
                } else {
                    format!("{} a minute", grouped((rate * 60.0).round() as i64))
                });
            }
            if let Some(left) = progress.seconds_left() {
                parts.push(format!("{} left", rough_span(left)));
            }
            parts
        })
    };
    let is_queued = move || progress.with(|progress| progress.status == SyncStatus::Queued);
    let text = Signal::derive(move || {
        let counts = if is_queued() { Vec::new() } else { counts() };
        let parts: Vec<String> = [phase().to_owned()].into_iter().chain(counts).collect();
        parts.join(", ")
    });
    view! {
        <div class="grid gap-1.5">
            <p class="flex flex-wrap items-baseline gap-x-4 text-sm">
                <span class="font-medium">{phase}</span>
                <span class="flex flex-wrap gap-x-3 text-quiet">
                    <Show when=move || !is_queued()>
                        {move || counts().into_iter().map(|part| view! { <span>{part}</span> }).collect_view()}
                    </Show>
                </span>
            </p>
            <ProgressBar
                label="Sync progress"
                percent=Signal::derive(move || progress.with(SyncProgress::percent))
                text
            />
        </div>
    }
}

/// The items of a run in a table's cell: the figure, or a small bar while it is
/// under way.
#[component]
pub(crate) fn RunItems(
    /// The run.
    #[prop(into)]
    run: Signal<Option<RunView>>,
) -> impl IntoView {
    let active = Memo::new(move |_| {
        run.with(|run| {
            run.as_ref()
                .is_some_and(|run| run.status == SyncStatus::Syncing)
        })
    });
    let progress = move || run.with(|run| run.as_ref().map(|run| progress_of(run, 0.0)));
    let text = Signal::derive(move || {
        progress()
            .map(|progress| items(&progress))
            .unwrap_or_default()
    });
    move || {
        if active.get() {
            let percent =
                Signal::derive(move || progress().and_then(|progress| progress.percent()));
            view! {
                <span class="inline-grid w-44 gap-1 text-left">
                    <span class="text-sm">{move || text.get()}</span>
                    <ProgressBar label="Sync progress" percent text />
                </span>
            }
            .into_any()
        } else {
            let synced = move || run.with(|run| run.as_ref().map(|run| grouped(run.items_synced)));
            view! { {synced} }.into_any()
        }
    }
}
