use calibr_model::{
    Role,
    status::{Captured, FailureKind, FailureState},
    views::{FailureExchange, ItemFailureView, ParkedQuery, RetryWish},
};
use leptos::prelude::*;

use super::{Failed, rows::name_of};
use crate::{
    api,
    components::ui::{Button, CopyButton, Dialog, GhostLines, Icon, Loaded, Look, Size, pill},
    state::{Ask, Project, Query, Toast, Toasts, query},
    text::{
        json::indented,
        time::{Style, written},
        words::{failure_kind, what_to_do},
    },
};

/// One failure with the platform's part in it.
#[component]
pub(super) fn Details(
    failed: Failed,
    /// The failure that is shown; closing empties it.
    open: RwSignal<Option<ItemFailureView>>,
    ended: Memo<bool>,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    Effect::new(move |_| is_open.set(open.with(Option::is_some)));
    Effect::new(move |_| {
        if !is_open.get() && open.with_untracked(Option::is_some) {
            open.set(None);
        }
    });
    view! {
        <Dialog open=is_open title="What failed">
            {move || open.get_untracked().map(|failure| view! { <Content failed failure is_open ended /> })}
        </Dialog>
    }
}

#[component]
fn Content(
    failed: Failed,
    failure: ItemFailureView,
    is_open: RwSignal<bool>,
    ended: Memo<bool>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let zone = project.time_zone();
    let slug = project.slug();
    let (store, run, id) = (failed.store, failed.run, failure.id);
    let exchange: Query<FailureExchange> = query(
        {
            let key = format!("{slug}/exchange of {run} {id}");
            move || Some(key.clone())
        },
        move || api::failures::get_failure_exchange(slug.clone(), store, run, id),
    );
    let fact = |label: &'static str, value: AnyView| {
        view! {
            <div class="flex flex-wrap justify-between gap-x-4">
                <dt class="text-quiet">{label}</dt>
                <dd class="min-w-0 wrap-anywhere">{value}</dd>
            </div>
        }
    };
    let name = name_of(&failure);
    let id_shown = failure
        .external_id
        .clone()
        .filter(|id| *id != name)
        .map(|id| {
            fact(
                "Id at the store",
                view! { <code class="font-mono text-xs">{id}</code> }.into_any(),
            )
        });
    let since = {
        let zone = zone.clone();
        move || {
            let since = exchange.with(|held| held?.failing_since)?;
            let words = written(since, &zone, Style::Exact);
            Some(fact("Fails this way since", words.into_any()))
        }
    };
    let seen = written(failure.at, &zone, Style::Exact);
    view! {
        <div class="grid min-h-0 grid-cols-1 gap-4 overflow-y-auto px-6 pb-6">
            <div>
                <p dir="auto" class="font-semibold wrap-anywhere">{name}</p>
                <p class="wrap-anywhere">{failure.message.clone()}</p>
                <p class="mt-1 text-quiet">{what_to_do(failure.class)}</p>
            </div>
            <dl class="grid grid-cols-1 gap-1.5">
                {fact("Kind", failure_kind(failure.kind).into_any())}
                {id_shown}
                {fact("Code", view! { <code class="font-mono text-xs">{failure.code.clone()}</code> }.into_any())}
                {fact("Class", pill(failure.class))}
                {fact("Now", pill(failure.state))}
                {fact("Failed in a row", failure.attempts.to_string().into_any())}
                {fact("Seen", seen.into_any())}
                {since}
            </dl>
            <Loaded loading=exchange.loading skeleton=|| view! { <GhostLines lines=4 /> }>
                {
                    let zone = zone.clone();
                    let captured = failure.captured;
                    move || {
                        exchange
                            .get()
                            .map(|exchange| view! { <Exchange exchange captured zone=zone.clone() /> })
                    }
                }
            </Loaded>
            <Actions failed failure is_open ended exchange />
        </div>
    }
}

