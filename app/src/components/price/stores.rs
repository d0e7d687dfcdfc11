use calibr_model::{IntegrationId, PricePushId, platform::Capability};
use leptos::prelude::*;

use crate::{
    api, routes,
    state::{Project, Query, query},
    text::number::counted,
};

/// The stores that a push has prices for, most first.
#[derive(Clone, Copy)]
pub(crate) struct PushStores(Query<Vec<(IntegrationId, i64)>>);

impl PushStores {
    /// Reads them.
    pub(crate) fn of(push: PricePushId) -> Self {
        let slug = expect_context::<Project>().slug();
        let key = format!("{slug}/stores of {push}");
        Self(query(
            move || Some(key.clone()),
            move || api::prices::list_price_push_stores(slug.clone(), push),
        ))
    }

    /// Reads them again.
    pub(crate) fn refetch(self) {
        self.0.refetch();
    }

    /// The names of the platforms among theirs that can check prices before they
    /// are set, and how many prices they would check.
    pub(crate) fn checkable(self, project: Project) -> Option<(Vec<String>, i64)> {
        let mut names = Vec::new();
        let mut prices = 0;
        for (store, count) in self.0.get().unwrap_or_default() {
            let platform = project
                .integration(store)
                .and_then(|store| project.platform(&store.platform));
            let Some(platform) = platform.filter(|one| one.can(Capability::DryRun)) else {
                continue;
            };
            prices += count;
            if !names.contains(&platform.name) {
                names.push(platform.name);
            }
        }
        (!names.is_empty()).then_some((names, prices))
    }
}

/// How many prices go to which store; leads to the runs that carried them once
/// they are applied.
#[component]
pub(crate) fn StoreList(
    /// Which stores.
    stores: PushStores,
    /// Whether the prices are on their way, or arrived.
    applied: bool,
    /// How many of a store's prices are left out.
    #[prop(optional, into)]
    left_out: Option<Callback<IntegrationId, i64>>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let line = move |(store, count): (IntegrationId, i64)| {
        let name = project.integration(store).map(|store| store.name);
        let name = name.unwrap_or_else(|| "A store".to_owned());
        let link = if applied {
            let href = format!("{}?type=prices", routes::history(slug.as_str(), store));
            view! { <a class="link" href=href dir="auto">{name}</a> }.into_any()
        } else {
            view! { <span class="font-medium" dir="auto">{name}</span> }.into_any()
        };
        let count = count - left_out.map_or(0, |left_out| left_out.run(store));
        view! { <li>{link} ": " {counted(count, "price", "prices")}</li> }
    };
    view! {
        <ul class="flex flex-wrap gap-x-5 gap-y-1" aria-label="Stores">
            {move || stores.0.get().unwrap_or_default().into_iter().map(line.clone()).collect_view()}
        </ul>
    }
}
