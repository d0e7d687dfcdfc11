//! Figures of an integration's runs over a range of time, made of counts that are
//! kept when runs end.

use std::collections::BTreeMap;

use calibr_model::{
    IntegrationId, Problem,
    status::SyncStatus,
    time_range::{Between, start_of_day, start_of_hour},
    views::{MetricsStep, RunBucket, RunFigures, RunMetrics, RunsAsked},
};
use calibr_store::runs::{CountPart, CountRow, CountSpan};
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{filter, zone_of};
use crate::{Actor, Services, integrations};

/// The longest range that is shown by the hour: two days, one of them of 25.
const LONGEST_BY_HOUR: TimeDelta = TimeDelta::hours(49);
/// How far back there are counts by the hour.
const HOURS_BACK: TimeDelta = TimeDelta::days(7);
/// The most buckets that a chart has room for.
const MOST_BUCKETS: i64 = 92;
/// The most codes of failures that are told.
const MOST_CODES: u16 = 20;

/// How the runs went that fit the filters and have ended. Ranges of up to two
/// days within the last week are rounded out to whole hours, others to whole
/// days, of the project's time zone.
///
/// # Errors
/// `not-found`; `invalid` where a filter is none.
pub async fn metrics(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    asked: &RunsAsked,
) -> Result<RunMetrics, Problem> {
    let filter = filter(services, actor, asked)?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.integration(integration)
        .await?
        .ok_or_else(integrations::missing)?;
    let now = services.sources.now();
    let first = tx.first_counted_day(integration).await?;
    let zone = zone_of(actor);
    let buckets = Buckets::of(filter.time, first, now, zone);
    let parts = buckets.parts(zone);
    let counts = tx
        .run_counts(integration, &filter, &parts, &buckets.bounds)
        .await?;
    let failures = tx
        .failure_counts(integration, &filter, &parts, MOST_CODES)
        .await?;
    let mut totals = Tally::default();
    let mut pieces = vec![Tally::default(); buckets.bounds.len().saturating_sub(1)];
    for count in &counts {
        totals.add(count);
        let piece = usize::try_from(count.bucket).ok();
        if let Some(piece) = piece.and_then(|piece| pieces.get_mut(piece)) {
            piece.add(count);
        }
    }
    let of_bucket = |(from, tally): (&DateTime<Utc>, &Tally)| RunBucket {
        from: *from,
        figures: tally.figures(),
    };
    let ends = buckets.bounds.first().zip(buckets.bounds.last());
    let (from, to) = ends.map_or((now, now), |(from, to)| (*from, *to));
    Ok(RunMetrics {
        from,
        to,
        step: buckets.step,
        totals: totals.figures(),
        buckets: buckets.bounds.iter().zip(&pieces).map(of_bucket).collect(),
        failures,
    })
}

/// How a range is cut up: each bucket begins at one of the bounds and ends at the
/// next. Empty where nothing can lie in it.
#[derive(Debug, PartialEq, Eq)]
struct Buckets {
    step: MetricsStep,
    bounds: Vec<DateTime<Utc>>,
}

impl Buckets {
    /// Cuts up a range, of which no more is left than from the first day with a
    /// count to now.
    fn of(range: Between, first: Option<DateTime<Utc>>, now: DateTime<Utc>, zone: Tz) -> Self {
        let to = range.to.map_or(now, |to| to.min(now));
        let by_hour =
            |from: DateTime<Utc>| to - from <= LONGEST_BY_HOUR && from >= now - HOURS_BACK;
        let from = match (range.from, first) {
            (Some(from), _) if from < to && by_hour(from) => {
                return Self {
                    step: MetricsStep::Hour,
                    bounds: hours(from, to, zone),
                };
            }
            (Some(from), Some(first)) => from.max(first),
            (None, Some(first)) => first,
            (_, None) => to,
        };
        let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        // The last day is the one of the last moment in the range.
        let (first, last) = (day(from), day(to - TimeDelta::microseconds(1)));
        if from >= to {
            return Self {
                step: MetricsStep::Day,
                bounds: Vec::new(),
            };
        }
        let days = (last - first).num_days() + 1;
        let step = match days {
            ..=MOST_BUCKETS => MetricsStep::Day,
            days if days <= 7 * MOST_BUCKETS => MetricsStep::Week,
            _ => MetricsStep::Month,
        };
        let mut bounds = Vec::new();
        let mut next = first;
        while next <= last {
            bounds.push(start_of_day(&zone, next));
            next = after(next, step);
        }
        bounds.push(start_of_day(&zone, last + TimeDelta::days(1)));
        Self { step, bounds }
    }
}

