use calibr_model::views::RunView;
use leptos::prelude::*;

use super::{RunDuration, RunItems, run_ids, run_of};
use crate::{
    api,
    components::{
        platform_mark::PlatformMark,
        ui::{Column, Each, EmptyState, GhostTable, Icon, Loaded, Table, TimeAgo, pill},
    },
    routes,
    state::{Project, query},
    text::words::{run_type, trigger},
};

const COLUMNS: &[Column] = &[
    Column::text("Store"),
    Column::text("Run"),
    Column::text("Status"),
    Column::number("Items"),
    Column::number("Duration"),
    Column::text("Started"),
];

/// The last runs over all stores of the project.
#[component]
pub(crate) fn RecentRuns() -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let key = format!("{slug}/recent runs");
    let runs = query(
        move || Some(key.clone()),
        move || api::syncs::recent_syncs(slug.clone()),
    );
    project.follow_runs(
        runs,
        |_| true,
        |runs: &mut Vec<RunView>, id| runs.iter_mut().find(|run| run.id == id),
    );
    let ids = run_ids(move || runs.with(|runs| Some(runs?.iter().map(|run| run.id).collect())));
    let is_empty = Memo::new(move |_| ids.with(Vec::is_empty));
    let row = move |id| {
        let run = run_of(id, move |find| {
            runs.with(|runs| runs?.iter().find(find).cloned())
        });
        view! { <Row run /> }.into_any()
    };
    view! {
        <section class="card overflow-clip">
            <h2 class="px-4 py-4 text-lg sm:px-5">"Recent sync activity"</h2>
            <Loaded loading=runs.loading skeleton=|| view! { <GhostTable rows=4 /> }>
                <Show
                    when=move || !is_empty.get()
                    fallback=|| {
                        view! {
                            <EmptyState
                                icon=Icon::History
                                title="No sync yet"
                                advice="The first run of a store starts when it is connected."
                            />
                        }
                    }
                >
                    <Table caption="Recent sync runs" columns=COLUMNS>
                        <Each ids view=row />
                    </Table>
                </Show>
            </Loaded>
        </section>
    }
}

#[component]
fn Row(run: Signal<Option<RunView>>) -> impl IntoView {
    let slug = expect_context::<Project>().slug();
    let first = run.get_untracked()?;
    let href = routes::run(slug.as_str(), first.integration_id, first.id);
    let about = format!("{} · {}", run_type(first.r#type), trigger(&first));
    let status = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.status)));
    let at = first.started_at.unwrap_or(first.queued_at);
    Some(view! {
        <tr>
            <td data-wide="">
                <span class="flex items-center gap-2.5">
                    <PlatformMark platform=first.platform />
                    <a class="row-link truncate" dir="auto" href=href>{first.integration_name}</a>
                </span>
            </td>
            <td class="text-quiet">{about}</td>
            <td data-end="">{move || status.get().map(pill)}</td>
            <td class="num" data-label="Items"><RunItems run /></td>
            <td class="num whitespace-nowrap" data-label="Took" data-end=""><RunDuration run /></td>
            <td class="whitespace-nowrap text-quiet"><span class="over"><TimeAgo at /></span></td>
        </tr>
    })
}
