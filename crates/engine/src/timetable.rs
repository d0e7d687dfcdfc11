//! When the clock starts the runs of an integration.

use calibr_model::{
    IntegrationId,
    settings::{Frequency, FullSync, Settings, TimeOfDay},
    status::RunType,
};
use calibr_store::{StoreError, TenantTx, integrations::Timetable};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

const HOUR: i64 = 3_600;

/// A daily run begins within so many seconds after its time of day.
const DAILY_SPREAD: u64 = 600;

/// The moment after `after` at which the clock starts the next run; `None` where
/// it starts none. Each integration has a minute of its own, so that a thousand
/// of them do not begin in the same second.
///
/// A time of day that a night leaves out, because clocks are put forward, is made
/// up for at the first moment after the gap; one that comes twice counts once,
/// the first time.
pub fn next_run(
    settings: &Settings,
    zone: Tz,
    integration: IntegrationId,
    after: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    match settings.frequency {
        Frequency::Manual => None,
        Frequency::Hourly => every(HOUR, integration, after),
        Frequency::SixHourly => every(6 * HOUR, integration, after),
        Frequency::Daily => daily(settings.daily_at, zone, integration, after),
    }
}

/// What a run that the clock starts covers.
pub(crate) fn run_type(timetable: &Timetable) -> RunType {
    let at_least = match timetable.settings.full_sync {
        _ if !timetable.settings.sync_products => return RunType::Incremental,
        FullSync::Never => return RunType::Incremental,
        // A little less, so that a daily run does not miss its day by minutes.
        FullSync::Daily => TimeDelta::hours(23),
        FullSync::Weekly => TimeDelta::days(7) - TimeDelta::hours(1),
    };
    let is_fresh = timetable
        .full_sync_at
        .is_some_and(|at| timetable.now - at < at_least);
    if is_fresh {
        RunType::Incremental
    } else {
        RunType::Full
    }
}

/// Sets when the clock starts the next run by what is set now. What was just
/// connected or set is not read again at once: its first run is at least half a
/// period away.
///
/// # Errors
/// [`StoreError`].
pub async fn set_the_clock(tx: &mut TenantTx, id: IntegrationId) -> Result<(), StoreError> {
    let Some(timetable) = tx.timetable(id).await? else {
        return Ok(());
    };
    let rest = match timetable.settings.frequency {
        Frequency::Hourly => TimeDelta::minutes(30),
        Frequency::SixHourly => TimeDelta::hours(3),
        Frequency::Manual | Frequency::Daily => TimeDelta::zero(),
    };
    let after = timetable.now + rest;
    let next = next_run(&timetable.settings, timetable.zone, id, after);
    tx.set_next_sync(id, next).await
}

/// The same number for the same integration, spread evenly over all of them.
fn spread(integration: IntegrationId, over: u64) -> i64 {
    let (_, random) = integration.0.as_u64_pair();
    i64::try_from(random % over).unwrap_or_default()
}

fn every(period: i64, integration: IntegrationId, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let offset = spread(integration, period.unsigned_abs());
    let periods = (after.timestamp() - offset).div_euclid(period) + 1;
    DateTime::from_timestamp(periods * period + offset, 0)
}

fn daily(
    at: TimeOfDay,
    zone: Tz,
    integration: IntegrationId,
    after: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let wait = TimeDelta::seconds(spread(integration, DAILY_SPREAD));
    let yesterday = after
        .with_timezone(&zone)
        .date_naive()
        .checked_sub_days(Days::new(1))?;
    yesterday
        .iter_days()
        .take(4)
        .filter_map(|day| moment(day, at, zone))
        .map(|moment| moment + wait)
        .find(|moment| *moment > after)
}