impl Buckets {
    /// The counts to add up: whole months by the month, where the buckets are
    /// months.
    fn parts(&self, zone: Tz) -> Vec<CountPart> {
        let (Some(&from), Some(&to)) = (self.bounds.first(), self.bounds.last()) else {
            return Vec::new();
        };
        let begins_month = |at: &&DateTime<Utc>| at.with_timezone(&zone).day() == 1;
        let month = |at: Option<&DateTime<Utc>>| at.copied().unwrap_or(to);
        let (first, last) = match self.step {
            MetricsStep::Month => (
                month(self.bounds.iter().find(begins_month)),
                month(self.bounds.iter().rfind(begins_month)),
            ),
            _ => (to, to),
        };
        let span = match self.step {
            MetricsStep::Hour => CountSpan::Hour,
            _ => CountSpan::Day,
        };
        let parts = [
            (span, from, first),
            (CountSpan::Month, first, last),
            (span, last, to),
        ];
        let part = |(span, from, to)| CountPart { span, from, to };
        let parts = parts.into_iter().map(part);
        parts.filter(|part| part.from < part.to).collect()
    }
}

/// The first day of the step after the one that a day is in.
fn after(day: NaiveDate, step: MetricsStep) -> NaiveDate {
    match step {
        MetricsStep::Hour | MetricsStep::Day => day + TimeDelta::days(1),
        MetricsStep::Week => {
            day + TimeDelta::days(7 - i64::from(day.weekday().num_days_from_monday()))
        }
        MetricsStep::Month => {
            let first = day - TimeDelta::days(i64::from(day.day0()));
            first + Months::new(1)
        }
    }
}

