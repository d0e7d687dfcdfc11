use calibr_model::views::{ConflictSide, ConflictStatus};
use leptos::prelude::*;

use super::{Bulk, keep};
use crate::{
    components::{
        conflict::Inbox,
        ui::{Button, Look},
    },
    state::Paging,
    text::number::{counted, grouped},
};

/// What is selected, at the foot of the page, while something is.
#[component]
pub(crate) fn BulkBar(
    /// What decides them.
    bulk: Bulk,
    /// Where their list stands.
    paging: Paging,
) -> impl IntoView {
    let Inbox {
        selection, list, ..
    } = bulk.inbox;
    let count = Memo::new(move |_| selection.count());
    let shown = Memo::new(move |_| count.get() > 0);
    let is_matching = Memo::new(move |_| selection.matching.with(Option::is_some));
    let words = move || match is_matching.get() {
        true => format!("All {} that match are selected", grouped(count.get())),
        false => format!("{} selected", counted(count.get(), "conflict", "conflicts")),
    };
    // More than this page holds.
    let may_widen = Memo::new(move |_| {
        let (open, goes_on) = list.with(|page| {
            let shown = page.map(|page| page.items.as_slice()).unwrap_or_default();
            let open = shown
                .iter()
                .filter(|one| one.status == ConflictStatus::Open);
            let goes_on = page.is_some_and(|page| page.next_cursor.is_some());
            (i64::try_from(open.count()), goes_on)
        });
        let is_one_of_several = goes_on || paging.has_previous();
        !is_matching.get() && is_one_of_several && open == Ok(count.get())
    });
    view! {
        <div role="status" class="contents">
            <Show when=move || shown.get()>
                <div class="at-foot flex flex-wrap items-center gap-x-4 gap-y-2.5 px-4 py-3">
                    <p class="min-w-0 flex-1">
                        <span class="font-medium">{words}</span>
                        <Show when=move || may_widen.get()>
                            " "
                            <button
                                type="button"
                                class="link"
                                aria-disabled=move || bulk.counting.get().then_some("true")
                                on:click=move |_| bulk.select_matching()
                            >
                                "Select all that match"
                            </button>
                        </Show>
                    </p>
                    <Button label="Clear" look=Look::Quiet on_click=move || selection.clear() />
                    <div class="grid grid-cols-2 gap-2 max-sm:w-full">
                        <Button
                            label=keep(ConflictSide::Ours)
                            on_click=move || bulk.ask(ConflictSide::Ours)
                        />
                        <Button
                            label=keep(ConflictSide::Theirs)
                            on_click=move || bulk.ask(ConflictSide::Theirs)
                        />
                    </div>
                </div>
            </Show>
        </div>
    }
}
