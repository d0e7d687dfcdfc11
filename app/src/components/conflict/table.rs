use calibr_model::{
    platform::Capability,
    views::{ConflictStatus, ConflictView},
};
use leptos::{prelude::*, reactive::effect::ImmediateEffect};

use super::{Inbox, row::Row, standing::Standing};
use crate::{
    components::ui::{Button, Column, Each, EmptyState, Icon, Look, PagedTable},
    routes::{self, SettingsTab},
    state::Paging,
};

const COLUMNS: &[Column] = &[
    Column::text("Product, SKU"),
    Column::number("Agreed before"),
    Column::number("Calibr"),
    Column::number("Store"),
    Column::text("Status"),
    Column::text("Decision"),
];

/// How many of the columns those see who may not decide.
const TO_READ: usize = 5;

/// The most stores whose settings an empty inbox leads to.
const MOST: usize = 3;

/// A page of conflicts.
#[component]
pub(crate) fn ConflictTable(
    /// The conflicts.
    inbox: Inbox,
    /// Where the list stands.
    paging: Paging,
) -> impl IntoView {
    let list = inbox.list;
    let ids = Memo::new(move |_| {
        list.with(|page| {
            let shown = page.map(|page| page.items.as_slice()).unwrap_or_default();
            shown
                .iter()
                .map(|one| one.id.0.as_u128())
                .collect::<Vec<_>>()
        })
    });
    // At once, before the page shows the change: the row may go, and the focus
    // with it.
    ImmediateEffect::new_scoped(move || {
        list.with(|_| ());
        if let Some(stood) = Standing::now() {
            request_animation_frame(move || stood.regain());
        }
    });
    let row = move |id: u128| view! { <Row id inbox /> }.into_any();
    view! {
        <Show when=move || inbox.may>
            <SelectAll inbox />
        </Show>
        <PagedTable
            list
            paging
            what="conflicts"
            caption="Price conflicts"
            columns=if inbox.may { COLUMNS } else { COLUMNS.split_at(TO_READ).0 }
            nothing=move || view! { <Nothing inbox paging /> }
            rows=move || view! { <Each ids view=row /> }
        />
    }
}

/// Selects all that are open on the page.
#[component]
fn SelectAll(inbox: Inbox) -> impl IntoView {
    let Inbox {
        list, selection, ..
    } = inbox;
    let open = Memo::new(move |_| {
        list.with(|page| {
            let shown = page.map(|page| page.items.as_slice()).unwrap_or_default();
            let is_open = |one: &&ConflictView| one.status == ConflictStatus::Open;
            shown.iter().filter(is_open).count()
        })
    });
    let selected = Memo::new(move |_| selection.rows.with(Vec::len));
    let all = Memo::new(move |_| selected.get() == open.get());
    let some = Memo::new(move |_| selected.get() > 0 && !all.get());
    let change = move |wanted: bool| {
        if wanted {
            list.with_untracked(|page| {
                selection.all_of(page.map(|page| page.items.as_slice()).unwrap_or_default());
            });
        } else {
            selection.clear();
        }
    };
    view! {
        <Show when=move || { open.get() > 0 }>
            <label class="flex min-h-10 items-center gap-3 border-b border-line px-4 text-sm text-quiet md:px-5">
                <input
                    type="checkbox"
                    class="size-4.5 shrink-0 accent-accent"
                    prop:checked=move || all.get()
                    prop:indeterminate=move || some.get()
                    on:change=move |event| change(event_target_checked(&event))
                />
                "Select all on this page"
            </label>
        </Show>
    }
}

/// Why there is nothing, and what would change that.
#[component]
fn Nothing(inbox: Inbox, paging: Paging) -> impl IntoView {
    let Inbox { filter, .. } = inbox;
    if paging.has_previous() {
        return view! {
            <EmptyState
                icon=Icon::Swap
                title="Nothing is left on this page"
                advice="What was here is decided, or ended by itself."
            >
                <Button label="Go to the first page" on_click=move || paging.choose(&[]) />
            </EmptyState>
        }
        .into_any();
    }
    if filter.is_set() {
        return view! {
            <EmptyState
                icon=Icon::Search
                title="No conflict matches"
                advice="None of this status fits all of the filters."
            >
                <Button label="Clear filters" on_click=move || filter.clear() />
            </EmptyState>
        }
        .into_any();
    }
    let (title, advice) = match filter.status.get() {
        Some(ConflictStatus::Resolved) => (
            "Nothing was decided yet",
            "What you and your stores' policies decide is listed here, and can be undone for a while.",
        ),
        Some(ConflictStatus::Superseded) => (
            "None ended by itself",
            "A conflict ends by itself where the store comes back to Calibr's price, another price is \
             set, or the listing goes.",
        ),
        _ => return view! { <AtPeace inbox /> }.into_any(),
    };
    view! { <EmptyState icon=Icon::Swap title advice /> }.into_any()
}

/// Nothing waits: what would, and by whose policy.
#[component]
fn AtPeace(inbox: Inbox) -> impl IntoView {
    let project = inbox.project;
    let slug = project.slug();
    let links = move || {
        let stores = project.integrations.get().unwrap_or_default();
        let takes = stores
            .into_iter()
            .filter(|store| project.can(&store.platform, Capability::PricePush));
        let link = |store: calibr_model::views::IntegrationView| {
            let href = routes::settings_tab(slug.as_str(), store.id, SettingsTab::Sync);
            view! {
                <a class=Look::Plain.class() href=href>
                    <span>"Policy of " <bdi>{store.name}</bdi></span>
                </a>
            }
        };
        takes.take(MOST).map(link).collect_view()
    };
    view! {
        <EmptyState
            icon=Icon::CheckCircle
            title="No conflicts"
            advice="When a price that was set here is changed at the store, you see both side by side \
                    and pick one. Each store's settings say whether the store is right, Calibr is, or \
                    a person decides; what cannot be decided by itself waits here, too."
        >
            {links}
        </EmptyState>
    }
}