fn hours(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> Vec<DateTime<Utc>> {
    let mut bounds = vec![start_of_hour(&zone, from)];
    let mut last = bounds[0];
    while last < to {
        // Half past, where the clocks move by half an hour in between.
        let next = start_of_hour(&zone, last + TimeDelta::hours(1));
        last = if next > last {
            next
        } else {
            last + TimeDelta::hours(1)
        };
        bounds.push(last);
    }
    bounds
}

/// Counts added up.
#[derive(Debug, Clone, Default)]
struct Tally {
    success: i64,
    partial: i64,
    error: i64,
    cancelled: i64,
    items_synced: i64,
    items_failed: i64,
    reading_milliseconds: i64,
    /// How many runs took so long, and how long together, by the step of the
    /// scale.
    durations: BTreeMap<i16, (i64, i64)>,
}

impl Tally {
    fn add(&mut self, count: &CountRow) {
        let runs = match count.status {
            SyncStatus::Success => &mut self.success,
            SyncStatus::Partial => &mut self.partial,
            SyncStatus::Cancelled => &mut self.cancelled,
            _ => &mut self.error,
        };
        *runs += count.runs;
        self.items_synced += count.items_synced;
        self.items_failed += count.items_failed;
        self.reading_milliseconds += count.reading_milliseconds;
        if count.duration_step > 0 {
            let (runs, milliseconds) = self.durations.entry(count.duration_step).or_default();
            *runs += count.runs;
            *milliseconds += count.milliseconds;
        }
    }

    /// How long so many of 100 runs took at most, in milliseconds: the mean of
    /// the step in which the last of them is. Right to within a step, a tenth;
    /// exact where the runs of the step took alike.
    fn percentile(&self, of_100: i64) -> Option<i64> {
        let started: i64 = self.durations.values().map(|(runs, _)| runs).sum();
        // The rank of the last of them, rounded up.
        let mut left = (started * of_100 + 99) / 100;
        for (runs, milliseconds) in self.durations.values() {
            left -= runs;
            if left <= 0 && *runs > 0 {
                return Some(milliseconds / runs);
            }
        }
        None
    }

    fn figures(&self) -> RunFigures {
        let judged = self.success + self.partial + self.error;
        RunFigures {
            success: self.success,
            partial: self.partial,
            error: self.error,
            cancelled: self.cancelled,
            success_rate: ratio(self.success, judged, 10_000.0),
            median_duration_ms: self.percentile(50),
            p95_duration_ms: self.percentile(95),
            items_synced: self.items_synced,
            items_failed: self.items_failed,
            items_per_second: ratio(self.items_synced * 1_000, self.reading_milliseconds, 100.0),
        }
    }
}

/// A ratio, rounded to as many parts; nothing of nothing is none.
fn ratio(part: i64, whole: i64, parts: f64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * parts).round() / parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = Tz::Europe__Berlin;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn cut(from: Option<&str>, to: Option<&str>, first: Option<&str>) -> Buckets {
        let range = Between {
            from: from.map(at),
            to: to.map(at),
        };
        Buckets::of(range, first.map(at), at("2026-11-23T12:10:00Z"), BERLIN)
    }

    #[test]
    fn a_day_is_cut_into_hours_and_a_week_into_days() {
        let day = cut(
            Some("2026-11-22T12:00:00Z"),
            None,
            Some("2026-01-01T00:00:00Z"),
        );
        assert_eq!(day.step, MetricsStep::Hour);
        assert_eq!(day.bounds.len(), 26);
        assert_eq!(day.bounds[25], at("2026-11-23T13:00:00Z"));
        let week = cut(
            Some("2026-11-16T23:00:00Z"),
            None,
            Some("2026-01-01T00:00:00Z"),
        );
        assert_eq!(week.step, MetricsStep::Day);
        assert_eq!(week.bounds.len(), 8);
        assert_eq!(week.bounds[0], at("2026-11-16T23:00:00Z"));
        assert_eq!(week.bounds[7], at("2026-11-23T23:00:00Z"));
    }

    #[test]
    fn the_night_the_clocks_go_back_has_one_hour_more() {
        let now = at("2026-10-25T23:00:00Z");
        let range = Between {
            from: Some(at("2026-10-24T22:00:00Z")),
            to: None,
        };
        let buckets = Buckets::of(range, None, now, BERLIN);
        assert_eq!(buckets.bounds.len(), 26);
        let days = Between {
            from: Some(at("2026-03-28T23:00:00Z")),
            to: Some(at("2026-03-29T22:00:00Z")),
        };
        let first = Some(at("2020-01-01T00:00:00Z"));
        let buckets = Buckets::of(days, first, now, BERLIN);
        assert_eq!(
            buckets.bounds,
            [at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")]
        );
    }

    #[test]
    fn long_ranges_are_cut_into_weeks_and_months() {
        let year = cut(None, None, Some("2025-11-30T23:00:00Z"));
        assert_eq!(year.step, MetricsStep::Week);
        assert!(year.bounds.len() <= 54, "{}", year.bounds.len());
        assert_eq!(year.bounds[1], at("2025-12-07T23:00:00Z"), "a Monday");
        let years = cut(
            Some("1970-01-01T00:00:00Z"),
            None,
            Some("2016-02-09T23:00:00Z"),
        );
        assert_eq!(years.step, MetricsStep::Month);
        assert_eq!(years.bounds[0], at("2016-02-09T23:00:00Z"));
        assert_eq!(years.bounds[1], at("2016-02-29T23:00:00Z"));
        assert_eq!(years.bounds.last(), Some(&at("2026-11-23T23:00:00Z")));
    }

    #[test]
    fn years_are_added_up_of_whole_months_and_the_days_at_their_ends() {
        let years = cut(None, None, Some("2016-02-09T23:00:00Z"));
        let part = |span, from: &str, to: &str| CountPart {
            span,
            from: at(from),
            to: at(to),
        };
        assert_eq!(
            years.parts(BERLIN),
            [
                part(
                    CountSpan::Day,
                    "2016-02-09T23:00:00Z",
                    "2016-02-29T23:00:00Z"
                ),
                part(
                    CountSpan::Month,
                    "2016-02-29T23:00:00Z",
                    "2026-10-31T23:00:00Z"
                ),
                part(
                    CountSpan::Day,
                    "2026-10-31T23:00:00Z",
                    "2026-11-23T23:00:00Z"
                ),
            ]
        );
        let year = cut(None, None, Some("2025-11-30T23:00:00Z"));
        assert_eq!(
            year.parts(BERLIN),
            [part(
                CountSpan::Day,
                "2025-11-30T23:00:00Z",
                "2026-11-23T23:00:00Z"
            )]
        );
        assert_eq!(cut(None, None, None).parts(BERLIN), []);
    }

    #[test]
    fn a_range_in_which_nothing_can_lie_has_no_buckets() {
        for (from, to, first) in [
            (None, None, None),
            (
                Some("2030-01-01T00:00:00Z"),
                None,
                Some("2026-01-01T00:00:00Z"),
            ),
            (
                None,
                Some("2019-01-01T00:00:00Z"),
                Some("2026-01-01T00:00:00Z"),
            ),
        ] {
            assert!(cut(from, to, first).bounds.is_empty(), "{from:?} {to:?}");
        }
    }

    fn count(status: SyncStatus, step: i16, runs: i64, milliseconds: i64) -> CountRow {
        CountRow {
            bucket: 0,
            status,
            duration_step: step,
            runs,
            milliseconds,
            reading_milliseconds: milliseconds,
            items_synced: 10 * runs,
            items_failed: 0,
        }
    }

    #[test]
    fn figures_are_those_of_the_runs() {
        let mut tally = Tally::default();
        assert_eq!(tally.figures(), RunFigures::default());
        tally.add(&count(SyncStatus::Success, 80, 90, 90_000));
        tally.add(&count(SyncStatus::Error, 120, 6, 30_000));
        tally.add(&count(SyncStatus::Partial, 140, 4, 80_000));
        tally.add(&count(SyncStatus::Cancelled, 0, 7, 0));
        let figures = tally.figures();
        assert_eq!(figures.runs(), 107);
        assert_eq!(figures.success_rate, Some(0.9));
        assert_eq!(figures.median_duration_ms, Some(1_000));
        assert_eq!(figures.p95_duration_ms, Some(5_000));
        assert_eq!(figures.items_per_second, Some(5.35));
    }

    #[test]
    fn the_only_run_is_every_percentile() {
        let mut tally = Tally::default();
        tally.add(&count(SyncStatus::Success, 90, 1, 2_345));
        let figures = tally.figures();
        assert_eq!(figures.median_duration_ms, Some(2_345));
        assert_eq!(figures.p95_duration_ms, Some(2_345));
    }
}