/// The first moment of a day at which it is this time, or later.
fn moment(day: NaiveDate, at: TimeOfDay, zone: Tz) -> Option<DateTime<Utc>> {
    let minutes = u32::from(at.minutes());
    let time = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0)?;
    let wanted = day.and_time(time);
    // A zone may leave out a whole day, where it changes sides of the date line.
    (0..=24 * 60).find_map(|later| {
        let local = wanted.checked_add_signed(TimeDelta::minutes(later))?;
        let first = zone.from_local_datetime(&local).earliest()?;
        Some(first.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use calibr_model::settings::{ConflictPolicy, Tuning};
    use uuid::Uuid;

    use super::*;

    fn settings(frequency: Frequency, at: &str) -> Settings {
        Settings {
            name: "Acme".to_owned(),
            frequency,
            daily_at: at.parse().unwrap(),
            full_sync: FullSync::Weekly,
            sync_products: true,
            sync_prices: false,
            conflict_policy: ConflictPolicy::Manual,
            dry_run: false,
            tuning: Tuning::default(),
        }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// One whose own minute is the first.
    const PROMPT: IntegrationId = IntegrationId(Uuid::from_u64_pair(7, 0));

    fn days(zone: Tz, at: &str, from: &str, number: usize) -> Vec<String> {
        let settings = settings(Frequency::Daily, at);
        let mut moment = utc(from);
        let mut found = Vec::new();
        for _ in 0..number {
            moment = next_run(&settings, zone, PROMPT, moment).unwrap();
            found.push(
                moment
                    .with_timezone(&zone)
                    .format("%d %H:%M %Z")
                    .to_string(),
            );
        }
        found
    }

    #[test]
    fn a_time_that_the_night_leaves_out_is_made_up_for_once() {
        // 2026-03-29 in Berlin: 02:00 becomes 03:00.
        assert_eq!(
            days(Tz::Europe__Berlin, "02:30", "2026-03-27T12:00:00Z", 3),
            ["28 02:30 CET", "29 03:00 CEST", "30 02:30 CEST"]
        );
    }

    #[test]
    fn a_time_that_comes_twice_counts_once() {
        // 2026-10-25 in Berlin: 03:00 becomes 02:00.
        assert_eq!(
            days(Tz::Europe__Berlin, "02:30", "2026-10-24T12:00:00Z", 2),
            ["25 02:30 CEST", "26 02:30 CET"]
        );
        // New York, and a zone that shifts by half an hour.
        assert_eq!(
            days(Tz::America__New_York, "01:30", "2026-10-31T12:00:00Z", 2),
            ["01 01:30 EDT", "02 01:30 EST"]
        );
        assert_eq!(
            days(Tz::Australia__Lord_Howe, "02:10", "2026-10-03T00:00:00Z", 2),
            ["04 02:30 +11", "05 02:10 +11"]
        );
    }

    #[test]
    fn a_day_that_a_zone_leaves_out_is_no_day_without_a_run() {
        // Samoa had no 30 December 2011.
        assert_eq!(
            days(Tz::Pacific__Apia, "03:00", "2011-12-29T20:00:00Z", 3),
            ["31 00:00 +14", "31 03:00 +14", "01 03:00 +14"]
        );
    }

    #[test]
    fn integrations_are_spread_and_keep_their_minute() {
        let after = utc("2026-11-23T10:17:00Z");
        let hourly = settings(Frequency::Hourly, "03:00");
        let moments: HashSet<DateTime<Utc>> = (0..1_000_u64)
            .map(|number| {
                let id = IntegrationId(Uuid::from_u64_pair(7, number.wrapping_mul(0x9E37_79B9)));
                let next = next_run(&hourly, Tz::UTC, id, after).unwrap();
                assert!(
                    next > after && next <= after + TimeDelta::hours(1),
                    "{next}"
                );
                let then = next_run(&hourly, Tz::UTC, id, next).unwrap();
                assert_eq!(then - next, TimeDelta::hours(1));
                next
            })
            .collect();
        assert!(moments.len() > 700, "{} seconds", moments.len());
        let daily = settings(Frequency::Daily, "03:00");
        let id = IntegrationId(Uuid::from_u64_pair(7, 599));
        let next = next_run(&daily, Tz::UTC, id, after).unwrap();
        assert_eq!(next, utc("2026-11-24T03:09:59Z"));
        assert_eq!(
            next_run(&daily, Tz::UTC, id, utc("2026-11-24T03:00:00Z")),
            Some(next)
        );
        let six = settings(Frequency::SixHourly, "03:00");
        assert_eq!(
            next_run(&six, Tz::UTC, PROMPT, after),
            Some(utc("2026-11-23T12:00:00Z"))
        );
        let manual = settings(Frequency::Manual, "03:00");
        assert_eq!(next_run(&manual, Tz::UTC, id, after), None);
    }

    #[test]
    fn everything_is_read_as_often_as_is_set() {
        let now = utc("2026-11-23T10:00:00Z");
        let run = |full_sync, days: Option<i64>| {
            run_type(&Timetable {
                settings: Settings {
                    full_sync,
                    ..settings(Frequency::Daily, "03:00")
                },
                zone: Tz::UTC,
                held_back: false,
                next_sync_at: Some(now),
                full_sync_at: days.map(|days| now - TimeDelta::days(days)),
                now,
            })
        };
        assert_eq!(run(FullSync::Weekly, Some(6)), RunType::Incremental);
        assert_eq!(run(FullSync::Weekly, Some(7)), RunType::Full);
        assert_eq!(run(FullSync::Weekly, None), RunType::Full);
        assert_eq!(run(FullSync::Daily, Some(1)), RunType::Full);
        assert_eq!(run(FullSync::Never, None), RunType::Incremental);
    }
}
