use calibr_model::{
    status::{RunTrigger, RunType, SyncStatus},
    time_range::RangePreset,
    views::RunsAsked,
};
use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;

use crate::{
    components::ui::{Button, Chips, FilterSelect, Icon, Look, Size, unique_id},
    state::{Address, Paging, Project},
    text::{
        time::{day_of, now_ms},
        words::{Worded, run_type, trigger_kind},
    },
};

/// The names of the filters in the address; the REST API has the same.
const STATUS: &str = "status";
const TYPE: &str = "type";
const TRIGGER: &str = "trigger";
const RANGE: &str = "range";
const FROM: &str = "from";
const TO: &str = "to";

/// The choice of a range of one's own, which the address says by its ends.
const CUSTOM: &str = "custom";

/// The states one can filter by; a run is never idle.
const STATES: [SyncStatus; 6] = [
    SyncStatus::Success,
    SyncStatus::Partial,
    SyncStatus::Error,
    SyncStatus::Cancelled,
    SyncStatus::Syncing,
    SyncStatus::Queued,
];

/// Which runs are asked for: the address of the page says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunsFilter {
    /// What the address asks for.
    pub(crate) asked: Memo<RunsAsked>,
    paging: Paging,
}

impl RunsFilter {
    /// Of the page that is open.
    pub(crate) fn here(paging: Paging) -> Self {
        let address = expect_context::<Address>();
        let asked = Memo::new(move |_| RunsAsked {
            status: address.value(STATUS),
            r#type: address.value(TYPE),
            trigger: address.value(TRIGGER),
            range: address.value(RANGE),
            from: address.value(FROM),
            to: address.value(TO),
        });
        Self { asked, paging }
    }

    /// Whether anything in particular is asked for.
    pub(crate) fn is_set(self) -> bool {
        self.asked.with(|asked| *asked != RunsAsked::default())
    }

