use leptos::prelude::*;

use super::{Glyph, Icon};

/// Says why there is nothing here, and what would change that.
#[component]
pub(crate) fn EmptyState(
    /// The picture.
    icon: Icon,
    /// Why it is empty.
    #[prop(into)]
    title: String,
    /// What would change that.
    #[prop(into)]
    advice: String,
    /// The buttons for it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="grid justify-items-center gap-2 px-6 py-14 text-center">
            <span class="mb-2 grid size-11 place-items-center rounded-full bg-shape text-quiet">
                <Glyph icon class="size-5" />
            </span>
            <p class="text-lg font-semibold">{title}</p>
            <p class="max-w-md text-quiet">{advice}</p>
            {children.map(|children| view! { <div class="mt-3 flex flex-wrap justify-center gap-2">{children()}</div> })}
        </div>
    }
}
