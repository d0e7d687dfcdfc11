use calibr_model::IntegrationId;
use leptos::prelude::*;

use crate::{components::platform_mark::PlatformMark, state::Project, text::number::counted};

/// The most stores that are shown by their marks.
const MOST: usize = 4;

/// The stores a product is listed on: their platforms' marks, their names for
/// listeners and on hover.
#[component]
pub(crate) fn Stores(
    /// Which.
    ids: Vec<IntegrationId>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let stores = Memo::new(move |_| {
        let known = ids.iter().filter_map(|id| project.integration(*id));
        known
            .map(|store| (store.platform, store.name))
            .collect::<Vec<_>>()
    });
    move || {
        let stores = stores.get();
        let more = stores.len().saturating_sub(MOST);
        let names: Vec<String> = stores.iter().map(|(_, name)| name.clone()).collect();
        let count = i64::try_from(stores.len()).unwrap_or(i64::MAX);
        let label = format!(
            "{}: {}",
            counted(count, "store", "stores"),
            names.join(", ")
        );
        view! {
            <span class="inline-flex items-center gap-1" title=names.join(", ")>
                <span class="sr-only">{label}</span>
                {stores
                    .into_iter()
                    .take(MOST)
                    .map(|(platform, _)| view! { <PlatformMark platform /> })
                    .collect_view()}
                {(more > 0)
                    .then(|| view! { <span class="text-xs text-quiet" aria-hidden="true">{format!("+{more}")}</span> })}
            </span>
        }
    }
}
