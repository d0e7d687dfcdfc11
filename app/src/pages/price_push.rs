use calibr_model::{
    Page, PageRequest, PricePushId, ProblemKind, Role,
    views::{PriceItemStatus, PriceItemView, PricePushStatus, PricePushView, TrialResult},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        price::{PriceCheck, PushActions, PushStores, StoreList, price_step},
        ui::{
            Button, Chips, Column, Counter, Crumb, Crumbs, EmptyState, GhostLines, Icon, Loaded,
            Note, PagedTable, ProgressBar, TimeAgo, pill,
        },
    },
    routes,
    state::{Address, Ask, FormState, Paging, Project, Query, query},
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

/// Which prices are shown.
struct Filter {
    /// Stands in the address.
    key: &'static str,
    words: &'static str,
    statuses: &'static [PriceItemStatus],
    trial: Option<TrialResult>,
    count: fn(&PricePushView) -> i64,
}

const fn filter(
    key: &'static str,
    words: &'static str,
    statuses: &'static [PriceItemStatus],
    count: fn(&PricePushView) -> i64,
) -> Filter {
    Filter {
        key,
        words,
        statuses,
        trial: None,
        count,
    }
}

const REFUSED: Filter = filter("refused", "Refused", &[PriceItemStatus::Refused], |push| {
    push.items_refused
});

/// What a preview is looked through by.
const BEFORE: &[Filter] = &[
    REFUSED,
    Filter {
        trial: Some(TrialResult::Refused),
        ..filter(
            "trial",
            "Refused in the trial",
            &[PriceItemStatus::Planned],
            PricePushView::items_refused_in_trial,
        )
    },
    filter(
        "planned",
        "Will change",
        &[PriceItemStatus::Planned, PriceItemStatus::Discarded],
        |push| push.items_planned,
    ),
    filter("same", "Same", &[PriceItemStatus::Same], |push| {
        push.items_same
    }),
];

/// What an applied push is looked through by.
const AFTER: &[Filter] = &[
    filter("failed", "Failed", &[PriceItemStatus::Failed], |push| {
        push.items_failed
    }),
    filter(
        "waiting",
        "Waiting",
        &[PriceItemStatus::Queued, PriceItemStatus::Sent],
        PricePushView::items_waiting,
    ),
    filter(
        "accepted",
        "Accepted",
        &[PriceItemStatus::Accepted],
        |push| push.items_accepted,
    ),
    filter(
        "observed",
        "Observed",
        &[PriceItemStatus::Observed],
        |push| push.items_observed,
    ),
    REFUSED,
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
    let stores = PushStores::of(id);
    // A preview has more to send than it is applied with, once some of it is left
    // out.
    Effect::watch(
        move || applied.get(),
        move |now, before, _| {
            if before == Some(&false) && *now {
                stores.refetch();
            }
        },
        false,
    );
    let read = Memo::new(move |_| {
        push.with(|push| {
            let read = push.map(|push| push.items_read).filter(|read| *read > 0)?;
            Some(format!("{} so far", counted(read, "price", "prices")))
        })
    });
    let ready = Memo::new(move |_| {
        status
            .get()
            .is_some_and(|at| at != PricePushStatus::Preparing)
    });
    let so_far = move || read.get().unwrap_or_else(|| "Under way".to_owned());
    let preparing = move || {
        view! {
            <div class="card grid gap-3 p-5">
                <p class="font-medium">"The preview is being prepared"</p>
                <ProgressBar label="Preparing" percent=None text=Signal::derive(so_far) />
                <p class="text-sm">{so_far}</p>
                <p class="text-quiet">"It goes on by itself; you can leave this page."</p>
            </div>
        }
    };
    view! {
        <PageHeader title="Price push" about=move || about.into_any()>
            <PushActions push stores form />
        </PageHeader>
        <Loaded loading=push.loading skeleton=|| view! { <div class="card p-5"><GhostLines lines=6 /></div> }>
            <Troubles push form />
            <Show when=move || ready.get() fallback=preparing>
                <Summary push applied />
                <PriceCheck push stores form />
                <Items id push stores applied />
            </Show>
        </Loaded>
    }
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
    let may = project.allows(Role::Editor);
    let retry = move || {
        view! {
            <div class="mt-2">
                <Button label="Preview again" icon=Icon::Sync busy=form.busy on_click=again />
            </div>
        }
    };
    view! {
        {move || {
            error
                .get()
                .map(|error| {
                    view! {
                        <Note tone=Tone::Warn>
                            <p>{error}</p>
                            {may.then(retry)}
                        </Note>
                    }
                })
        }}
        {move || {
            form.problem
                .get()
                .map(|problem| {
                    let conflict = problem.kind == ProblemKind::Conflict;
                    view! {
                        <Note tone=Tone::Bad alert=true>
                            <p>{problem.detail}</p>
                            {conflict.then(retry)}
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

/// The diff of a preview; what became of each price later.
#[component]
fn Items(
    id: PricePushId,
    push: Query<PricePushView>,
    stores: PushStores,
    applied: Memo<bool>,
) -> impl IntoView {
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
            let filter = filters.iter().find(|filter| filter.key == wanted);
            let page = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::prices::list_price_push_items(
                slug.clone(),
                id,
                filter.map_or_else(Vec::new, |filter| filter.statuses.to_vec()),
                filter.and_then(|filter| filter.trial),
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
                    .map(|filter| (filter, (filter.count)(push)));
                let filled = counts.filter(|(_, count)| *count > 0);
                options.extend(filled.map(|(filter, count)| {
                    (filter.key, format!("{} {}", filter.words, grouped(count)))
                }));
            }
            options
        })
    });
    let unlisted = Memo::new(move |_| {
        push.with(|push| {
            let push = push.filter(|push| push.items_refused_unlisted > 0)?;
            let listed = push.items_refused - push.items_refused_unlisted;
            Some(format!(
                "Of {}, the first {} are listed.",
                counted(push.items_refused, "refused line", "refused lines"),
                grouped(listed)
            ))
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
                <div class="text-sm text-quiet empty:hidden">
                    {move || applied.get().then(|| view! { <StoreList stores applied=true /> })}
                </div>
                {move || unlisted.get().map(|words| view! { <p class="w-full text-sm text-quiet">{words}</p> })}
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
    // What was taken in the end says more than what a trial said of it.
    let trial = item.trial.filter(|trial| {
        item.status == PriceItemStatus::Planned || trial.result == TrialResult::Refused
    });
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
            <td data-wide="" class="md:max-w-72 md:min-w-56">
                {pill(item.status)}
                {item
                    .message
                    .map(|message| view! { <p class="mt-1 text-sm text-quiet wrap-anywhere">{message}</p> })}
                {trial
                    .map(|trial| {
                        view! {
                            <div class="mt-1.5">
                                {pill(trial.result)}
                                {trial
                                    .message
                                    .map(|said| {
                                        view! {
                                            <p class="mt-1 text-sm text-quiet wrap-anywhere" dir="auto">
                                                {said}
                                            </p>
                                        }
                                    })}
                            </div>
                        }
                    })}
            </td>
        </tr>
    }
}
