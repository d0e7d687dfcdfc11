use std::{future::Future, pin::Pin};

use calibr_model::{
    IntegrationId, Page, PageRequest, PricePushId, ProblemKind, Role,
    views::{PriceItemStatus, PriceItemView, PricePushStatus, PricePushView},
};
use leptos::prelude::*;

use crate::{
    api::{self, ApiError},
    components::{
        PageHeader,
        price::{DRAFT, price_step},
        ui::{
            Button, Chips, Column, Counter, Crumb, Crumbs, Dialog, EmptyState, GhostLines, Icon,
            Loaded, Look, Note, PagedTable, ProgressBar, TimeAgo, pill,
        },
    },
    routes,
    state::{Address, Ask, Drafts, FormState, Paging, Project, Query, Toast, Toasts, query},
    text::{
        number::{counted, grouped},
        words::Tone,
    },
};

const COLUMNS: &[Column] = &[
    Column::text("Product"),
    Column::text("SKU"),
    Column::text("Store"),
    Column::number("Price"),
    Column::text("Status"),
];

type Answer = Pin<Box<dyn Future<Output = Result<PricePushView, ApiError>>>>;

/// Which prices a filter shows; the key stands in the address.
type Filter = (
    &'static str,
    &'static str,
    &'static [PriceItemStatus],
    fn(&PricePushView) -> i64,
);

/// What a preview is looked through by.
const BEFORE: &[Filter] = &[
    ("refused", "Refused", &[PriceItemStatus::Refused], |push| {
        push.items_refused
    }),
    (
        "planned",
        "Will change",
        &[PriceItemStatus::Planned, PriceItemStatus::Discarded],
        |push| push.items_planned,
    ),
    ("same", "Same", &[PriceItemStatus::Same], |push| {
        push.items_same
    }),
];

/// What an applied push is looked through by.
const AFTER: &[Filter] = &[
    ("failed", "Failed", &[PriceItemStatus::Failed], |push| {
        push.items_failed
    }),
    (
        "waiting",
        "Waiting",
        &[PriceItemStatus::Queued, PriceItemStatus::Sent],
        PricePushView::items_waiting,
    ),
    (
        "accepted",
        "Accepted",
        &[PriceItemStatus::Accepted],
        |push| push.items_accepted,
    ),
    (
        "observed",
        "Observed",
        &[PriceItemStatus::Observed],
        |push| push.items_observed,
    ),
    ("refused", "Refused", &[PriceItemStatus::Refused], |push| {
        push.items_refused
    }),
];

fn filters(push: &PricePushView) -> &'static [Filter] {
    if push.applied_at.is_some() {
        AFTER
    } else {
        BEFORE
    }
}

/// `/p/{slug}/prices/{id}`: one push, first as a preview, then on its way.
#[component]
pub(crate) fn PricePush(
    /// Which.
    id: PricePushId,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    expect_context::<Crumbs>().0.set(vec![
        Crumb::to("Prices", routes::prices(slug.as_str())),
        Crumb::here("Price push"),
    ]);
    let push: Query<PricePushView> = query(
        {
            let key = format!("{slug}/price push {id}");
            move || Some(key.clone())
        },
        move || api::prices::get_price_push(slug.clone(), id),
    );
    project.follow_prices(push.loading);
    let status = Memo::new(move |_| push.with(|push| push.map(|push| push.status)));
    let head = Memo::new(move |_| {
        push.get()
            .map(|push| (push.created_by, push.created_at, push.reason))
    });
    let about = move || {
        let (by, at, reason) = head.get()?;
        let by = by.map(|name| format!("by {name}"));
        Some(view! {
            <span class="flex flex-wrap items-center gap-2.5">
                {move || status.get().map(pill)} <span dir="auto">{by}</span> <TimeAgo at />
            </span>
            <span class="mt-1 block wrap-anywhere" dir="auto">{reason}</span>
        })
    };
    let applied =
        Memo::new(move |_| push.with(|push| push.is_some_and(|push| push.applied_at.is_some())));
    let form = FormState::new();
    let ready = Memo::new(move |_| {
        status
            .get()
            .is_some_and(|at| at != PricePushStatus::Preparing)
    });
    let preparing = || {
        view! {
            <div class="card grid gap-3 p-5">
                <p class="font-medium">"The preview is being prepared"</p>
                <ProgressBar label="Preparing" percent=None text="Under way".to_owned() />
                <p class="text-quiet">"It goes on by itself; you can leave this page."</p>
            </div>
        }
    };
    view! {
        <PageHeader title="Price push" about=move || about.into_any()>
            <Actions push form />
        </PageHeader>
        <Loaded loading=push.loading skeleton=|| view! { <div class="card p-5"><GhostLines lines=6 /></div> }>
            <Troubles push form />
            <Show when=move || ready.get() fallback=preparing>
                <Summary push applied />
                <Items id push applied />
            </Show>
        </Loaded>
    }
}

