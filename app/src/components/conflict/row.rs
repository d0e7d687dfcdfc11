use calibr_model::{
    ConflictId, Money,
    views::{ConflictField, ConflictSide, ConflictStatus, ConflictView, UndoConflicts},
};
use leptos::prelude::*;

use super::{
    Inbox,
    standing::{FIRST, NAME},
};
use crate::{
    components::ui::{Button, Glyph, Icon, Note, Size, TimeAgo, pill},
    routes,
    text::{
        number::change,
        words::{Tone, conflict_field},
    },
};

/// One conflict: what both agreed on, what each wants now, and who is right.
#[component]
pub(super) fn Row(id: u128, inbox: Inbox) -> impl IntoView {
    let conflict = Memo::new(move |_| {
        inbox.list.with(|page| {
            let mut shown = page?.items.iter();
            shown.find(|one| one.id.0.as_u128() == id).cloned()
        })
    });
    let first = conflict.get_untracked()?;
    let id = first.id;
    let name = named(&first);
    let product = routes::product(inbox.project.slug().as_str(), first.product_id);
    let is_open = Memo::new(move |_| {
        conflict.with(|one| {
            one.as_ref()
                .is_some_and(|one| one.status == ConflictStatus::Open)
        })
    });
    let selected = Memo::new(move |_| inbox.selection.has(id));
    let select = move |_| {
        if let Some(conflict) = conflict.get_untracked() {
            inbox.selection.toggle(&conflict);
        }
    };
    let spoken = format!("Select {}", spoken(&first));
    let check = move || {
        view! {
            <label class="-m-2 p-2" data-part=FIRST>
                <input
                    type="checkbox"
                    class="mt-0.5 block size-4.5 scroll-my-32 accent-accent"
                    aria-label=spoken.clone()
                    prop:checked=move || selected.get()
                    on:change=select
                />
            </label>
        }
    };
    let refused = Memo::new(move |_| inbox.refused(id));
    let held =
        Memo::new(move |_| conflict.with(|one| Some(one.as_ref()?.held.as_ref()?.message.clone())));
    Some(view! {
        <tr
            data-conflict=id.to_string()
            class=("bg-accent-soft", move || selected.get())
        >
            <td data-wide="" class="md:w-1/3">
                <div class="flex items-start gap-3">
                    <Show when=move || inbox.may && is_open.get()>{check.clone()}</Show>
                    <div class="min-w-0" data-part=NAME>
                        <a dir="auto" class="scroll-my-32 font-medium wrap-anywhere hover:underline" href=product>
                            {name}
                        </a>
                        <p class="text-sm text-quiet wrap-anywhere">
                            {first.sku.map(|sku| view! { <span class="font-mono">{sku}</span> " · " })}
                            <bdi>{first.integration_name}</bdi>
                        </p>
                        {(first.field != ConflictField::Price)
                            .then(|| view! { <p class="text-sm">{conflict_field(first.field)}</p> })}
                        {move || {
                            held.get().map(|why| view! { <p class="mt-1 text-xs text-quiet">{why}</p> })
                        }}
                    </div>
                </div>
                {move || {
                    refused
                        .get()
                        .map(|why| {
                            view! {
                                <div class="mt-2">
                                    <Note tone=Tone::Bad alert=true>{why}</Note>
                                </div>
                            }
                        })
                }}
            </td>
            <Amounts conflict />
            <td data-wide="" class="text-sm md:min-w-36">
                <Story conflict inbox />
            </td>
            {inbox
                .may
                .then(|| {
                    view! {
                        <td data-wide="">
                            <Decision conflict inbox id />
                        </td>
                    }
                })}
        </tr>
    })
}

fn named(conflict: &ConflictView) -> String {
    let sku = || conflict.sku.clone();
    let name = conflict.title.clone().or_else(sku);
    name.unwrap_or_else(|| "A listing without a name".to_owned())
}

/// Its name for listeners: two conflicts may be of one listing.
fn spoken(conflict: &ConflictView) -> String {
    match conflict.field {
        ConflictField::Price => named(conflict),
        field => format!("{}, {}", named(conflict), conflict_field(field)),
    }
}

/// What both agreed on, and what each wants now.
#[component]
fn Amounts(conflict: Memo<Option<ConflictView>>) -> impl IntoView {
    let of = Memo::new(move |_| {
        conflict.with(|one| {
            let one = one.as_ref()?;
            Some((one.base, one.ours, one.theirs, one.resolution))
        })
    });
    let cell = move |label: &'static str, side: Option<ConflictSide>| {
        let amount = move || {
            let (base, ours, theirs, kept) = of.get()?;
            let amount = match side {
                None => base,
                Some(ConflictSide::Ours) => ours,
                Some(ConflictSide::Theirs) => theirs,
            };
            let stands = match side {
                None => Stands::Before,
                side if kept == side => Stands::Kept,
                _ if kept.is_some() => Stands::Before,
                _ => Stands::Open,
            };
            Some(amount_of(amount, side.and(base), stands))
        };
        view! {
            <td data-wide="" class="num whitespace-nowrap max-md:flex max-md:justify-between" data-label=label>
                <span class="md:block">{amount}</span>
            </td>
        }
    };
    view! {
        {cell("Agreed before", None)}
        {cell("Calibr", Some(ConflictSide::Ours))}
        {cell("Store", Some(ConflictSide::Theirs))}
    }
}

