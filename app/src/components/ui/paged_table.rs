use calibr_model::{Cursor, Page};
use leptos::prelude::*;

use super::{Column, GhostTable, Loaded, Pagination, Table};
use crate::state::{Announcer, Loading, Paging, Query};

/// What a paged table shows of its list, whatever is listed.
#[derive(Clone, Copy)]
pub(crate) struct Listed {
    loading: Loading,
    count: Memo<i64>,
    next: Signal<Option<Cursor>>,
}

impl<T: Clone + Send + Sync + 'static> From<Query<Page<T>>> for Listed {
    fn from(list: Query<Page<T>>) -> Self {
        Self {
            loading: list.loading,
            count: Memo::new(move |_| {
                let count = list.with(|page| page.map_or(0, |page| page.items.len()));
                i64::try_from(count).unwrap_or(i64::MAX)
            }),
            next: Signal::derive(move || list.with(|page| page?.next_cursor.clone())),
        }
    }
}

/// A list in a table, page by page: its shape while it is to come, why it is
/// empty, or its rows.
#[component]
pub(crate) fn PagedTable(
    /// The list.
    #[prop(into)]
    list: Listed,
    /// Where it stands.
    paging: Paging,
    /// What is listed, in the plural.
    what: &'static str,
    /// What the table lists, for listeners.
    caption: &'static str,
    /// Its head.
    columns: &'static [Column],
    /// Why there is nothing.
    #[prop(into)]
    nothing: ViewFn,
    /// The rows.
    #[prop(into)]
    rows: ViewFn,
) -> impl IntoView {
    let Listed {
        loading,
        count,
        next,
    } = list;
    let stale = loading.stale;
    let empty = Memo::new(move |_| count.get() == 0);
    // Those who do not see the list change hear it.
    let announcer = expect_context::<Announcer>();
    Effect::new(move |was_stale: Option<bool>| {
        let is_stale = stale.get();
        if was_stale == Some(true) && !is_stale {
            announcer.say(format!("{what} on this page: {}", count.get_untracked()));
        }
        is_stale
    });
    let rows = StoredValue::new(rows);
    let table = move || {
        if empty.get() {
            return nothing.run();
        }
        let rows = move || rows.get_value().run();
        view! { <Table caption columns stale>{rows}</Table> }.into_any()
    };
    view! {
        <Loaded loading skeleton=|| view! { <GhostTable rows=8 /> }>
            {table.clone()}
            <Pagination paging next what />
        </Loaded>
    }
}
