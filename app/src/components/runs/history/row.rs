use calibr_model::{
    Role,
    status::RunType,
    views::{IntegrationView, RetryWish, RunView},
};
use chrono::{DateTime, Utc};
use leptos::{ev, prelude::*};

use crate::{
    components::{
        runs::{PlanDialog, RunDuration, RunItems, Wanted, progress_of},
        store::{StoreActions, needs_access},
        ui::{Glyph, Icon, Look, Menu, MenuItem, MenuLink, pill, unique_id},
    },
    routes,
    state::Project,
    text::{
        number::grouped,
        time::{Style, written},
        words::{run_type, trigger},
    },
};

/// One run of the table. Its height is the same while it goes on and after.
#[component]
pub(super) fn Row(run: Signal<Option<RunView>>) -> impl IntoView {
    let project = expect_context::<Project>();
    let first = run.get_untracked()?;
    let href = routes::run(project.slug().as_str(), first.integration_id, first.id);
    let status = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.status)));
    let failed = Memo::new(move |_| run.with(|run| run.as_ref().map_or(0, |run| run.items_failed)));
    let has_failed = move || failed.get() > 0;
    let error = Memo::new(move |_| run.with(|run| run.as_ref().and_then(|run| run.error.clone())));
    Some(view! {
        <tr>
            <td data-wide="" class="whitespace-nowrap md:h-14">
                <Date at=first.queued_at href=href.clone() />
            </td>
            <td class="text-quiet">{run_type(first.r#type)}</td>
            <td dir="auto" class="text-quiet" data-end="">{trigger(&first)}</td>
            <td data-wide="" class="md:max-w-96">
                {move || status.get().map(pill)}
                {move || {
                    error
                        .get()
                        .map(|error| view! { <p class="mt-1 line-clamp-2 text-sm text-quiet wrap-anywhere">{error}</p> })
                }}
            </td>
            <td class="num md:w-52" data-label="Synced"><RunItems run /></td>
            <td class="num" data-label="Failed" data-end="">
                <span class=("text-bad-text", has_failed) class=("font-medium", has_failed)>
                    {move || grouped(failed.get())}
                </span>
            </td>
            <td class="num whitespace-nowrap md:w-32" data-label="Took"><RunDuration run /></td>
            <td class="num md:w-20" data-end="">
                <span class="over inline-block"><Actions run href /></span>
            </td>
        </tr>
    })
}

/// When a run was asked for, by the project's clocks; in UTC on hover and focus.
#[component]
fn Date(at: DateTime<Utc>, href: String) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let tip_id = unique_id("date");
    let hushed = RwSignal::new(false);
    let press = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            hushed.set(true);
        }
    };
    view! {
        <a
            class="row-link"
            href=href
            aria-describedby=tip_id.clone()
            on:keydown=press
            on:blur=move |_| hushed.set(false)
        >
            <time
                class="tip over"
                datetime=at.to_rfc3339()
                data-hushed=move || hushed.get().then_some("")
                on:mouseleave=move |_| hushed.set(false)
            >
                {written(at, &zone, Style::Short)}
                <span role="tooltip" id=tip_id.clone()>{written(at, "UTC", Style::Exact)}</span>
            </time>
        </a>
    }
}

/// What can be done with a run as it stands.
#[component]
fn Actions(run: Signal<Option<RunView>>, href: String) -> impl IntoView {
    let project = expect_context::<Project>();
    let actions = StoreActions::here();
    let plan = expect_context::<PlanDialog>();
    let first = run.get_untracked()?;
    let (store, r#type) = (first.integration_id, first.r#type);
    let may = project.allows(Role::Editor);
    let is_active =
        Memo::new(move |_| run.with(|run| run.as_ref().is_some_and(|run| run.status.is_active())));
    let store = move || project.integration(store);
    // One run at a time is enough.
    let is_ready = Memo::new(move |_| {
        let is_free =
            |store: IntegrationView| !store.sync_status.is_active() && !needs_access(store.status);
        may && !is_active.get() && store().is_some_and(is_free)
    });
    // Prices are sent by applying a push, and a retry reads what another run left.
    let may_again = Memo::new(move |_| {
        is_ready.get() && matches!(r#type, RunType::Full | RunType::Incremental)
    });
    let may_retry = Memo::new(move |_| {
        let has_failed = run.with(|run| run.as_ref().is_some_and(|run| run.items_failed > 0));
        is_ready.get() && has_failed
    });
    let cancel = move || {
        if let Some(run) = run.get_untracked() {
            actions.cancel(&progress_of(&run, 0.0), || ());
        }
    };
    let again = move || {
        if let Some(store) = untrack(store) {
            actions.sync(&store, r#type);
        }
    };
    let retry = move || {
        if let Some(run) = run.get_untracked() {
            let title = "Retry failed items";
            plan.ask(Wanted::retry(
                run.integration_id,
                run.id,
                title,
                RetryWish::default(),
            ));
        }
    };
    Some(view! {
        <Menu
            label="Actions of this run"
            class=Look::Quiet.class()
            square=true
            small=true
            face=|| view! { <Glyph icon=Icon::Dots /> }
        >
            <MenuLink href=href>
                <Glyph icon=Icon::ArrowRight />
                "Open"
            </MenuLink>
            <Show when=move || may && is_active.get()>
                <MenuItem label="Cancel" icon=Icon::Stop on_click=cancel />
            </Show>
            <Show when=move || may_retry.get()>
                <MenuItem label="Retry failed items…" icon=Icon::Sync on_click=retry />
            </Show>
            <Show when=move || may_again.get()>
                <MenuItem label="Run again" icon=Icon::Sync on_click=again />
            </Show>
        </Menu>
    })
}
