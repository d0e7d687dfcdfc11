use calibr_model::{Page, views::RunView};
use leptos::prelude::*;

use super::{RunsFilter, row::Row};
use crate::{
    components::{
        runs::{run_ids, run_of},
        ui::{Button, Column, Each, EmptyState, Icon, PagedTable},
    },
    state::{Paging, Query},
};

const COLUMNS: &[Column] = &[
    Column::text("Date"),
    Column::text("Type"),
    Column::text("Trigger"),
    Column::text("Status"),
    Column::number("Synced"),
    Column::number("Failed"),
    Column::number("Duration"),
    Column::number("Actions"),
];

/// A page of runs, live while they go on.
#[component]
pub(crate) fn RunTable(
    /// The runs.
    runs: Query<Page<RunView>>,
    /// Which are asked for.
    filter: RunsFilter,
    /// Where the list stands.
    paging: Paging,
) -> impl IntoView {
    let ids = run_ids(move || {
        runs.with(|page| page.map(|page| page.items.iter().map(|run| run.id).collect()))
    });
    let row = move |id| {
        let run = run_of(id, move |find| {
            runs.with(|page| page?.items.iter().find(find).cloned())
        });
        view! { <Row run /> }.into_any()
    };
    let nothing = move || {
        if filter.is_set() {
            view! {
                <EmptyState
                    icon=Icon::Search
                    title="No runs match"
                    advice="No run of this store fits all of the filters."
                >
                    <Button label="Clear filters" on_click=move || filter.clear() />
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <EmptyState
                    icon=Icon::History
                    title="No sync yet"
                    advice="The first run starts when the store is connected; Sync now starts one at once."
                />
            }
            .into_any()
        }
    };
    view! {
        <PagedTable
            list=runs
            paging
            what="runs"
            caption="Sync runs"
            columns=COLUMNS
            nothing
            rows=move || view! { <Each ids view=row /> }
        />
    }
}
