use calibr_model::views::IntegrationView;
use leptos::prelude::*;

use crate::components::{platform_mark::PlatformMark, ui::pill};

/// The store that a page is about, in one line under the page's title.
pub(crate) fn store_about(store: IntegrationView) -> AnyView {
    view! {
        <span class="flex flex-wrap items-center gap-2.5">
            <PlatformMark platform=store.platform />
            <span dir="auto" class="font-medium text-text">{store.name}</span>
            <span class="wrap-anywhere">{store.address}</span>
            {pill(store.status)}
        </span>
    }
    .into_any()
}
