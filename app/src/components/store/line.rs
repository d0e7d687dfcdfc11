use calibr_model::IntegrationId;
use leptos::prelude::*;

use crate::{
    components::{platform_mark::PlatformMark, ui::pill},
    state::Project,
};

/// Which store a page is about: its platform, name, address and state.
#[component]
pub(crate) fn StoreLine(
    /// The store.
    id: IntegrationId,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let store = Memo::new(move |_| project.integration(id));
    move || {
        store.get().map(|store| {
            view! {
                <span class="flex flex-wrap items-center gap-2.5">
                    <PlatformMark platform=store.platform />
                    <span dir="auto" class="font-medium text-text">{store.name}</span>
                    <span class="wrap-anywhere">{store.address}</span>
                    {pill(store.status)}
                </span>
            }
        })
    }
}
