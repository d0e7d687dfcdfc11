use calibr_model::{status::RunEvent, views::RunLogLine};
use leptos::prelude::*;

use crate::{
    components::ui::{EmptyState, Icon},
    state::Project,
    text::{
        number::counted,
        time::{Style, written},
    },
};

/// What happened in a run, line by line.
#[component]
pub(crate) fn RunLog(
    /// The lines, oldest first.
    #[prop(into)]
    lines: Signal<Vec<RunLogLine>>,
) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let rows = move || {
        let lines = lines.get();
        if lines.is_empty() {
            return view! {
                <EmptyState
                    icon=Icon::History
                    title="Nothing written down"
                    advice="A run that waits for a worker has no log yet; runs of earlier versions never had one."
                />
            }
            .into_any();
        }
        let mut before = None;
        let rows = lines.into_iter().map(|line| {
            let left_out = before
                .filter(|before| line.id > before + 1)
                .map(|before| line.id - before - 1);
            before = Some(line.id);
            view! { <Row line zone=zone.clone() left_out /> }
        });
        view! { <ol aria-label="What happened" class="grid grid-cols-1 px-4 pb-4 sm:px-5">{rows.collect_view()}</ol> }
            .into_any()
    };
    view! {
        <section class="card min-w-0 overflow-clip">
            <h2 class="px-4 py-4 text-lg sm:px-5">"What happened"</h2>
            {rows}
        </section>
    }
}

/// What went as it should is plain; what held it up stands out.
const fn color(event: RunEvent) -> &'static str {
    match event {
        RunEvent::TakenUp | RunEvent::Note => "",
        RunEvent::Phase | RunEvent::Ended => "font-medium",
        RunEvent::Waiting | RunEvent::HandedOver => "text-quiet",
        RunEvent::TriedAgain | RunEvent::WorkerLost | RunEvent::Anew => "text-warn-text",
    }
}

#[component]
fn Row(line: RunLogLine, zone: String, left_out: Option<i64>) -> impl IntoView {
    let gap = left_out.map(|lines| {
        let words = format!("{} left out", counted(lines, "line", "lines"));
        view! { <li class="border-t border-line py-1.5 text-sm text-quiet">{words}</li> }
    });
    let exact = written(line.at, &zone, Style::Exact);
    view! {
        {gap}
        <li class="grid grid-cols-[auto_minmax(0,1fr)] items-baseline gap-x-3 border-t border-line py-1.5">
            <time class="font-mono text-xs text-quiet" datetime=line.at.to_rfc3339() title=exact>
                {written(line.at, &zone, Style::Clock)}
            </time>
            <span class=format!("wrap-anywhere {}", color(line.event))>{line.text}</span>
        </li>
    }
}
