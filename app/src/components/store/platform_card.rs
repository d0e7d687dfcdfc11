use calibr_model::{
    Role, platform::PlatformInfo, status::IntegrationStatus, views::IntegrationView,
};
use leptos::prelude::*;

use super::StoreRow;
use crate::{
    components::{
        connect::Connect,
        platform_mark::PlatformMark,
        ui::{Button, Each, Icon, Size},
    },
    state::Project,
    text::words,
};

/// One platform: what it is, and the stores connected on it.
#[component]
pub(crate) fn PlatformCard(
    /// The platform.
    platform: PlatformInfo,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let connect = expect_context::<Connect>();
    let id = platform.id.clone();
    // The disconnected ones come last.
    let stores = Memo::new(move |_| {
        let of = |all: &Vec<IntegrationView>, gone: bool| {
            let is_gone = |store: &IntegrationView| store.status == IntegrationStatus::Disconnected;
            let fits = |store: &&IntegrationView| store.platform == id && is_gone(store) == gone;
            all.iter()
                .filter(fits)
                .map(|store| store.id.0.as_u128())
                .collect::<Vec<_>>()
        };
        project
            .integrations
            .with(|all| all.map_or_else(Vec::new, |all| [of(all, false), of(all, true)].concat()))
    });
    let row = move |id: u128| {
        let find = move |all: Option<&Vec<IntegrationView>>| {
            all?.iter()
                .find(|store| store.id.0.as_u128() == id)
                .cloned()
        };
        // A store that leaves the list takes its row with it.
        let first = project.integrations.with_untracked(find);
        let row = first.map(|first| {
            let store = Memo::new(move |_| {
                project
                    .integrations
                    .with(find)
                    .unwrap_or_else(|| first.clone())
            });
            view! { <StoreRow store /> }
        });
        row.into_any()
    };
    let has_stores = Memo::new(move |_| !stores.with(Vec::is_empty));
    let capabilities = platform.capabilities.clone();
    let name = platform.name.clone();
    let connect_label = Signal::derive(move || {
        if has_stores.get() {
            "Connect another".to_owned()
        } else {
            format!("Connect {name}")
        }
    });
    let open = {
        let platform = platform.clone();
        Callback::new(move |()| connect.store(platform.clone()))
    };
    view! {
        <article class="card flex min-w-0 grow basis-full flex-col" class=("lg:basis-[30rem]", move || !has_stores.get())>
            <header class="flex flex-wrap items-start gap-x-4 gap-y-3 p-4 sm:p-5">
                <PlatformMark platform=platform.id large=true />
                <div class="min-w-0 flex-1 basis-48">
                    <h2 class="text-lg">{platform.name}</h2>
                    <p class="text-quiet">{platform.description}</p>
                    <ul class="dotted mt-1 flex flex-wrap gap-x-1.75 text-sm text-quiet" aria-label="What it can do">
                        {capabilities
                            .into_iter()
                            .map(|capability| view! { <li>{words::capability(capability)}</li> })
                            .collect_view()}
                    </ul>
                </div>
                {project
                    .allows(Role::Admin)
                    .then(|| {
                        view! { <Button label=connect_label icon=Icon::Plus size=Size::Small on_click=open /> }
                    })}
            </header>
            <Show when=move || has_stores.get()>
                <ul aria-label="Connected stores">
                    <Each ids=stores view=row />
                </ul>
            </Show>
        </article>
    }
}
