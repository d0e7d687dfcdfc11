use calibr_model::{
    Page, PageRequest,
    views::{ListingLedgerView, ListingView, PriceChangeView},
};
use leptos::prelude::*;

use super::{ledger::LedgerSteps, price_step};
use crate::{
    api,
    components::ui::{Button, GhostLines, Loaded, Size},
    state::{Project, Query, query},
    text::{
        time::{Style, written},
        words::price_source,
    },
};

/// How many moves are shown at first, and at most.
const FIRST: u16 = 10;

/// How a listing's price moved, and where the last one that was set here stands.
#[component]
pub(super) fn PriceHistory(
    /// The listing.
    listing: ListingView,
    /// Where the prices of its product stand.
    ledgers: Query<Vec<ListingLedgerView>>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let id = listing.id;
    let limit = RwSignal::new(FIRST);
    let changes: Query<Page<PriceChangeView>> = query(
        {
            let slug = slug.clone();
            move || Some(format!("{slug}/price changes of {id}?{}", limit.get()))
        },
        move || {
            let page = PageRequest {
                limit: Some(limit.get_untracked()),
                cursor: None,
            };
            api::prices::list_price_changes(slug.clone(), Some(id), page)
        },
    );
    project.follow_prices(changes.loading);
    let held = Memo::new(move |_| {
        ledgers.with(|all| all?.iter().find(|one| one.listing_id == id).cloned())
    });
    let rows = move || {
        let items = changes.get().map(|page| page.items).unwrap_or_default();
        if items.is_empty() {
            let words = "No price has moved yet. Each move, from either side, is kept here.";
            return view! { <p class="text-quiet">{words}</p> }.into_any();
        }
        let rows = items.into_iter().map(change_row).collect_view();
        view! { <ul class="grid divide-y divide-line">{rows}</ul> }.into_any()
    };
    let more = move || {
        changes.with(|page| page.is_some_and(|page| page.next_cursor.is_some()))
            && limit.get() < PageRequest::MAX_LIMIT
    };
    view! {
        <div class="grid min-h-0 gap-5 overflow-y-auto px-6 pb-6">
            {move || held.get().map(|held| view! { <LedgerSteps held /> })}
            <section class="grid gap-2">
                <h3 class="font-medium">"Price changes"</h3>
                <Loaded loading=changes.loading skeleton=|| view! { <GhostLines lines=4 /> }>
                    {rows}
                    <Show when=more>
                        <Button
                            label="Show more"
                            size=Size::Small
                            busy=changes.loading.fetching
                            on_click=move || limit.set(PageRequest::MAX_LIMIT)
                        />
                    </Show>
                </Loaded>
            </section>
        </div>
    }
}

fn change_row(change: PriceChangeView) -> AnyView {
    let zone = expect_context::<Project>().time_zone();
    let by = change
        .by
        .map(|name| format!(" by {name}"))
        .unwrap_or_default();
    let why = match change.reason.as_str() {
        "" => String::new(),
        reason => format!(" · {reason}"),
    };
    let about = format!("{}{by}{why}", price_source(change.source));
    view! {
        <li class="grid gap-0.5 py-2">
            <span class="flex flex-wrap justify-between gap-x-4">
                {price_step(change.old_price, change.new_price)}
                <span class="text-sm text-quiet">{written(change.at, &zone, Style::Short)}</span>
            </span>
            <span class="text-sm text-quiet wrap-anywhere" dir="auto">{about}</span>
        </li>
    }
    .into_any()
}
