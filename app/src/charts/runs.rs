//! How runs went.

use calibr_model::{
    status::SyncStatus,
    views::{FailureCount, FailureSubject, MetricsStep, RunFigures, RunMetrics},
};
use charming::Chart;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    ChartView, FigureView, RunCharts,
    look::{Series, lines, ranking, stacked_bars},
};
use crate::text::{
    number::{counted, grouped, percent, span},
    words::Worded,
};

/// Where there is no figure.
const NONE: &str = "–";

/// Codes that have room in a chart; the table has all.
const MOST_BARS: usize = 8;

/// How runs ended, the token of its colour, and how many did.
type State = (SyncStatus, &'static str, fn(&RunFigures) -> i64);

/// The states that runs end in, with the token of each colour.
const STATES: [State; 4] = [
    (SyncStatus::Success, "good", |runs| runs.success),
    (SyncStatus::Partial, "warn", |runs| runs.partial),
    (SyncStatus::Error, "bad", |runs| runs.error),
    (SyncStatus::Cancelled, "edge", |runs| runs.cancelled),
];

/// The charts of how runs went, by the clocks of `zone`.
pub(crate) fn of_runs(metrics: &RunMetrics, zone: Tz) -> RunCharts {
    let pieces = Pieces { metrics, zone };
    RunCharts {
        figures: figures(metrics),
        about: pieces.about(),
        charts: vec![
            pieces.outcomes(),
            pieces.durations(),
            pieces.pace(),
            failures(metrics, FailureSubject::Item),
            failures(metrics, FailureSubject::Run),
        ],
    }
}

fn figures(metrics: &RunMetrics) -> Vec<FigureView> {
    let totals = &metrics.totals;
    let figure = |label: &str, value: Option<String>, hint: String| FigureView {
        label: label.to_owned(),
        value: value.unwrap_or_else(|| NONE.to_owned()),
        hint,
    };
    let judged = totals.runs() - totals.cancelled;
    vec![
        figure(
            "Success rate",
            totals.success_rate.map(share),
            format!("of {}", counted(judged, "run", "runs")),
        ),
        figure(
            "Median duration",
            totals.median_duration_ms.map(duration),
            "half of the runs took no longer".to_owned(),
        ),
        figure(
            "95th percentile",
            totals.p95_duration_ms.map(duration),
            "95 of 100 runs took no longer".to_owned(),
        ),
        figure(
            "Items a second",
            totals.items_per_second.map(pace),
            format!(
                "{}, {} failed",
                counted(totals.items_synced, "item", "items"),
                grouped(totals.items_failed)
            ),
        ),
    ]
}

/// What is shown piece by piece.
struct Pieces<'a> {
    metrics: &'a RunMetrics,
    zone: Tz,
}

