use calibr_model::views::IntegrationDetail;
use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::AccessForm;
use crate::{
    components::ui::{Note, TimeAgo},
    state::{Clock, Project},
    text::{
        number::counted,
        time::{Style, written},
        words::Tone,
    },
};

/// Days ahead at which it is warned of, the nearest first.
const STEPS: [i64; 4] = [1, 7, 14, 30];

const DAY_MS: f64 = 86_400_000.0;

/// How near the end of the credentials is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nearness {
    /// It was.
    Past,
    /// Within so many days.
    Within(i64),
    /// Further than it is warned of.
    Far,
}

fn nearness(at: DateTime<Utc>, now_ms: f64) -> Nearness {
    let days = (at.timestamp_millis() as f64 - now_ms) / DAY_MS;
    let step = STEPS.into_iter().find(|step| days <= *step as f64);
    match step {
        _ if days <= 0.0 => Nearness::Past,
        Some(step) => Nearness::Within(step),
        None => Nearness::Far,
    }
}

/// When the first of the credentials runs out, and whether the platform gives
/// fresh ones before.
fn end_of(detail: &IntegrationDetail) -> Option<(DateTime<Utc>, bool)> {
    let all = detail.credentials.iter();
    Some((all.filter_map(|one| one.expires_at).min()?, detail.renews))
}

/// Says when the credentials run out, and warns ahead of it where nobody but a
/// person can replace them.
#[component]
pub(super) fn Expiry(form: AccessForm, platform: String) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let zone = expect_context::<Project>().time_zone();
    let end = Memo::new(move |_| form.saved.with(|saved| saved.and_then(end_of)));
    let state = Memo::new(move |_| {
        let (at, renews) = end.get()?;
        Some((at, renews, nearness(at, clock.now.get())))
    });
    move || {
        let (at, renews, nearness) = state.get()?;
        let day = written(at, &zone, Style::Day);
        let advice = "Replace the credentials before that, or syncs stop.";
        Some(match nearness {
            _ if renews => view! {
                <p class="text-sm text-quiet">
                    {format!("{platform} gives access for a while. It is renewed by itself; the next time by ")}
                    <TimeAgo at /> "."
                </p>
            }
            .into_any(),
            Nearness::Far => view! {
                <p class="text-sm text-quiet">"Access runs out on " {day} ", " <TimeAgo at /> "."</p>
            }
            .into_any(),
            Nearness::Within(days) => {
                let tone = if days == 1 { Tone::Bad } else { Tone::Warn };
                let title = format!("Access runs out within {}", counted(days, "day", "days"));
                view! {
                    <Note tone>
                        <p class="font-medium">{title}</p>
                        <p>"On " {day} ", " <TimeAgo at /> ". " {advice}</p>
                    </Note>
                }
                .into_any()
            }
            Nearness::Past => view! {
                <Note tone=Tone::Bad>
                    <p class="font-medium">"Access has run out"</p>
                    <p>"On " {day} ". Replace the credentials to sync again."</p>
                </Note>
            }
            .into_any(),
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn it_is_warned_of_in_steps() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        for (hours, expected) in [
            (-1, Nearness::Past),
            (0, Nearness::Past),
            (23, Nearness::Within(1)),
            (24, Nearness::Within(1)),
            (25, Nearness::Within(7)),
            (24 * 7 + 1, Nearness::Within(14)),
            (24 * 14 + 1, Nearness::Within(30)),
            (24 * 30, Nearness::Within(30)),
            (24 * 30 + 1, Nearness::Far),
        ] {
            let at = now + TimeDelta::hours(hours);
            let now_ms = now.timestamp_millis() as f64;
            assert_eq!(nearness(at, now_ms), expected, "{hours} hours ahead");
        }
    }
}
