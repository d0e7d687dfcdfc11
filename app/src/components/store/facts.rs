use calibr_model::{
    status::{IntegrationStatus, SyncStatus},
    views::IntegrationView,
};
use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{components::ui::TimeAgo, text::number::grouped};

/// What a merchant wants to know of a store at a glance: last sync, next sync,
/// items, how fresh.
#[component]
pub(super) fn StoreFacts(
    /// The store.
    #[prop(into)]
    store: Signal<IntegrationView>,
) -> impl IntoView {
    // One memo a fact: a fact that did not change keeps its place and focus.
    let last = Memo::new(move |_| store.with(|store| store.last_sync_at));
    let next = Memo::new(move |_| store.with(|store| store.next_sync_at));
    let fresh = Memo::new(move |_| store.with(|store| store.data_fresh_as_of));
    let plan = Memo::new(move |_| store.with(plan));
    let items = move || grouped(store.with(|store| store.item_count));
    let none_yet = move || match store.with(|store| store.sync_status) {
        SyncStatus::Queued | SyncStatus::Syncing => "First one under way",
        _ => "Never",
    };
    let next_words = move || match plan.get() {
        Plan::Paused => "Paused".into_any(),
        Plan::None => "Not planned".into_any(),
        Plan::ByHand => "When you start it".into_any(),
        Plan::Due => moment(next.get(), "When you start it"),
    };
    view! {
        <dl class="grid grid-cols-2 gap-x-6 gap-y-3 lg:grid-cols-4">
            <Fact label="Last sync">{move || moment(last.get(), none_yet())}</Fact>
            <Fact label="Next sync">{next_words}</Fact>
            <Fact label="Items">{items}</Fact>
            <Fact label="Data fresh as of">{move || moment(fresh.get(), "Not yet known")}</Fact>
        </dl>
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Paused,
    None,
    ByHand,
    Due,
}

fn plan(store: &IntegrationView) -> Plan {
    match store.status {
        IntegrationStatus::Disconnected => Plan::None,
        _ if store.paused => Plan::Paused,
        _ if store.next_sync_at.is_none() => Plan::ByHand,
        _ => Plan::Due,
    }
}

fn moment(at: Option<DateTime<Utc>>, otherwise: &'static str) -> AnyView {
    match at {
        Some(at) => view! { <TimeAgo at /> }.into_any(),
        None => otherwise.into_any(),
    }
}

#[component]
fn Fact(label: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="min-w-0">
            <dt class="text-sm text-quiet">{label}</dt>
            <dd class="font-medium">{children()}</dd>
        </div>
    }
}