impl Pieces<'_> {
    fn about(&self) -> String {
        let RunMetrics { from, to, step, .. } = self.metrics;
        let last = *to - TimeDelta::microseconds(1);
        let day = |at: &DateTime<Utc>| self.written(*at, "%-d %b %Y");
        let days = match (day(from), day(&last)) {
            (first, last) if first == last => first,
            (first, last) => format!("{first} to {last}"),
        };
        format!("Runs asked for {days}, by {step}.")
    }

    fn written(&self, at: DateTime<Utc>, format: &str) -> String {
        at.with_timezone(&self.zone).format(format).to_string()
    }

    /// The name of each piece, under the chart.
    fn names(&self) -> Vec<String> {
        let format = match self.metrics.step {
            MetricsStep::Hour => "%H:%M",
            MetricsStep::Day | MetricsStep::Week => "%-d %b",
            MetricsStep::Month => "%b %Y",
        };
        let buckets = self.metrics.buckets.iter();
        buckets.map(|one| self.written(one.from, format)).collect()
    }

    /// A series over the pieces.
    fn series(
        &self,
        name: &str,
        token: &'static str,
        value: impl Fn(&RunFigures) -> Option<f64>,
    ) -> Series {
        let buckets = self.metrics.buckets.iter();
        Series {
            name: name.to_owned(),
            token,
            values: buckets.map(|one| value(&one.figures)).collect(),
        }
    }

    /// The table: the pieces that have runs, the newest first.
    fn rows(&self, cells: impl Fn(&RunFigures) -> Vec<String>) -> Vec<Vec<String>> {
        let format = match self.metrics.step {
            MetricsStep::Hour => "%-d %b %H:%M",
            MetricsStep::Day | MetricsStep::Week => "%-d %b %Y",
            MetricsStep::Month => "%B %Y",
        };
        let with_runs = self
            .metrics
            .buckets
            .iter()
            .filter(|one| one.figures.runs() > 0);
        let row = |name, figures| [vec![name], cells(figures)].concat();
        with_runs
            .map(|one| row(self.written(one.from, format), &one.figures))
            .rev()
            .collect()
    }

    fn head(&self, figures: &[&str]) -> Vec<String> {
        let of_pieces = match self.metrics.step {
            MetricsStep::Hour => "Hour",
            MetricsStep::Day => "Day",
            MetricsStep::Week => "Week of",
            MetricsStep::Month => "Month",
        };
        [&[of_pieces], figures]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    fn outcomes(&self) -> ChartView {
        let totals = &self.metrics.totals;
        let series = STATES.map(|(status, token, runs)| {
            self.series(status.word(), token, move |figures| {
                Some(runs(figures) as f64)
            })
        });
        let told = STATES.map(|(status, _, runs)| {
            format!("{} {}", grouped(runs(totals)), status.word().to_lowercase())
        });
        let mut head = STATES.map(|(status, ..)| status.word()).to_vec();
        head.push("Success rate");
        ChartView {
            title: "How runs ended".to_owned(),
            summary: format!(
                "{}: {}.",
                counted(totals.runs(), "run", "runs"),
                told.join(", ")
            ),
            option: (totals.runs() > 0)
                .then(|| stacked_bars(self.names(), &series))
                .and_then(json),
            legend: series.iter().map(Series::legend).collect(),
            head: self.head(&head),
            rows: self.rows(|figures| {
                let mut cells: Vec<_> = STATES
                    .iter()
                    .map(|(_, _, runs)| grouped(runs(figures)))
                    .collect();
                cells.push(or_none(figures.success_rate.map(share)));
                cells
            }),
        }
    }

    fn durations(&self) -> ChartView {
        let totals = &self.metrics.totals;
        let longest = self
            .metrics
            .buckets
            .iter()
            .filter_map(|one| one.figures.p95_duration_ms)
            .max();
        let (unit, milliseconds) = match longest.unwrap_or_default() {
            ..120_000 => (" s", 1_000.0),
            120_000..7_200_000 => (" min", 60_000.0),
            _ => (" h", 3_600_000.0),
        };
        let in_unit = move |took: Option<i64>| {
            took.map(|took| (took as f64 / milliseconds * 100.0).round() / 100.0)
        };
        let series = [
            self.series("Median", "accent", |runs| in_unit(runs.median_duration_ms)),
            self.series("95th percentile", "warn", |runs| {
                in_unit(runs.p95_duration_ms)
            }),
        ];
        let told = |took: Option<i64>| or_none(took.map(duration));
        ChartView {
            title: "Duration".to_owned(),
            summary: format!(
                "Median {}, 95th percentile {}.",
                told(totals.median_duration_ms),
                told(totals.p95_duration_ms)
            ),
            option: longest
                .map(|_| lines(self.names(), unit, &series))
                .and_then(json),
            legend: series.iter().map(Series::legend).collect(),
            head: self.head(&["Median", "95th percentile"]),
            rows: self.rows(|figures| {
                vec![
                    told(figures.median_duration_ms),
                    told(figures.p95_duration_ms),
                ]
            }),
        }
    }

    fn pace(&self) -> ChartView {
        let totals = &self.metrics.totals;
        let series = [self.series("Items a second", "accent", |runs| runs.items_per_second)];
        ChartView {
            title: "Items a second".to_owned(),
            summary: format!(
                "{} items a second over all.",
                or_none(totals.items_per_second.map(pace))
            ),
            option: totals
                .items_per_second
                .map(|_| lines(self.names(), "", &series))
                .and_then(json),
            legend: Vec::new(),
            head: self.head(&["Items a second", "Items synced", "Items failed"]),
            rows: self.rows(|figures| {
                vec![
                    or_none(figures.items_per_second.map(pace)),
                    grouped(figures.items_synced),
                    grouped(figures.items_failed),
                ]
            }),
        }
    }
}

fn failures(metrics: &RunMetrics, subject: FailureSubject) -> ChartView {
    let (title, name) = match subject {
        FailureSubject::Item => ("Failed items by code", "Items"),
        FailureSubject::Run => ("Failed runs by code", "Runs"),
    };
    let counts: Vec<&FailureCount> = metrics
        .failures
        .iter()
        .filter(|one| one.subject == subject)
        .collect();
    let shown = &counts[..counts.len().min(MOST_BARS)];
    let series = Series {
        name: name.to_owned(),
        token: "bad",
        values: shown.iter().map(|one| Some(one.count as f64)).collect(),
    };
    let names = shown.iter().map(|one| one.code.clone()).collect();
    ChartView {
        title: title.to_owned(),
        summary: match counts.first() {
            Some(most) => format!(
                "Most often {}, {}.",
                most.code,
                counted(most.count, "time", "times")
            ),
            None => "Nothing failed.".to_owned(),
        },
        option: (!counts.is_empty())
            .then(|| ranking(names, &series))
            .and_then(json),
        legend: Vec::new(),
        head: vec!["Code".to_owned(), name.to_owned()],
        rows: counts
            .iter()
            .map(|one| vec![one.code.clone(), grouped(one.count)])
            .collect(),
    }
}

/// A chart is made of numbers and texts: it can be written.
fn json(chart: Chart) -> Option<String> {
    serde_json::to_string(&chart).ok()
}