/// What was asked, and what was answered.
#[component]
fn Exchange(exchange: FailureExchange, captured: Captured, zone: String) -> impl IntoView {
    let part = |title: &'static str, text: String| {
        let readable = indented(&text);
        view! {
            <section class="grid grid-cols-1 gap-2">
                <h3 class="font-semibold">{title}</h3>
                <div class="relative">
                    <div class="absolute top-1 right-1">
                        <CopyButton text=text what="text" />
                    </div>
                    <pre
                        class="max-h-72 overflow-auto rounded-control bg-shape p-3 pr-10 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
                        tabindex="0"
                        role="region"
                        aria-label=title
                    >
                        {readable}
                    </pre>
                </div>
            </section>
        }
    };
    let FailureExchange {
        request,
        answer,
        kept_until,
        expunged_at,
        expunged_by,
        ..
    } = exchange;
    let nothing = (request.is_none() && answer.is_none()).then(|| {
        let words = match (expunged_at, expunged_by) {
            (Some(at), Some(by)) => {
                format!("Removed by {by} on {}.", written(at, &zone, Style::Exact))
            }
            (Some(at), None) => format!(
                "Removed on {}, as its time was over.",
                written(at, &zone, Style::Exact)
            ),
            (None, _) if captured == Captured::None => {
                "Nothing is kept of what the platform said: there was nothing, or there were a \
                 thousand alike before it."
                    .to_owned()
            }
            (None, _) => "Nothing is kept any more.".to_owned(),
        };
        view! { <p class="text-quiet">{words}</p> }
    });
    let until = kept_until.map(|until| {
        let words = format!(
            "Without secrets and personal data. Kept until {}.",
            written(until, &zone, Style::Exact)
        );
        view! { <p class="text-sm text-quiet">{words}</p> }
    });
    view! {
        <div class="grid grid-cols-1 gap-4">
            {request.map(|text| part("What was asked of the platform", text))}
            {answer.map(|text| part("What the platform said", text))}
            {nothing}
            {until}
        </div>
    }
}

/// What can be done about it.
#[component]
fn Actions(
    failed: Failed,
    failure: ItemFailureView,
    is_open: RwSignal<bool>,
    ended: Memo<bool>,
    exchange: Query<FailureExchange>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let busy = RwSignal::new(false);
    if !project.allows(Role::Editor) {
        return ().into_any();
    }
    let has_words = Memo::new(move |_| {
        exchange.with(|held| held.is_some_and(|e| e.request.is_some() || e.answer.is_some()))
    });
    let number = failure.id;
    let expunge = move || {
        busy.set(true);
        let request =
            api::failures::expunge_failures(project.slug(), failed.store, failed.run, Some(number));
        ask.send(request, move |answer| {
            busy.try_set(false);
            match answer {
                Ok(_) => {
                    exchange.refetch();
                    failed.refetch();
                }
                Err(problem) => {
                    toasts.show(Toast::bad("It could not be removed", problem.detail));
                }
            }
        });
    };
    let title = format!("Retry {}", name_of(&failure));
    let wish = RetryWish {
        failure: Some(failure.id),
        ..RetryWish::default()
    };
    let label = if failure.kind == FailureKind::Price {
        "Preview again"
    } else {
        "Retry this item"
    };
    let may_retry = failure.state != FailureState::Resolved;
    let retry = move || {
        is_open.set(false);
        failed.retry(title.clone(), wish.clone());
    };
    let parked = (failure.state == FailureState::Parked).then(|| {
        let which = ParkedQuery {
            kind: Some(failure.kind),
            external_id: failure.external_id.clone(),
        };
        let unpark = move || {
            let request = api::failures::unpark_items(project.slug(), failed.store, which.clone());
            ask.send(request, move |answer| match answer {
                Ok(_) => {
                    toasts.show(
                        Toast::good("No longer parked").detail("The next retry takes it along."),
                    );
                    is_open.try_set(false);
                    failed.refetch();
                }
                Err(problem) => {
                    toasts.show(Toast::bad("It could not be unparked", problem.detail));
                }
            });
        };
        view! { <Button label="Unpark" icon=Icon::Play size=Size::Normal on_click=unpark /> }
    });
    view! {
        <div class="flex flex-wrap justify-end gap-2">
            <Show when=move || has_words.get()>
                <Button label="Remove what was kept" look=Look::Quiet busy on_click=expunge />
            </Show>
            {parked}
            {may_retry
                .then(|| {
                    view! {
                        <Show when=move || ended.get()>
                            <Button label icon=Icon::Sync look=Look::Primary on_click=retry.clone() />
                        </Show>
                    }
                })}
        </div>
    }
    .into_any()
}
