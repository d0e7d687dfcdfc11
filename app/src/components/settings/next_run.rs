use calibr_model::{Role, status::IntegrationStatus};
use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{SettingsForm, fields::Item};
use crate::{
    components::{
        store::StoreActions,
        ui::{Button, Glyph, Icon, Size},
    },
    state::{Clock, Project},
    text::time::{Style, relative, written},
};

/// What the clock will do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Starts a run then.
    At(DateTime<Utc>),
    /// Is held back by a person.
    Paused,
    /// Starts none, as is set.
    ByHand,
    /// Cannot reach the store.
    CutOff,
}

/// When the next run will be, and holding the clock back.
#[component]
pub(super) fn NextRun(form: SettingsForm) -> impl IntoView {
    let project = expect_context::<Project>();
    let actions = StoreActions::here();
    let id = form.id;
    let store = Memo::new(move |_| project.integration(id));
    let plan = Memo::new(move |_| {
        let (status, paused) = store.with(|store| {
            let store = store.as_ref()?;
            Some((store.status, store.paused))
        })?;
        let next = form.saved.with(|saved| saved?.next_sync_at);
        Some(match (status, next) {
            (IntegrationStatus::Disconnected | IntegrationStatus::Expired, _) => Plan::CutOff,
            _ if paused => Plan::Paused,
            (_, Some(at)) => Plan::At(at),
            (_, None) => Plan::ByHand,
        })
    });
    let words = move || {
        plan.get().map(|plan| match plan {
            Plan::At(at) => view! { <Moment at /> }.into_any(),
            Plan::Paused => told("Paused", "The clock starts no run until it is resumed."),
            Plan::ByHand => told("When somebody starts it", "The clock starts none."),
            Plan::CutOff => told("None", "The store has to be reconnected first."),
        })
    };
    let is_changed =
        Memo::new(move |_| form.is_changed(Item::Frequency) || form.is_changed(Item::DailyAt));
    let paused = Memo::new(move |_| plan.get() == Some(Plan::Paused));
    let has_clock = Memo::new(move |_| matches!(plan.get(), Some(Plan::At(_) | Plan::Paused)));
    let toggle = move || {
        if let Some(store) = store.get_untracked() {
            actions.pause(&store, !store.paused);
        }
    };
    view! {
        <div class="card flex flex-wrap items-center gap-x-4 gap-y-3 p-4 sm:px-5">
            <span class="grid size-9 shrink-0 place-items-center rounded-full bg-shape text-quiet">
                <Glyph icon=Signal::derive(move || {
                    if paused.get() { Icon::Pause } else { Icon::History }
                }) />
            </span>
            <dl class="min-w-0 flex-1 basis-56">
                <dt class="text-sm text-quiet">"Next run"</dt>
                <dd>
                    {words}
                    <Show when=move || is_changed.get()>
                        <span class="block text-sm text-quiet">"Set anew when you save."</span>
                    </Show>
                </dd>
            </dl>
            <Show when=move || project.allows(Role::Admin) && has_clock.get()>
                <Button
                    label=Signal::derive(move || {
                        if paused.get() { "Resume" } else { "Pause" }.to_owned()
                    })
                    icon=Signal::derive(move || if paused.get() { Icon::Play } else { Icon::Pause })
                    size=Size::Small
                    on_click=toggle
                />
            </Show>
        </div>
    }
}

fn told(what: &'static str, why: &'static str) -> AnyView {
    view! {
        <span class="text-lg font-semibold">{what}</span>
        <span class="block text-sm text-quiet">{why}</span>
    }
    .into_any()
}

/// A moment that is to come, as people speak of it and by the project's clock.
#[component]
fn Moment(at: DateTime<Utc>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let zone = expect_context::<Project>().time_zone();
    let words = Memo::new(move |_| {
        let now = clock.now.get();
        // The clock is looked at every few seconds.
        if at.timestamp_millis() as f64 - now < 10_000.0 {
            "Any moment".to_owned()
        } else {
            relative(at, now)
        }
    });
    view! {
        <time datetime=at.to_rfc3339()>
            <span class="block text-lg font-semibold first-letter:uppercase">{move || words.get()}</span>
            <span class="block text-sm text-quiet">{written(at, &zone, Style::Planned)}</span>
        </time>
    }
}