/// What can be done with the push as it stands.
#[component]
fn Actions(push: Query<PricePushView>, form: FormState) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let toasts = expect_context::<Toasts>();
    let drafts = expect_context::<Drafts>();
    let ask = Ask::here();
    let confirming = RwSignal::new(false);
    if !project.allows(Role::Editor) {
        return ().into_any();
    }
    let send = move |request: Answer, then: Box<dyn FnOnce(PricePushView)>| {
        if !form.busy.get_untracked() {
            form.reset();
            form.send(ask, request, then);
        }
    };
    let held = move || push.with_untracked(|push| push.cloned());
    let apply = move || {
        let Some(PricePushView {
            id,
            hash: Some(hash),
            ..
        }) = held()
        else {
            return;
        };
        let request = api::prices::apply_price_push(project.slug(), id, hash);
        confirming.set(false);
        send(
            Box::pin(request),
            Box::new(move |applied| {
                drafts.of(DRAFT).clear();
                let prices = counted(applied.items_planned, "price is", "prices are");
                toasts.show(Toast::good(format!("{prices} on the way")));
                address.amend(&[("show", ""), ("cursor", "")]);
                push.amend(|push| *push = applied);
            }),
        );
    };
    let discard = move || {
        let Some(PricePushView { id, applied_at, .. }) = held() else {
            return;
        };
        let request = api::prices::discard_price_push(project.slug(), id);
        send(
            Box::pin(request),
            Box::new(move |now| {
                let words = match applied_at {
                    Some(_) => "What was not sent yet is thrown away",
                    None => "The preview is thrown away",
                };
                toasts.show(Toast::good(words));
                push.amend(|push| *push = now);
            }),
        );
    };
    let revert = move || {
        let Some(PricePushView { id, .. }) = held() else {
            return;
        };
        let request = api::prices::revert_price_push(project.slug(), id);
        send(
            Box::pin(request),
            Box::new(move |back| {
                address.go(&routes::price_push(project.slug().as_str(), back.id));
            }),
        );
    };
    let stands = Memo::new(move |_| {
        push.with(|push| {
            push.map(|push| {
                let taken = push.items_observed + push.items_accepted;
                (push.status, push.items_planned, taken)
            })
        })
    });
    let apply_words = Signal::derive(move || {
        let planned = stands.get().map_or(0, |(_, planned, _)| planned);
        format!("Apply {}", counted(planned, "price", "prices"))
    });
    let buttons = move || {
        match stands.get() {
        Some((PricePushStatus::Preview, planned, _)) => view! {
            <Button label="Throw away" busy=form.busy on_click=discard />
            {(planned > 0)
                .then(|| {
                    view! {
                        <Button
                            label=apply_words
                            look=Look::Primary
                            busy=form.busy
                            on_click=move || confirming.set(true)
                        />
                    }
                })}
        }
        .into_any(),
        Some((PricePushStatus::Queued | PricePushStatus::Pushing, ..)) => {
            view! { <Button label="Stop the rest" icon=Icon::Stop busy=form.busy on_click=discard /> }
                .into_any()
        }
        Some((PricePushStatus::Done | PricePushStatus::Partial, _, 1..)) => {
            view! { <Button label="Take back" icon=Icon::Undo busy=form.busy on_click=revert /> }
                .into_any()
        }
        _ => ().into_any(),
    }
    };
    view! {
        {buttons}
        <Dialog open=confirming title=Signal::derive(move || format!("{}?", apply_words.get()))>
            <div class="grid min-h-0 gap-4 overflow-y-auto px-6 pb-6">
                <p>"The stores get these prices at once:"</p>
                {held().map(|push| view! { <Stores id=push.id applied=false /> })}
                <p class="text-quiet">
                    "Each is read back from its store. Where a price has moved since this preview, nothing is sent."
                </p>
                <div class="flex flex-wrap justify-end gap-2">
                    <Button label="Cancel" look=Look::Quiet on_click=move || confirming.set(false) />
                    <Button label=apply_words look=Look::Primary on_click=apply />
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}