/// How an amount stands in the conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// It may be the one.
    Open,
    /// It is the one.
    Kept,
    /// It is past.
    Before,
}

/// An amount, and how far it is from what was agreed before.
fn amount_of(amount: Option<Money>, base: Option<Money>, stands: Stands) -> AnyView {
    let words = amount.map_or_else(|| "None".to_owned(), |amount| amount.to_string());
    let pair = base.zip(amount).filter(|(base, amount)| base != amount);
    let share = pair.and_then(|(base, amount)| change(base, amount));
    let class = match stands {
        Stands::Before => "text-quiet",
        Stands::Open | Stands::Kept => "font-medium",
    };
    let kept = (stands == Stands::Kept).then(|| {
        view! {
            <span class="mr-1 inline-block align-[-0.1875em] text-good">
                <Glyph icon=Icon::Check />
            </span>
            <span class="sr-only">"Kept: "</span>
        }
    });
    view! {
        {kept}
        <span class=class>{words}</span>
        {share
            .map(|share| {
                view! {
                    <span class="ml-2 text-sm text-quiet md:ml-0 md:block">
                        {share} <span class="sr-only">" from what was agreed before"</span>
                    </span>
                }
            })}
    }
    .into_any()
}

/// When it was found and why it waits; who decided it, and when.
#[component]
fn Story(conflict: Memo<Option<ConflictView>>, inbox: Inbox) -> impl IntoView {
    move || {
        let one = conflict.get()?;
        Some(match one.status {
            ConflictStatus::Open => found(one),
            ConflictStatus::Resolved => decided(one, inbox),
            ConflictStatus::Superseded => ended(one),
        })
    }
}

fn found(one: ConflictView) -> AnyView {
    // Two readings of one run are no second move.
    let moved = (one.moved_at - one.found_at).num_seconds() > 0;
    view! {
        <p class="md:whitespace-nowrap">
            <span class="text-quiet">"Found "</span>
            <TimeAgo at=one.found_at />
        </p>
        {moved
            .then(|| {
                view! {
                    <p class="md:whitespace-nowrap">
                        <span class="text-quiet">"Moved again "</span>
                        <TimeAgo at=one.moved_at />
                    </p>
                }
            })}
    }
    .into_any()
}

fn decided(one: ConflictView, inbox: Inbox) -> AnyView {
    let by = match (one.decided_by, one.policy) {
        (Some(name), _) => view! { "by " <bdi>{name}</bdi> " " }.into_any(),
        (None, Some(_)) => "by the store's policy ".into_any(),
        (None, None) => ().into_any(),
    };
    let push = one.push_id.map(|push| {
        let href = routes::price_push(inbox.project.slug().as_str(), push);
        view! {
            <p>
                <a class="link" href=href>"Price push"</a>
            </p>
        }
    });
    view! {
        {one.resolution.map(pill)}
        <p class="mt-1 text-quiet wrap-anywhere">
            {by}
            {one
                .decided_at
                .map(|at| {
                    view! {
                        <span class="whitespace-nowrap">
                            <TimeAgo at />
                        </span>
                    }
                })}
        </p>
        {push}
    }
    .into_any()
}

fn ended(one: ConflictView) -> AnyView {
    view! {
        {pill(one.status)}
        <p class="mt-1 text-quiet">{one.decided_at.map(|at| view! { <TimeAgo at /> })}</p>
    }
    .into_any()
}

/// Who is to be right; or the way back.
#[component]
fn Decision(conflict: Memo<Option<ConflictView>>, inbox: Inbox, id: ConflictId) -> impl IntoView {
    let stands = Memo::new(move |_| {
        conflict.with(|one| {
            let one = one.as_ref()?;
            Some((one.status, one.can_undo))
        })
    });
    let keep = move |side: ConflictSide| {
        let (label, part) = match side {
            ConflictSide::Ours => ("Keep Calibr's", "ours"),
            ConflictSide::Theirs => ("Keep the store's", "theirs"),
        };
        let name = conflict.with_untracked(|one| one.as_ref().map(spoken));
        let busy = Signal::derive(move || inbox.deciding(id) == Some(side));
        let other = Signal::derive(move || inbox.deciding(id).is_some_and(|held| held != side));
        view! {
            <span class="grid" data-part=part>
                <Button
                    label
                    spoken=format!("{label}: {}", name.unwrap_or_default())
                    size=Size::Small
                    busy
                    disabled=other
                    on_click=move || inbox.decide(id, side)
                />
            </span>
        }
    };
    let undo = move || {
        let which = UndoConflicts::Conflicts(vec![id]);
        inbox.undo(inbox.project.slug(), which);
    };
    move || {
        match stands.get() {
        Some((ConflictStatus::Open, _)) => view! {
            <div class="grid grid-cols-2 gap-2 max-md:mt-2 md:w-34 md:grid-cols-1 xl:w-67 xl:grid-cols-2">
                {keep(ConflictSide::Ours)} {keep(ConflictSide::Theirs)}
            </div>
        }
        .into_any(),
        Some((_, true)) => view! {
            <span class="max-md:mt-2 max-md:grid" data-part="undo">
                <Button label="Undo" icon=Icon::Undo size=Size::Small on_click=undo />
            </span>
        }
        .into_any(),
        _ => ().into_any(),
    }
    }
}
