use calibr_model::{Page, PageRequest, views::ConflictView};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        conflict::{
            Bulk, BulkBar, BulkDialog, ConflictFilters, ConflictTable, ConflictsFilter, Inbox,
            Shortcuts,
        },
        ui::{Crumb, Crumbs},
    },
    state::{Paging, Project, Query, query},
};

/// `/p/{slug}/conflicts`: prices that a store shows otherwise than they are wanted
/// here, and who is right.
#[component]
pub(crate) fn Conflicts() -> impl IntoView {
    let project = expect_context::<Project>();
    expect_context::<Crumbs>()
        .0
        .set(vec![Crumb::here("Conflicts")]);
    let slug = project.slug();
    let paging = Paging::here();
    let filter = ConflictsFilter::here(paging);
    let list: Query<Page<ConflictView>> = query(
        {
            let slug = slug.clone();
            move || {
                let page = paging.cursor.get();
                Some(format!("{slug}/conflicts?{}&{page}", filter.name()))
            }
        },
        move || {
            let page = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::conflicts::list_conflicts(slug.clone(), filter.query(), page)
        },
    );
    project.follow_prices(list.loading);
    let inbox = Inbox::here(list, filter);
    let bulk = Bulk::here(inbox);
    view! {
        <PageHeader
            title="Conflicts"
            about=|| "Prices that a store shows otherwise than Calibr wants them. Pick the one that stands."
        >
            <Shortcuts inbox />
        </PageHeader>
        <section class="card overflow-clip">
            <ConflictFilters filter />
            <ConflictTable inbox paging />
        </section>
        <BulkBar bulk paging />
        <BulkDialog bulk />
    }
}