/// What went wrong, and what is left out.
#[component]
fn Troubles(push: Query<PricePushView>, form: FormState) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let ask = Ask::here();
    let error = Memo::new(move |_| push.with(|push| push?.error.clone()));
    let again = Callback::new(move |()| {
        let slug = project.slug();
        let reverts = push.with_untracked(|push| push?.reverts);
        let Some(reverts) = reverts else {
            // What was typed is still there.
            return address.go(&routes::new_prices(slug.as_str()));
        };
        let request = api::prices::revert_price_push(slug, reverts);
        form.reset();
        form.send(ask, request, move |back: PricePushView| {
            address.go(&routes::price_push(project.slug().as_str(), back.id));
        });
    });
    view! {
        {move || error.get().map(|error| view! { <Note tone=Tone::Bad>{error}</Note> })}
        {move || {
            form.problem
                .get()
                .map(|problem| {
                    let conflict = problem.kind == ProblemKind::Conflict;
                    view! {
                        <Note tone=Tone::Bad alert=true>
                            <p>{problem.detail}</p>
                            {conflict
                                .then(|| {
                                    view! {
                                        <div class="mt-2">
                                            <Button label="Preview again" icon=Icon::Sync busy=form.busy on_click=again />
                                        </div>
                                    }
                                })}
                        </Note>
                    }
                })
        }}
    }
}

/// The figures, and how far it has come.
#[component]
fn Summary(push: Query<PricePushView>, applied: Memo<bool>) -> impl IntoView {
    let of = move |figure: fn(&PricePushView) -> i64| {
        Signal::derive(move || push.with(|push| push.map(figure)))
    };
    let counters = move || {
        if applied.get() {
            view! {
                <dl class="grid grid-cols-2 gap-3 sm:grid-cols-4 sm:gap-4">
                    <Counter label="Observed" value=of(|push| push.items_observed) tone=Tone::Good />
                    <Counter label="Accepted" value=of(|push| push.items_accepted) tone=Tone::Info />
                    <Counter label="Waiting" value=of(PricePushView::items_waiting) tone=Tone::Info live=true />
                    <Counter label="Failed" value=of(|push| push.items_failed) tone=Tone::Bad />
                </dl>
            }
            .into_any()
        } else {
            view! {
                <dl class="grid grid-cols-3 gap-3 sm:gap-4">
                    <Counter label="Will change" value=of(|push| push.items_planned) tone=Tone::Info />
                    <Counter label="The same" value=of(|push| push.items_same) />
                    <Counter label="Refused" value=of(|push| push.items_refused) tone=Tone::Warn />
                </dl>
            }
            .into_any()
        }
    };
    let done = Memo::new(move |_| {
        push.with(|push| {
            let push = push?;
            let live = matches!(
                push.status,
                PricePushStatus::Queued | PricePushStatus::Pushing
            );
            live.then(|| {
                (
                    push.items_planned - push.items_waiting(),
                    push.items_planned,
                )
            })
        })
    });
    let progress = move || {
        let words = move || {
            let (done, all) = done.get().unwrap_or_default();
            format!("{} of {}", grouped(done), counted(all, "price", "prices"))
        };
        let percent = move || {
            let (done, all) = done.get().filter(|(done, _)| *done > 0)?;
            u8::try_from(done * 100 / all.max(1)).ok()
        };
        view! {
            <div class="card grid gap-2 p-5">
                <p class="text-sm">{words}</p>
                <ProgressBar
                    label="Prices sent"
                    percent=Signal::derive(percent)
                    text=Signal::derive(words)
                />
            </div>
        }
    };
    view! {
        {counters}
        <Show when=move || done.get().is_some()>{progress}</Show>
    }
}

/// How many prices go to which store; leads to the runs that carried them.
#[component]
fn Stores(id: PricePushId, applied: bool) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let stores: Query<Vec<(IntegrationId, i64)>> = query(
        {
            let key = format!("{slug}/stores of {id}");
            move || Some(key.clone())
        },
        {
            let slug = slug.clone();
            move || api::prices::list_price_push_stores(slug.clone(), id)
        },
    );
    let line = move |(store, count): (IntegrationId, i64)| {
        let name = project.integration(store).map(|store| store.name);
        let name = name.unwrap_or_else(|| "A store".to_owned());
        let link = if applied {
            let href = format!("{}?type=prices", routes::history(slug.as_str(), store));
            view! { <a class="link" href=href dir="auto">{name}</a> }.into_any()
        } else {
            view! { <span class="font-medium" dir="auto">{name}</span> }.into_any()
        };
        view! { <li>{link} ": " {counted(count, "price", "prices")}</li> }
    };
    view! {
        <ul class="flex flex-wrap gap-x-5 gap-y-1" aria-label="Stores">
            {move || stores.get().unwrap_or_default().into_iter().map(line.clone()).collect_view()}
        </ul>
    }
}

