//! Moments, in the project's time zone. The browser knows the zones; nothing of
//! them is carried along.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use js_sys::{Array, Date, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::number::counted;

/// How a moment is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `23 Nov, 09:12`: for tables.
    Short,
    /// `3 Nov 2026`: for what was once.
    Day,
    /// `Tue 24 November, 03:04 CET`: for what is to come.
    Planned,
    /// `23 November 2026 at 09:12:44 CET`: where exactness is asked for.
    Exact,
    /// `23/11/2026`: to be taken apart.
    Parts,
    /// `09:12:44`: where the day is known.
    Clock,
}

impl Style {
    const fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Short => &[
                ("day", "numeric"),
                ("month", "short"),
                ("hour", "2-digit"),
                ("minute", "2-digit"),
            ],
            Self::Day => &[("day", "numeric"), ("month", "short"), ("year", "numeric")],
            Self::Planned => &[
                ("weekday", "short"),
                ("day", "numeric"),
                ("month", "long"),
                ("hour", "2-digit"),
                ("minute", "2-digit"),
                ("timeZoneName", "short"),
            ],
            Self::Exact => &[
                ("day", "numeric"),
                ("month", "long"),
                ("year", "numeric"),
                ("hour", "2-digit"),
                ("minute", "2-digit"),
                ("second", "2-digit"),
                ("timeZoneName", "short"),
            ],
            Self::Parts => &[
                ("day", "2-digit"),
                ("month", "2-digit"),
                ("year", "numeric"),
            ],
            Self::Clock => &[
                ("hour", "2-digit"),
                ("minute", "2-digit"),
                ("second", "2-digit"),
            ],
        }
    }
}

thread_local! {
    /// Making a formatter is slow; a page needs one or two.
    static FORMATTERS: RefCell<Vec<(Style, String, Function)>> = const { RefCell::new(Vec::new()) };
}

/// Writes a moment out in the time zone with the IANA name `zone`; in UTC where
/// this browser does not know the zone.
pub(crate) fn written(at: DateTime<Utc>, zone: &str, style: Style) -> String {
    let date = Date::new(&JsValue::from_f64(at.timestamp_millis() as f64));
    formatter(zone, style)
        .and_then(|format| format.call1(&JsValue::UNDEFINED, &date).ok())
        .and_then(|text| text.as_string())
        .unwrap_or_else(|| at.to_rfc3339())
}

/// The day that a moment is on in a time zone, as addresses and inputs have it:
/// `2026-11-23`.
pub(crate) fn day_of(at: DateTime<Utc>, zone: &str) -> String {
    let written = written(at, zone, Style::Parts);
    let mut parts: Vec<&str> = written.split('/').collect();
    parts.reverse();
    parts.join("-")
}

fn formatter(zone: &str, style: Style) -> Option<Function> {
    FORMATTERS.with_borrow_mut(|known| {
        let held = known.iter().find(|(s, z, _)| *s == style && z == zone);
        if let Some((_, _, format)) = held {
            return Some(format.clone());
        }
        let format = new_formatter(zone, style).or_else(|| new_formatter("UTC", style))?;
        known.push((style, zone.to_owned(), format.clone()));
        Some(format)
    })
}

/// `new Intl.DateTimeFormat("en-GB", {…}).format`, or nothing where the browser
/// refuses the zone.
fn new_formatter(zone: &str, style: Style) -> Option<Function> {
    let options = Object::new();
    for (key, value) in style.options().iter().chain(&[("timeZone", zone)]) {
        Reflect::set(&options, &(*key).into(), &(*value).into()).ok()?;
    }
    let formatter = Reflect::construct(
        &intl("DateTimeFormat")?,
        &Array::of2(&"en-GB".into(), &options),
    )
    .ok()?;
    Reflect::get(&formatter, &"format".into())
        .ok()?
        .dyn_into()
        .ok()
}

fn intl(name: &str) -> Option<Function> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    Reflect::get(&intl, &name.into()).ok()?.dyn_into().ok()
}

/// The time zone this browser keeps; `UTC` where it does not tell.
pub(crate) fn browser_zone() -> String {
    let zone = || {
        let formatter = Reflect::construct(&intl("DateTimeFormat")?, &Array::new()).ok()?;
        let resolve = Reflect::get(&formatter, &"resolvedOptions".into()).ok()?;
        let options = resolve
            .dyn_into::<Function>()
            .ok()?
            .call0(&formatter)
            .ok()?;
        Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
    };
    zone().unwrap_or_else(|| "UTC".to_owned())
}

/// Every time zone this browser knows, by name, `UTC` among them.
pub(crate) fn known_zones() -> Vec<String> {
    let zones = intl("supportedValuesOf")
        .and_then(|list| list.call1(&JsValue::UNDEFINED, &"timeZone".into()).ok())
        .and_then(|list| list.dyn_into::<Array>().ok());
    let zones = zones.unwrap_or_default();
    for needed in [browser_zone(), "UTC".to_owned()] {
        let needed = JsValue::from_str(&needed);
        if !zones.includes(&needed, 0) {
            zones.push(&needed);
        }
    }
    zones
        .sort()
        .iter()
        .filter_map(|zone| zone.as_string())
        .collect()
}

/// This moment by the browser's clock, in milliseconds since 1970.
pub(crate) fn now_ms() -> f64 {
    Date::now()
}

/// How far `at` lies from `now_ms`: `4 minutes ago`, `in 56 minutes`, `just now`.
pub(crate) fn relative(at: DateTime<Utc>, now_ms: f64) -> String {
    let seconds = ((now_ms - at.timestamp_millis() as f64) / 1_000.0).round() as i64;
    let span = |seconds: i64| match seconds {
        ..60 => counted(seconds / 10 * 10, "second", "seconds"),
        60..3_600 => counted(seconds / 60, "minute", "minutes"),
        3_600..86_400 => counted(seconds / 3_600, "hour", "hours"),
        86_400..2_592_000 => counted(seconds / 86_400, "day", "days"),
        2_592_000..31_536_000 => counted(seconds / 2_592_000, "month", "months"),
        _ => counted(seconds / 31_536_000, "year", "years"),
    };
    match seconds {
        -9..10 => "just now".to_owned(),
        10.. => format!("{} ago", span(seconds)),
        _ => format!("in {}", span(-seconds)),
    }
}

/// Seconds from `from` to `to`, or to `now_ms` while there is no end.
pub(crate) fn elapsed(from: DateTime<Utc>, to: Option<DateTime<Utc>>, now_ms: f64) -> i64 {
    let end = to.map_or(now_ms, |to| to.timestamp_millis() as f64);
    ((end - from.timestamp_millis() as f64) / 1_000.0)
        .round()
        .max(0.0) as i64
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn moments_are_told_from_now() {
        let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(400);
        let after = |seconds: i64| relative(at, (at.timestamp() + seconds) as f64 * 1_000.0);
        for (seconds, text) in [
            (4, "just now"),
            (-4, "just now"),
            (47, "40 seconds ago"),
            (60, "1 minute ago"),
            (240, "4 minutes ago"),
            (7_200, "2 hours ago"),
            (90_000, "1 day ago"),
            (-3_400, "in 56 minutes"),
        ] {
            assert_eq!(after(seconds), text);
        }
    }

    #[test]
    fn a_span_without_an_end_runs_until_now() {
        let from = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(elapsed(from, Some(from + TimeDelta::seconds(90)), 0.0), 90);
        assert_eq!(elapsed(from, None, 5_400.0), 5);
    }
}
