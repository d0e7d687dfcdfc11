use calibr_model::{Cursor, Page};
use leptos::prelude::*;

use super::{Column, GhostTable, Loaded, Pagination, Table};
use crate::state::{Loading, Paging, Query};

/// What a paged table shows of its list, whatever is listed.
#[derive(Clone, Copy)]
pub(crate) struct Listed {
    loading: Loading,
    empty: Memo<bool>,
    next: Signal<Option<Cursor>>,
}

impl<T: Clone + Send + Sync + 'static> From<Query<Page<T>>> for Listed {
    fn from(list: Query<Page<T>>) -> Self {
        Self {
            loading: list.loading,
            empty: Memo::new(move |_| {
                list.with(|page| page.is_none_or(|page| page.items.is_empty()))
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
    /// Whether old rows are greyed while new ones come.
    #[prop(optional)]
    steady: bool,
    /// The rows.
    #[prop(into)]
    rows: ViewFn,
) -> impl IntoView {
    let Listed {
        loading,
        empty,
        next,
    } = list;
    let stale = Signal::derive(move || !steady && loading.fetching.get());
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
