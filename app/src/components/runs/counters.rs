use calibr_model::views::{RetryView, RunView};
use leptos::prelude::*;

use super::RunDuration;
use crate::{
    components::ui::CopyButton,
    routes,
    state::Project,
    text::{
        number::grouped,
        time::{Style, written},
    },
};

/// The counters of a run.
#[component]
pub(crate) fn RunCounters(
    /// The run.
    run: Signal<Option<RunView>>,
    /// What it retries, where it does.
    retry: Signal<Option<RetryView>>,
) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let figure = move |label: &'static str, value: fn(&RunView) -> Option<i64>| {
        let value = Signal::derive(move || run.with(|run| run.as_ref().and_then(value)));
        view! { <Figure label value /> }
    };
    let of_retry = move |label: &'static str, value: fn(&RetryView) -> Option<i64>| {
        let value = Signal::derive(move || retry.with(|retry| retry.as_ref().and_then(value)));
        view! { <Figure label value /> }
    };
    let id = move || run.with(|run| run.as_ref().map(|run| run.id.to_string()));
    let began =
        move || run.with(|run| Some(written(run.as_ref()?.started_at?, &zone, Style::Exact)));
    view! {
        <dl class="grid grid-cols-1 gap-1.5">
            {of_retry("Items to retry", |retry| Some(retry.items))}
            {of_retry("Came through", |retry| Some(retry.came_through))}
            {of_retry("Failed again", |retry| Some(retry.failed))}
            {of_retry("Gone meanwhile", |retry| (retry.gone > 0).then_some(retry.gone))}
            {of_retry("Came through before", |retry| (retry.skipped > 0).then_some(retry.skipped))}
            {of_retry("Parked, left out", |retry| (retry.parked > 0).then_some(retry.parked))}
            <RetryOf run retry />
            {figure("Items synced", |run| Some(run.items_synced))}
            {figure("New", |run| Some(run.items_created))}
            {figure("Changed", |run| Some(run.items_updated))}
            {figure("Unchanged", |run| Some(run.items_unchanged))}
            {figure("Gone from the store", |run| (run.items_removed > 0).then_some(run.items_removed))}
            {figure("Failed", |run| Some(run.items_failed))}
            {figure("Orders read", |run| (run.orders_read > 0).then_some(run.orders_read))}
            {figure("Prices pushed", |run| (run.prices_pushed > 0).then_some(run.prices_pushed))}
            {figure("Expected", |run| run.items_expected)}
            {figure("Tries", |run| (run.attempts > 1).then_some(run.attempts.into()))}
            <div class="flex justify-between gap-4">
                <dt class="text-quiet">"Duration"</dt>
                <dd class="font-medium"><RunDuration run /></dd>
            </div>
            <div class="mt-1.5 border-t border-line pt-3">
                <dt class="text-quiet">"Started"</dt>
                <dd>{began}</dd>
            </div>
            <div>
                <dt class="text-quiet">"Run id"</dt>
                <dd class="flex items-center gap-1">
                    {move || {
                        id()
                            .map(|id| {
                                view! {
                                    <code class="min-w-0 truncate font-mono text-xs">{id.clone()}</code>
                                    <CopyButton text=id what="run id" />
                                }
                            })
                    }}
                </dd>
            </div>
        </dl>
    }
}

#[component]
fn Figure(label: &'static str, value: Signal<Option<i64>>) -> impl IntoView {
    view! {
        <Show when=move || value.get().is_some()>
            <div class="flex justify-between gap-4">
                <dt class="text-quiet">{label}</dt>
                <dd class="font-medium">{move || value.get().map(grouped)}</dd>
            </div>
        </Show>
    }
}

/// The way to the run that is retried.
#[component]
fn RetryOf(run: Signal<Option<RunView>>, retry: Signal<Option<RetryView>>) -> impl IntoView {
    let slug = expect_context::<Project>().slug();
    let href = Memo::new(move |_| {
        let store = run.with(|run| run.as_ref().map(|run| run.integration_id))?;
        let of = retry.with(|retry| retry.as_ref()?.of)?;
        Some(routes::run(slug.as_str(), store, of))
    });
    move || {
        href.get().map(|href| {
            view! {
                <div class="mb-1.5 flex justify-between gap-4 border-b border-line pb-3">
                    <dt class="text-quiet">"Retries"</dt>
                    <dd><a class="link" href=href>"the earlier run"</a></dd>
                </div>
            }
        })
    }
}
