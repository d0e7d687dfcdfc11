use calibr_model::Cursor;
use leptos::prelude::*;

use super::{Button, Icon, Size};
use crate::state::Paging;

/// Goes through a keyset list. Shows nothing where all of it is on one page.
#[component]
pub(crate) fn Pagination(
    /// Where the list stands.
    paging: Paging,
    /// Where the next page begins.
    #[prop(into)]
    next: Signal<Option<Cursor>>,
    /// What is listed, in the plural.
    what: &'static str,
) -> impl IntoView {
    let has_next = Signal::derive(move || next.with(Option::is_some));
    let go_on = move || {
        if let Some(cursor) = next.get_untracked() {
            paging.next(&cursor);
        }
    };
    view! {
        <Show when=move || has_next.get() || paging.has_previous()>
            <nav
                aria-label=format!("Pages of {what}")
                class="flex justify-end gap-2 border-t border-line px-4 py-3"
            >
                <Button
                    label="Previous"
                    icon=Icon::ChevronLeft
                    size=Size::Small
                    disabled=Signal::derive(move || !paging.has_previous())
                    on_click=move || paging.previous()
                />
                <Button
                    label="Next"
                    icon=Icon::ChevronRight
                    trailing=true
                    size=Size::Small
                    disabled=Signal::derive(move || !has_next.get())
                    on_click=go_on
                />
            </nav>
        </Show>
    }
}
