//! Ranges of time that lists and figures are asked for: a preset, or two ends of
//! one's own.

use std::str::FromStr;

use chrono::{
    DateTime, Datelike, NaiveDate, NaiveTime, SubsecRound, TimeDelta, TimeZone, Timelike, Utc,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    problem::FieldError,
    status::{one_word, words},
};

words!(
    /// A range that ends now.
    RangePreset ("range") {
        /// The last 24 hours, from the full hour on.
        Hours24 = "24h",
        /// Today and the six days before.
        Days7 = "7d",
        /// Today and the 29 days before.
        Days30 = "30d",
        /// Today and the 89 days before.
        Days90 = "90d",
        /// Everything there is.
        All = "all",
    }
);

/// One end of a range of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeEnd {
    /// A whole day of the project's time zone: `2026-11-23`. A range begins with
    /// it, and ends after it.
    Day(NaiveDate),
    /// A moment: `2026-11-23T09:00:00Z`. A range begins at it, and ends before it.
    Moment(DateTime<Utc>),
}

/// A text that is no end of a range.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is neither a day such as 2026-11-23 nor a moment such as 2026-11-23T09:00:00Z, from \
     1970 to 9999"
)]
pub struct NoRangeEnd(String);

impl FromStr for RangeEnd {
    type Err = NoRangeEnd;

    fn from_str(text: &str) -> Result<Self, NoRangeEnd> {
        let day = || {
            // The parser would take `2026-1-1` and `+2026-01-01`, too.
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            (text.len() == 10).then_some(Self::Day(day))
        };
        let moment = || {
            let moment = DateTime::parse_from_rfc3339(text).ok()?;
            Some(Self::Moment(moment.to_utc()))
        };
        day()
            .or_else(moment)
            .filter(|end| {
                let year = match end {
                    Self::Day(day) => day.year(),
                    Self::Moment(moment) => moment.year(),
                };
                (1970..=9999).contains(&year)
            })
            .ok_or_else(|| NoRangeEnd(text.chars().take(40).collect()))
    }
}

/// A range of time as it is asked for. Without any of it: everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    /// A range that ends now; stands alone.
    pub range: Option<RangePreset>,
    /// Where it begins; at the very beginning where not given.
    pub from: Option<RangeEnd>,
    /// Where it ends; never where not given.
    pub to: Option<RangeEnd>,
}

/// The moments between which something lies: `from` included, `to` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Between {
    /// The first moment; `None` where it has no beginning.
    pub from: Option<DateTime<Utc>>,
    /// The moment after the last; `None` where it has no end.
    pub to: Option<DateTime<Utc>>,
}

impl TimeRange {
    /// Reads it from the texts of an address; empty ones are none.
    ///
    /// # Errors
    /// Those at fault, as `range`, `from` and `to`.
    pub fn read(range: &str, from: &str, to: &str) -> Result<Self, Vec<FieldError>> {
        let mut faults = Vec::new();
        let this = Self {
            range: one_word("range", range, &mut faults),
            from: one_word("from", from, &mut faults),
            to: one_word("to", to, &mut faults),
        };
        if this.range.is_some() && (this.from.is_some() || this.to.is_some()) {
            let message = "Give either a range or where it begins and ends, not both.";
            faults.push(FieldError::new("range", message));
        }
        if let (Some(RangeEnd::Day(from)), Some(RangeEnd::Day(to))) = (this.from, this.to)
            && from > to
        {
            faults.push(reversed());
        }
        if faults.is_empty() {
            Ok(this)
        } else {
            Err(faults)
        }
    }

    /// The moments it stands for, seen from `now` and by the days of `zone`.
    ///
    /// # Errors
    /// Where it ends before it begins.
    pub fn between<Z: TimeZone>(
        &self,
        now: DateTime<Utc>,
        zone: &Z,
    ) -> Result<Between, FieldError> {
        let days_back = |days: i64| {
            let today = now.with_timezone(zone).date_naive();
            Some(start_of_day(zone, today - TimeDelta::days(days)))
        };
        let preset = |from| Ok(Between { from, to: None });
        match self.range {
            Some(RangePreset::Hours24) => {
                return preset(Some(start_of_hour(zone, now - TimeDelta::hours(24))));
            }
            Some(RangePreset::Days7) => return preset(days_back(6)),
            Some(RangePreset::Days30) => return preset(days_back(29)),
            Some(RangePreset::Days90) => return preset(days_back(89)),
            Some(RangePreset::All) => return preset(None),
            None => {}
        }
        let from = self.from.map(|end| match end {
            RangeEnd::Day(day) => start_of_day(zone, day),
            RangeEnd::Moment(moment) => moment,
        });
        let to = self.to.map(|end| match end {
            RangeEnd::Day(day) => start_of_day(zone, day + TimeDelta::days(1)),
            RangeEnd::Moment(moment) => moment,
        });
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err(reversed()),
            _ => Ok(Between { from, to }),
        }
    }
}