/// The diff of a preview; what became of each price later.
#[component]
fn Items(id: PricePushId, push: Query<PricePushView>, applied: Memo<bool>) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let slug = project.slug();
    let paging = Paging::here();
    let show = Memo::new(move |_| address.value("show"));
    let items: Query<Page<PriceItemView>> = query(
        {
            let slug = slug.clone();
            move || {
                let (show, cursor) = (show.get(), paging.cursor.get());
                Some(format!("{slug}/items of {id}?{show}&{cursor}"))
            }
        },
        move || {
            let wanted = show.get_untracked();
            let filters = push.with_untracked(|push| push.map_or(BEFORE, filters));
            let statuses = filters.iter().find(|(key, ..)| *key == wanted);
            let page = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::prices::list_price_push_items(
                slug.clone(),
                id,
                statuses
                    .map(|(_, _, statuses, _)| statuses.to_vec())
                    .unwrap_or_default(),
                page,
            )
        },
    );
    project.follow_prices(items.loading);
    let options = Memo::new(move |_| {
        push.with(|push| {
            let mut options = vec![("", "All".to_owned())];
            if let Some(push) = push {
                let counts = filters(push)
                    .iter()
                    .map(|(key, words, _, count)| (key, words, count(push)));
                let filled = counts.filter(|(_, _, count)| *count > 0);
                options.extend(
                    filled.map(|(key, words, count)| (*key, format!("{words} {}", grouped(count)))),
                );
            }
            options
        })
    });
    let rows = move || {
        let items = items.get().map(|page| page.items).unwrap_or_default();
        items
            .into_iter()
            .map(|item| view! { <Row item /> }.into_any())
            .collect_view()
    };
    let nothing = || {
        view! {
            <EmptyState icon=Icon::Tag title="No price is here" advice="Choose another filter to see more." />
        }
    };
    view! {
        <section class="card overflow-clip">
            <div class="flex flex-wrap items-center justify-between gap-3 border-b border-line px-4 py-3">
                <Chips
                    label="Filter by status"
                    options
                    pressed=move |key: &'static str| show.with(|show| show == key)
                    on_press=move |key: &'static str| paging.filter("show", key)
                />
                <div class="text-sm text-quiet">
                    {move || applied.get().then(|| view! { <Stores id applied=true /> })}
                </div>
            </div>
            <PagedTable
                list=items
                paging
                what="prices"
                caption="Prices of this push"
                columns=COLUMNS
                nothing
                rows
            />
        </section>
    }
}

#[component]
fn Row(item: PriceItemView) -> impl IntoView {
    let name = item.title.unwrap_or(item.reference);
    let name = if name.is_empty() {
        "A line without a name".to_owned()
    } else {
        name
    };
    let struck = (item.old_compare_at != item.new_compare_at)
        .then(|| price_step(item.old_compare_at, item.new_compare_at));
    let price = match (item.old_price, item.new_price) {
        (None, None) => ().into_any(),
        // Refused before a price could be read.
        (old, None) => price_step(old, old),
        (old, new) => price_step(old, new),
    };
    view! {
        <tr>
            <td data-wide="" class="md:w-1/3">
                <p dir="auto" class="font-medium wrap-anywhere">{name}</p>
                {item.line.map(|line| view! { <p class="text-xs text-quiet">"Line " {line}</p> })}
            </td>
            <td class="font-mono text-sm wrap-anywhere md:min-w-40">{item.sku}</td>
            <td dir="auto" class="text-quiet" data-end="">{item.integration_name}</td>
            <td data-wide="" class="num">
                {price}
                {struck
                    .map(|struck| view! { <span class="block text-xs text-quiet">"Struck through: " {struck}</span> })}
            </td>
            <td data-wide="" class="md:max-w-72">
                {pill(item.status)}
                {item
                    .message
                    .map(|message| view! { <p class="mt-1 text-sm text-quiet wrap-anywhere">{message}</p> })}
            </td>
        </tr>
    }
}
