use leptos::prelude::*;

use crate::{
    charts::{ChartView, FigureView, RunCharts},
    components::ui::{ChartCard, GhostLines, Loaded},
    state::Query,
};

/// The figures that count most, over what is asked for.
#[component]
pub(crate) fn RunFigures(
    /// What they are of.
    charts: Query<RunCharts>,
) -> impl IntoView {
    // They have their place before they are known.
    const LABELS: [&str; 4] = [
        "Success rate",
        "Median duration",
        "95th percentile",
        "Items a second",
    ];
    let figure = move |(index, label): (usize, &'static str)| {
        let found = Memo::new(move |_| {
            charts.with(|charts| charts.and_then(|charts| charts.figures.get(index).cloned()))
        });
        view! { <Figure label figure=found /> }
    };
    view! {
        <dl
            class="grid grid-cols-2 gap-3 lg:grid-cols-4"
            class=("opacity-60", move || charts.loading.stale.get())
        >
            {LABELS.into_iter().enumerate().map(figure).collect_view()}
        </dl>
    }
}

#[component]
fn Figure(label: &'static str, figure: Memo<Option<FigureView>>) -> impl IntoView {
    let value = move || match figure.get() {
        Some(figure) => figure.value.into_any(),
        None => view! { <span class="ghost mt-2 h-5 w-16" aria-hidden="true"></span> }.into_any(),
    };
    let hint = move || figure.get().map(|figure| figure.hint);
    view! {
        <div class="card px-4 py-3 sm:px-5">
            <dt class="text-sm text-quiet">{label}</dt>
            <dd class="mt-0.5 text-xl font-semibold tracking-tight">{value}</dd>
            <dd class="min-h-5 text-xs text-quiet">{hint}</dd>
        </div>
    }
}

/// The charts of what is asked for.
#[component]
pub(crate) fn RunGraphs(
    /// They.
    charts: Query<RunCharts>,
) -> impl IntoView {
    let count =
        Memo::new(move |_| charts.with(|charts| charts.map_or(0, |charts| charts.charts.len())));
    let about = move || charts.with(|charts| charts.map(|charts| charts.about.clone()));
    let chart = move |index: usize| {
        let chart = Memo::new(move |before: Option<&ChartView>| {
            let now = charts.with(|charts| charts?.charts.get(index).cloned());
            now.or_else(|| before.cloned()).unwrap_or_else(nothing)
        });
        let class = if index == 0 {
            "min-w-0 lg:col-span-2"
        } else {
            "min-w-0"
        };
        view! { <div class=class><ChartCard chart /></div> }
    };
    view! {
        <Loaded
            loading=charts.loading
            skeleton=|| view! { <div class="card p-5"><GhostLines lines=6 /></div> }
        >
            <p class="mb-3 text-sm text-quiet">{about}</p>
            <div
                class="grid gap-4 lg:grid-cols-2"
                class=("opacity-60", move || charts.loading.stale.get())
            >
                {move || (0..count.get()).map(chart).collect_view()}
            </div>
        </Loaded>
    }
}

fn nothing() -> ChartView {
    ChartView {
        title: String::new(),
        summary: String::new(),
        option: None,
        legend: Vec::new(),
        head: Vec::new(),
        rows: Vec::new(),
    }
}
