use calibr_model::{
    Role,
    views::{PriceCheckStatus, PriceCheckView, PricePushStatus, PricePushView},
};
use leptos::prelude::*;

use super::PushStores;
use crate::{
    api,
    components::ui::{Button, Icon, Note, ProgressBar, Size},
    state::{Ask, FormState, Project, Query},
    text::{
        number::{counted, grouped},
        words::Tone,
    },
};

/// Asking the platforms of a preview what they would make of it, and what they
/// said. Nothing where none of them can say.
#[component]
pub(crate) fn PriceCheck(
    /// The push.
    push: Query<PricePushView>,
    /// Its stores.
    stores: PushStores,
    /// Shows what goes wrong.
    form: FormState,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let ask = Ask::here();
    let may = project.allows(Role::Editor);
    let checks = Memo::new(move |_| {
        push.with(|push| {
            let push = push.filter(|push| push.status == PricePushStatus::Preview)?;
            (push.items_planned > 0).then(|| push.checks.clone())
        })
    });
    let platforms = Memo::new(move |_| stores.checkable(project));
    let active = Memo::new(move |_| {
        checks.with(|checks| checks.iter().flatten().any(|one| one.status.is_active()))
    });
    let begun = Memo::new(move |_| checks.with(|checks| checks.iter().flatten().count() > 0));
    let send = move |begin: bool| {
        let Some(id) = push.with_untracked(|push| push.map(|push| push.id)) else {
            return;
        };
        if form.busy.get_untracked() {
            return;
        }
        form.reset();
        let slug = project.slug();
        let then = move |now: PricePushView| push.amend(|push| *push = now);
        if begin {
            form.send(ask, api::prices::check_price_push(slug, id), then);
        } else {
            form.send(ask, api::prices::stop_price_check(slug, id), then);
        }
    };
    let names = move || platforms.with(|known| known.as_ref().map(|(names, _)| joined(names)));
    let lead = move || {
        let (names, prices) = platforms.get()?;
        let them = if prices == 1 { "it is" } else { "they are" };
        Some(format!(
            "{} can check {} before {them} sent. Nothing is changed by that.",
            joined(&names),
            counted(prices, "price", "prices"),
        ))
    };
    let label = Signal::derive(move || {
        if begun.get() {
            "Check again".to_owned()
        } else {
            names().map_or_else(
                || "Check with the platform".to_owned(),
                |names| format!("Check with {names}"),
            )
        }
    });
    let button = move || {
        if !may {
            return ().into_any();
        }
        if active.get() {
            view! {
                <Button label="Stop" icon=Icon::Stop size=Size::Small busy=form.busy on_click=move || send(false) />
            }
            .into_any()
        } else {
            view! { <Button label icon=Icon::CheckCircle busy=form.busy on_click=move || send(true) /> }
                .into_any()
        }
    };
    let said = move || {
        let checks = checks.get().unwrap_or_default();
        checks
            .into_iter()
            .map(|check| view! { <Said check /> })
            .collect_view()
    };
    let shown = move || {
        let can = platforms.with(Option::is_some);
        checks.with(Option::is_some) && (begun.get() || can && may)
    };
    view! {
        <Show when=shown>
            <section class="card grid gap-3 p-5" aria-label="Check with the platform">
                <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
                    <div class="min-w-0 flex-1 basis-64">
                        {move || {
                            if begun.get() {
                                view! { <div class="grid gap-3" aria-live="polite">{said}</div> }.into_any()
                            } else {
                                view! { <p class="text-quiet">{lead}</p> }.into_any()
                            }
                        }}
                    </div>
                    {button}
                </div>
            </section>
        </Show>
    }
}

/// How the check with one store's platform stands.
#[component]
fn Said(check: PriceCheckView) -> impl IntoView {
    let project = expect_context::<Project>();
    let name = project
        .integration(check.integration_id)
        .map_or_else(|| "A store".to_owned(), |store| store.name);
    let figures = figures(&check);
    let of_all = format!(
        "{} of {}",
        grouped(check.items_tried),
        counted(check.items_total, "price", "prices")
    );
    let head = match check.status {
        PriceCheckStatus::Queued | PriceCheckStatus::Checking => format!("checking, {of_all}"),
        PriceCheckStatus::Done => {
            format!("checked {}", counted(check.items_total, "price", "prices"))
        }
        PriceCheckStatus::Failed => format!("the check broke off after {of_all}"),
        PriceCheckStatus::Cancelled => format!("the check was stopped after {of_all}"),
    };
    let percent = u8::try_from(check.items_tried * 100 / check.items_total.max(1)).ok();
    let bar = check.status.is_active().then(|| {
        let words = of_all.clone();
        view! {
            <ProgressBar
                label="Prices checked"
                percent=Signal::stored(percent.filter(|percent| *percent > 0))
                text=Signal::stored(words)
            />
        }
    });
    let first = (check.items_total < check.items_planned).then(|| {
        format!(
            "Only the first {} of {} are checked: the platform admits so many in a while.",
            grouped(check.items_total),
            counted(check.items_planned, "price", "prices"),
        )
    });
    let error = check.error.map(|error| {
        let tone = match check.status {
            PriceCheckStatus::Failed => Tone::Bad,
            _ => Tone::Warn,
        };
        view! { <Note tone>{error}</Note> }
    });
    let left_out = (check.items_refused > 0 && !check.status.is_active())
        .then_some("What was refused is left out when you apply, unless you say otherwise.");
    view! {
        <div class="grid gap-1.5">
            <p>
                <span class="font-medium" dir="auto">{name}</span>
                ": "
                {head}
            </p>
            {bar}
            <p class="text-sm text-quiet">{figures}</p>
            {left_out.map(|words| view! { <p class="text-sm text-quiet">{words}</p> })}
            {first.map(|words| view! { <p class="text-sm text-quiet">{words}</p> })}
            {error}
        </div>
    }
}

/// What came of a check so far, in words.
fn figures(check: &PriceCheckView) -> String {
    let unanswered = check.items_tried - check.items_accepted - check.items_refused;
    let mut words = vec![format!(
        "{} accepted in the trial, {} refused",
        grouped(check.items_accepted),
        grouped(check.items_refused)
    )];
    if unanswered > 0 {
        words.push(format!("{} not answered", grouped(unanswered)));
    }
    words.join(", ")
}

/// `Amazon`, `Amazon and Shopify`.
fn joined(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}
