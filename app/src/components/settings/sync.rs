use calibr_model::platform::Capability;
use leptos::prelude::*;

use super::{
    NextRun, SettingsForm, Toggle,
    fields::Item,
    section::{Fields, Section},
};
use crate::{
    components::ui::{Choice, Choices, DayOf, TextField},
    routes,
    state::Project,
};

const FREQUENCIES: &[Choice] = &[
    Choice {
        key: "manual",
        words: "By hand",
        meaning: "Only when somebody presses Sync now, or the store itself tells of a change.",
    },
    Choice {
        key: "hourly",
        words: "Every hour",
        meaning: "At a minute of the store's own, so that your stores do not all start at once.",
    },
    Choice {
        key: "six_hourly",
        words: "Every 6 hours",
        meaning: "For a catalogue that rarely changes, or a store that should be called little.",
    },
    Choice {
        key: "daily",
        words: "Daily",
        meaning: "Once a day at a time you choose, such as at night when the store is quiet.",
    },
];

const FULL_SYNCS: &[Choice] = &[
    Choice {
        key: "daily",
        words: "Once a day",
        meaning: "Finds within a day what was deleted at the store.",
    },
    Choice {
        key: "weekly",
        words: "Once a week",
        meaning: "Enough for most stores: what changed is read by every run anyway.",
    },
    Choice {
        key: "never",
        words: "Only when asked",
        meaning: "Deleted products stay here until somebody starts a full sync.",
    },
];

const POLICIES: &[Choice] = &[
    Choice {
        key: "platform",
        words: "The store",
        meaning: "Its price becomes the one here. Nothing is sent.",
    },
    Choice {
        key: "calibr",
        words: "Calibr",
        meaning: "The price here is sent again by itself where “Send prices by itself” is on and a floor is set for the currency. Otherwise the conflict waits for a person.",
    },
    Choice {
        key: "manual",
        words: "A person decides",
        meaning: "Both prices are kept until somebody picks one.",
    },
];

/// When a store is synced, and what is.
#[component]
pub(crate) fn SyncSettings() -> impl IntoView {
    let form = expect_context::<SettingsForm>();
    let platform = form.platform();
    let project = expect_context::<Project>();
    let slug = project.slug();
    let (waiting, bounds) = (
        routes::conflicts_of(slug.as_str(), form.id),
        routes::prices(slug.as_str()),
    );
    let zone = project.time_zone();
    let frequency = form.text(Item::Frequency);
    let is_daily = Memo::new(move |_| frequency.with(|frequency| frequency == "daily"));
    let daily_help =
        format!("{zone} time, the project's own. Where clocks go forward over it, right after.");
    let full_sync_at = Memo::new(move |_| form.saved.with(|saved| saved?.full_sync_at));
    let last_full = move || match full_sync_at.get() {
        Some(at) => view! { <DayOf at /> }.into_any(),
        None => "not yet".into_any(),
    };
    view! {
        <NextRun form />
        <Fields>
            <Section title="Schedule" about="When the clock starts a sync by itself.">
                <Choices
                    form=form.state
                    name=Item::Frequency.name()
                    legend=Item::Frequency.label()
                    value=frequency
                    options=FREQUENCIES
                />
                <Show when=move || is_daily.get()>
                    <div class="max-w-sm">
                        <TextField
                            form=form.state
                            name=Item::DailyAt.name()
                            label=Item::DailyAt.label()
                            help=daily_help.clone()
                            kind="time"
                            value=form.text(Item::DailyAt)
                        />
                    </div>
                </Show>
            </Section>
            <Section
                title="Full sync"
                about="Most runs read only what changed. A full one reads all there is, and finds what was deleted."
            >
                <Choices
                    form=form.state
                    name=Item::FullSync.name()
                    legend=Item::FullSync.label()
                    value=form.text(Item::FullSync)
                    options=FULL_SYNCS
                />
                <p class="text-sm text-quiet">"Everything was last read: " {last_full}</p>
            </Section>
            <Section
                title="What is synced"
                about="In runs that nobody started by hand: those of the clock, and those after word from the store."
            >
                <Toggle form item=Item::SyncProducts help="Reads products, prices and stock. When off, the catalogue here stays as it is until somebody syncs." />
                {platform
                    .can(Capability::PricePush)
                    .then(|| {
                        view! {
                            <Toggle form item=Item::SyncPrices help="Sends prices that wait to be sent, and Calibr's own again where it is right in a conflict. When off, prices go out only when somebody applies them." />
                        }
                    })}
            </Section>
            <Section
                title="Conflicts"
                about="A price that was set here and then changed at the store, or on both sides since they last agreed."
            >
                <Choices
                    form=form.state
                    name=Item::ConflictPolicy.name()
                    legend=Item::ConflictPolicy.label()
                    value=form.text(Item::ConflictPolicy)
                    options=POLICIES
                />
                <p class="help">
                    "Those that wait are among the " <a class="link" href=waiting>"conflicts of this store"</a>
                    "; floors are set under Bounds on the page " <a class="link" href=bounds>"Prices"</a> "."
                </p>
            </Section>
        </Fields>
    }
}