fn reversed() -> FieldError {
    FieldError::new("to", "The range ends before it begins.")
}

/// The first moment of a day in a time zone. Where the clocks skip midnight, the
/// moment they skip to.
pub fn start_of_day<Z: TimeZone>(zone: &Z, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    // No zone has ever skipped more than a day.
    (0..=96)
        .map(|quarters| midnight + TimeDelta::minutes(15 * quarters))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map_or_else(|| midnight.and_utc(), |start| start.to_utc())
}

/// The moment at which the hour of `at` began by the clocks of a time zone.
pub fn start_of_hour<Z: TimeZone>(zone: &Z, at: DateTime<Utc>) -> DateTime<Utc> {
    let local = at.with_timezone(zone);
    let into_hour =
        TimeDelta::minutes(local.minute().into()) + TimeDelta::seconds(local.second().into());
    at.trunc_subsecs(0) - into_hour
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<TimeRange, Vec<FieldError>> {
        let value = |name| {
            query
                .iter()
                .find(|(key, _)| *key == name)
                .map_or("", |one| one.1)
        };
        TimeRange::read(value("range"), value("from"), value("to"))
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Half an hour off the full hour, as India is.
    fn kolkata() -> FixedOffset {
        FixedOffset::east_opt(19_800).unwrap()
    }

    #[test]
    fn presets_begin_with_a_day_of_the_zone_and_end_now() {
        let now = at("2026-11-23T20:10:30Z");
        for (preset, from) in [
            ("24h", Some("2026-11-22T19:30:00Z")),
            ("7d", Some("2026-11-17T18:30:00Z")),
            ("30d", Some("2026-10-25T18:30:00Z")),
            ("all", None),
        ] {
            let range = read(&[("range", preset)]).unwrap();
            let between = range.between(now, &kolkata()).unwrap();
            assert_eq!(between.from, from.map(at), "{preset}");
            assert_eq!(between.to, None);
        }
        assert_eq!(
            read(&[]).unwrap().between(now, &Utc),
            Ok(Between::default())
        );
    }

    #[test]
    fn days_are_whole_and_moments_exact() {
        let range = read(&[("from", "2026-11-01"), ("to", "2026-11-01")]).unwrap();
        let between = range.between(DateTime::UNIX_EPOCH, &kolkata()).unwrap();
        assert_eq!(between.from, Some(at("2026-10-31T18:30:00Z")));
        assert_eq!(between.to, Some(at("2026-11-01T18:30:00Z")));
        let range = read(&[("to", "2026-11-01T10:00:00+01:00")]).unwrap();
        let between = range.between(DateTime::UNIX_EPOCH, &kolkata()).unwrap();
        assert_eq!(between.from, None);
        assert_eq!(between.to, Some(at("2026-11-01T09:00:00Z")));
    }

    #[test]
    fn what_is_no_range_is_refused_in_words() {
        for (query, field, words) in [
            (&[("range", "8d")][..], "range", "`7d`"),
            (&[("from", "yesterday")], "from", "neither a day"),
            (&[("from", "2026-1-1")], "from", "neither a day"),
            (&[("to", "2026-02-30")], "to", "neither a day"),
            (&[("to", "0001-01-01")], "to", "from 1970"),
            (
                &[("range", "7d"), ("to", "2026-11-01")],
                "range",
                "not both",
            ),
            (
                &[("from", "2026-11-02"), ("to", "2026-11-01")],
                "to",
                "ends before it begins",
            ),
        ] {
            let faults = read(query).unwrap_err();
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert_eq!(faults[0].field, field, "{faults:?}");
            assert!(faults[0].message.contains(words), "{faults:?}");
        }
        let mixed = read(&[("from", "2026-11-02T00:00:00Z"), ("to", "2026-11-01")]).unwrap();
        assert_eq!(
            mixed.between(at("2026-11-23T00:00:00Z"), &Utc),
            Err(reversed())
        );
    }
}