    /// The same as an address's query.
    pub(crate) fn query(self) -> String {
        self.asked.with(|asked| {
            let values = [
                (STATUS, &asked.status),
                (TYPE, &asked.r#type),
                (TRIGGER, &asked.trigger),
                (RANGE, &asked.range),
                (FROM, &asked.from),
                (TO, &asked.to),
            ];
            let pair = |(name, value): (&str, &String)| {
                let value = String::from(js_sys::encode_uri_component(value));
                (!value.is_empty()).then(|| format!("{name}={value}"))
            };
            let pairs: Vec<String> = values.into_iter().filter_map(pair).collect();
            pairs.join("&")
        })
    }

    /// Asks for all runs.
    pub(crate) fn clear(self) {
        self.change(&[STATUS, TYPE, TRIGGER, RANGE, FROM, TO].map(|name| (name, "")));
    }

    fn change(self, changes: &[(&str, &str)]) {
        self.paging.choose(changes);
    }

    fn toggle(self, status: &str) {
        let held = self.asked.with_untracked(|asked| asked.status.clone());
        let mut chosen: Vec<&str> = held.split(',').filter(|word| !word.is_empty()).collect();
        match chosen.iter().position(|word| *word == status) {
            Some(index) => drop(chosen.remove(index)),
            None => chosen.push(status),
        }
        self.change(&[(STATUS, &chosen.join(","))]);
    }

    /// Goes over to another preset, or to the last seven days to begin one's own
    /// range with.
    fn range(self, choice: &str, zone: &str) {
        if choice == CUSTOM {
            let now = DateTime::<Utc>::from_timestamp_millis(now_ms() as i64).unwrap_or_default();
            let from = day_of(now - TimeDelta::days(6), zone);
            self.change(&[(RANGE, ""), (FROM, &from), (TO, &day_of(now, zone))]);
        } else {
            self.change(&[(RANGE, choice), (FROM, ""), (TO, "")]);
        }
    }
}

fn options<T: Copy>(
    all: &'static str,
    each: &[T],
    key: fn(T) -> &'static str,
    words: fn(T) -> &'static str,
) -> Vec<(String, String)> {
    let first = (String::new(), all.to_owned());
    let rest = each
        .iter()
        .map(|one| (key(*one).to_owned(), words(*one).to_owned()));
    [first].into_iter().chain(rest).collect()
}

fn ranges() -> Vec<(String, String)> {
    let presets = [
        RangePreset::Hours24,
        RangePreset::Days7,
        RangePreset::Days30,
        RangePreset::Days90,
    ];
    let words = |preset| match preset {
        RangePreset::Hours24 => "Last 24 hours",
        RangePreset::Days7 => "Last 7 days",
        RangePreset::Days30 => "Last 30 days",
        RangePreset::Days90 => "Last 90 days",
        RangePreset::All => "All time",
    };
    let mut all = options("All time", &presets, RangePreset::as_str, words);
    all.push((CUSTOM.to_owned(), "Custom range".to_owned()));
    all
}

/// What the runs of a page are filtered by.
#[component]
pub(crate) fn RunFilters(
    /// What is asked for.
    filter: RunsFilter,
) -> impl IntoView {
    let zone = StoredValue::new(expect_context::<Project>().time_zone());
    let asked = filter.asked;
    let value = move |part: fn(&RunsAsked) -> &String| {
        Signal::derive(move || asked.with(|asked| part(asked).clone()))
    };
    let is_custom =
        Memo::new(move |_| asked.with(|asked| !asked.from.is_empty() || !asked.to.is_empty()));
    let range = Signal::derive(move || {
        if is_custom.get() {
            CUSTOM.to_owned()
        } else {
            asked.with(|asked| match asked.range.as_str() {
                "all" => String::new(),
                range => range.to_owned(),
            })
        }
    });
    let change = move |name: &'static str| {
        Callback::new(move |value: String| filter.change(&[(name, &value)]))
    };
    view! {
        <div class="grid gap-3 px-4 py-3 sm:px-5">
            <div class="grid grid-cols-2 gap-2 md:flex md:flex-wrap md:items-center">
                <div class="max-md:col-span-2">
                    <FilterSelect
                        label="Filter by time"
                        value=range
                        options=Signal::stored(ranges())
                        on_change=move |choice: String| zone.with_value(|zone| filter.range(&choice, zone))
                    />
                </div>
                <Show when=move || is_custom.get()>
                    <Days filter />
                </Show>
                <FilterSelect
                    label="Filter by type"
                    value=value(|asked| &asked.r#type)
                    options=Signal::stored(options("All types", RunType::ALL, RunType::as_str, run_type))
                    on_change=change(TYPE)
                />
                <FilterSelect
                    label="Filter by trigger"
                    value=value(|asked| &asked.trigger)
                    options=Signal::stored(
                        options("All triggers", RunTrigger::ALL, RunTrigger::as_str, trigger_kind),
                    )
                    on_change=change(TRIGGER)
                />
                <Show when=move || filter.is_set()>
                    <div class="max-md:col-span-2 md:ml-auto">
                        <Button
                            label="Clear filters"
                            icon=Icon::Close
                            look=Look::Quiet
                            size=Size::Small
                            on_click=move || filter.clear()
                        />
                    </div>
                </Show>
            </div>
            <Chips
                label="Filter by status"
                options=STATES.map(|status| (status.as_str(), status.word().to_owned())).to_vec()
                pressed=move |status| {
                    asked.with(|asked| asked.status.split(',').any(|word| word == status))
                }
                on_press=move |status| filter.toggle(status)
            />
        </div>
    }
}

/// The first and the last day of a range of one's own, in the project's time
/// zone.
#[component]
fn Days(filter: RunsFilter) -> impl IntoView {
    let fault_id = unique_id("range");
    let asked = filter.asked;
    let is_reversed = Memo::new(move |_| {
        // Days in order are texts in order.
        asked.with(|asked| !asked.to.is_empty() && asked.from > asked.to)
    });
    let fault = fault_id.clone();
    let day = move |label: &'static str, name: &'static str, part: fn(&RunsAsked) -> &String| {
        let fault = fault.clone();
        view! {
            <input
                type="date"
                class="input md:w-40"
                aria-label=label
                min="1970-01-01"
                max="9999-12-31"
                prop:value=move || asked.with(|asked| part(asked).clone())
                aria-invalid=move || is_reversed.get().then_some("true")
                aria-describedby=move || is_reversed.get().then(|| fault.clone())
                on:change=move |event| filter.change(&[(RANGE, ""), (name, &event_target_value(&event))])
            />
        }
    };
    view! {
        {day("First day", FROM, |asked| &asked.from)}
        {day("Last day", TO, |asked| &asked.to)}
        <Show when=move || is_reversed.get()>
            <p id=fault_id.clone() class="fault max-md:col-span-2" role="alert">
                "The range ends before it begins."
            </p>
        </Show>
    }
}
