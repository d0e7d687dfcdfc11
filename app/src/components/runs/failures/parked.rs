use calibr_model::{
    Page, PageRequest, Role,
    views::{ParkedItemView, ParkedQuery},
};
use leptos::prelude::*;

use super::Failed;
use crate::{
    api,
    components::ui::{Button, Dialog, GhostLines, Loaded, Look, Note, Size, pill},
    state::{Ask, Project, Query, Toast, Toasts, query},
    text::{
        number::{counted, grouped},
        words::{Tone, failure_kind},
    },
};

/// Says that some of the failures are parked, and what that is.
#[component]
pub(super) fn ParkedNote(failed: Failed) -> impl IntoView {
    let open = RwSignal::new(false);
    let parked = Memo::new(move |_| {
        let groups = failed.groups.get().unwrap_or_default();
        groups.iter().map(|group| group.parked).sum::<i64>()
    });
    view! {
        <Show when=move || { parked.get() > 0 }>
            <Note tone=Tone::Info>
                <p>
                    {move || {
                        let items = parked.get();
                        let verb = if items == 1 { "is" } else { "are" };
                        format!("{} {verb} parked: ", counted(items, "item", "items"))
                    }}
                    "what fails the same way three times in a row is left alone until something about it \
                     changes at the store, its settings or credentials change, or you ask for it."
                </p>
                <p class="mt-2">
                    <Button
                        label="Parked items of this store"
                        size=Size::Small
                        on_click=move || open.set(true)
                    />
                </p>
            </Note>
        </Show>
        <Dialog open title="Parked items of this store">
            <Items failed open />
        </Dialog>
    }
}

#[component]
fn Items(failed: Failed, open: RwSignal<bool>) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let store = failed.store;
    let items: Query<(Page<ParkedItemView>, i64)> = query(
        {
            let key = format!("{slug}/parked of {store}");
            move || Some(key.clone())
        },
        move || api::failures::list_parked(slug.clone(), store, PageRequest::default()),
    );
    let may_act = project.allows(Role::Editor);
    let unpark = Unpark {
        project,
        ask: Ask::here(),
        toasts: expect_context(),
        failed,
        items,
    };
    let rows = move || {
        let shown = items.get().map(|(page, _)| page.items).unwrap_or_default();
        let rows = shown
            .into_iter()
            .map(|item| view! { <Item item unpark may_act /> });
        rows.collect_view()
    };
    let more = move || {
        items.with(|held| {
            let (page, all) = held?;
            let left = all - page.items.len() as i64;
            (left > 0).then(|| format!("and {} more", grouped(left)))
        })
    };
    let none = Memo::new(move |_| items.with(|held| held.is_some_and(|(_, all)| *all == 0)));
    view! {
        <div class="grid min-h-0 grid-cols-1 gap-4 overflow-y-auto px-6 pb-6">
            <Loaded loading=items.loading skeleton=|| view! { <GhostLines lines=4 /> }>
                <Show when=move || none.get()>
                    <p class="text-quiet">"Nothing is parked any more."</p>
                </Show>
                <ul class="grid grid-cols-1">{rows}</ul>
                <p class="text-sm text-quiet">{more}</p>
            </Loaded>
            <div class="flex flex-wrap justify-end gap-2">
                <Button label="Close" look=Look::Quiet on_click=move || open.set(false) />
                <Show when=move || may_act && !none.get()>
                    <Button label="Unpark all" on_click=move || unpark.send(ParkedQuery::default()) />
                </Show>
            </div>
        </div>
    }
}

#[derive(Clone, Copy)]
struct Unpark {
    project: Project,
    ask: Ask,
    toasts: Toasts,
    failed: Failed,
    items: Query<(Page<ParkedItemView>, i64)>,
}

impl Unpark {
    fn send(self, which: ParkedQuery) {
        let request = api::failures::unpark_items(self.project.slug(), self.failed.store, which);
        self.ask.send(request, move |answer| match answer {
            Ok(items) => {
                let title = format!("{} unparked", counted(items, "item", "items"));
                self.toasts
                    .show(Toast::good(title).detail("The next retry takes them along."));
                self.items.refetch();
                self.failed.refetch();
            }
            Err(problem) => {
                self.toasts
                    .show(Toast::bad("They could not be unparked", problem.detail));
            }
        });
    }
}

#[component]
fn Item(item: ParkedItemView, unpark: Unpark, may_act: bool) -> impl IntoView {
    let name = item
        .label
        .clone()
        .unwrap_or_else(|| item.external_id.clone());
    let which = ParkedQuery {
        kind: Some(item.kind),
        external_id: Some(item.external_id.clone()),
    };
    let times = format!("{} times in a row", item.times);
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-t border-line py-2.5">
            <div class="min-w-0">
                <p dir="auto" class="font-medium wrap-anywhere">{name}</p>
                <p class="text-sm text-quiet wrap-anywhere">
                    {failure_kind(item.kind)} " · " <code class="font-mono text-xs">{item.code}</code> " · " {times}
                </p>
            </div>
            <div class="flex flex-wrap items-center gap-2">
                {pill(item.class)}
                {may_act
                    .then(|| {
                        view! {
                            <Button
                                label="Unpark"
                                size=Size::Small
                                on_click=move || unpark.send(which.clone())
                            />
                        }
                    })}
            </div>
        </li>
    }
}