fn or_none(text: Option<String>) -> String {
    text.unwrap_or_else(|| NONE.to_owned())
}

/// `0.987` as `98.7%`.
fn share(ratio: f64) -> String {
    // Down: what failed now and then is not all.
    let tenths = (ratio * 1_000.0 + 1e-6).floor() as i64;
    format!("{}%", percent(tenths * 10))
}

fn duration(milliseconds: i64) -> String {
    span(milliseconds / 1_000)
}

fn pace(items: f64) -> String {
    if items >= 100.0 {
        grouped(items.round() as i64)
    } else {
        format!("{items:.1}")
    }
}

#[cfg(test)]
mod tests {
    use calibr_model::views::RunBucket;
    use serde_json::Value;

    use super::*;

    fn metrics() -> RunMetrics {
        let figures = RunFigures {
            success: 1_980,
            partial: 12,
            error: 7,
            cancelled: 1,
            success_rate: Some(0.9905),
            median_duration_ms: Some(42_300),
            p95_duration_ms: Some(190_000),
            items_synced: 1_200_000,
            items_failed: 31,
            items_per_second: Some(14.25),
        };
        let bucket = |from: &str, figures| RunBucket {
            from: from.parse().unwrap(),
            figures,
        };
        let failure = |subject, code: &str, count| FailureCount {
            subject,
            code: code.to_owned(),
            count,
        };
        RunMetrics {
            from: "2026-11-20T23:00:00Z".parse().unwrap(),
            to: "2026-11-22T23:00:00Z".parse().unwrap(),
            step: MetricsStep::Day,
            totals: figures,
            buckets: vec![
                bucket("2026-11-20T23:00:00Z", figures),
                bucket("2026-11-21T23:00:00Z", RunFigures::default()),
            ],
            failures: vec![
                failure(FailureSubject::Item, "no_price", 30),
                failure(FailureSubject::Item, "too_long", 1),
            ],
        }
    }

    #[test]
    fn figures_are_written_as_people_read_them() {
        let shown = of_runs(&metrics(), Tz::Europe__Berlin);
        assert_eq!(
            shown.about,
            "Runs asked for 21 Nov 2026 to 22 Nov 2026, by day."
        );
        let figures: Vec<_> = shown
            .figures
            .iter()
            .map(|one| (one.label.as_str(), one.value.as_str(), one.hint.as_str()))
            .collect();
        assert_eq!(
            figures,
            [
                ("Success rate", "99%", "of 1,999 runs"),
                ("Median duration", "42 s", "half of the runs took no longer"),
                (
                    "95th percentile",
                    "3 min 10 s",
                    "95 of 100 runs took no longer"
                ),
                ("Items a second", "14.2", "1,200,000 items, 31 failed"),
            ]
        );
        assert_eq!(share(0.9999), "99.9%");
        assert_eq!(share(1.0), "100%");
    }

    #[test]
    fn a_chart_says_what_its_table_does() {
        let shown = of_runs(&metrics(), Tz::Europe__Berlin);
        let outcomes = &shown.charts[0];
        assert_eq!(
            outcomes.summary,
            "2,000 runs: 1,980 success, 12 partial, 7 failed, 1 cancelled."
        );
        assert_eq!(
            outcomes.rows,
            [["21 Nov 2026", "1,980", "12", "7", "1", "99%"]],
            "a day without a run says nothing"
        );
        assert_eq!(outcomes.head.len(), 6);
        let option: Value = serde_json::from_str(outcomes.option.as_ref().unwrap()).unwrap();
        assert_eq!(
            option["xAxis"]["data"],
            serde_json::json!(["21 Nov", "22 Nov"])
        );
        assert_eq!(option["series"].as_array().unwrap().len(), 4);
        assert_eq!(option["series"][2]["name"], "Failed");
        assert_eq!(option["series"][2]["itemStyle"]["color"], "var(--bad)");

        let durations = &shown.charts[1];
        let option: Value = serde_json::from_str(durations.option.as_ref().unwrap()).unwrap();
        assert_eq!(option["series"][1]["data"], serde_json::json!([3.17, "-"]));
        assert_eq!(option["tooltip"]["valueFormatter"], "{value} min");

        let codes = &shown.charts[3];
        assert_eq!(codes.rows, [["no_price", "30"], ["too_long", "1"]]);
        let option: Value = serde_json::from_str(codes.option.as_ref().unwrap()).unwrap();
        assert_eq!(option["yAxis"]["data"][0], "no_price");
        assert_eq!(option["yAxis"]["inverse"], true);
    }

    #[test]
    fn without_runs_there_is_nothing_to_draw() {
        let nothing = RunMetrics {
            totals: RunFigures::default(),
            buckets: Vec::new(),
            failures: Vec::new(),
            ..metrics()
        };
        let shown = of_runs(&nothing, Tz::UTC);
        assert!(shown.charts.iter().all(|chart| chart.option.is_none()));
        assert!(shown.figures[..3].iter().all(|figure| figure.value == "–"));
    }
}
