//! Pages whose code the browser loads when one of them is opened first: what
//! every visit needs stays small, however many pages there are.

use calibr_model::{Problem, ProblemKind};
use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};

use super::{
    Conflicts, NewPrices, PricePush, Prices, ProductDetail, Products, StoreSettings, SyncHistory,
    SyncRun,
};
use crate::{
    components::{
        settings::{Advanced, Credentials},
        ui::{Crumb, Crumbs, ErrorBox, GhostLines, GhostTable, PageTitle},
        webhooks::Webhooks,
    },
    routes::{ProjectPlace, SettingsTab},
};

/// What makes the page of an address.
type Make = fn(ProjectPlace) -> AnyView;

/// What loading a piece of code comes to.
type Loaded = Result<Make, SplitLoaderError>;

/// A piece of code that is loaded by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Catalogue,
    Conflicts,
    History,
    Prices,
    Run,
    Settings,
    /// What stands under one tab of the settings.
    Credentials,
    /// As [`Self::Credentials`].
    Webhooks,
    /// As [`Self::Credentials`].
    Advanced,
}

impl Code {
    /// What an address needs, where it needs more than is there.
    pub(crate) const fn of(place: &ProjectPlace) -> Option<Self> {
        match place {
            ProjectPlace::Products | ProjectPlace::Product(_) => Some(Self::Catalogue),
            ProjectPlace::Prices | ProjectPlace::NewPrices | ProjectPlace::PricePush(_) => {
                Some(Self::Prices)
            }
            ProjectPlace::Conflicts => Some(Self::Conflicts),
            ProjectPlace::History(_) => Some(Self::History),
            ProjectPlace::Run(..) => Some(Self::Run),
            ProjectPlace::Settings(..) => Some(Self::Settings),
            _ => None,
        }
    }

    /// What a tab of the settings needs beside the page, where it needs more.
    pub(crate) const fn of_tab(tab: SettingsTab) -> Option<Self> {
        match tab {
            SettingsTab::Sync => None,
            SettingsTab::Credentials => Some(Self::Credentials),
            SettingsTab::Webhooks => Some(Self::Webhooks),
            SettingsTab::Advanced => Some(Self::Advanced),
        }
    }

    async fn load(self) -> Loaded {
        match self {
            Self::Catalogue => catalogue_code().await,
            Self::Conflicts => conflicts_code().await,
            Self::History => history_code().await,
            Self::Prices => prices_code().await,
            Self::Run => run_code().await,
            Self::Settings => settings_code().await,
            Self::Credentials => credentials_code().await,
            Self::Webhooks => webhooks_code().await,
            Self::Advanced => advanced_code().await,
        }
    }
}

#[wasm_split(catalogue, wasm_split_path = leptos::wasm_split, fallible)]
fn catalogue_code() -> Loaded {
    Ok(|place| match place {
        ProjectPlace::Product(id) => view! { <ProductDetail id /> }.into_any(),
        _ => view! { <Products /> }.into_any(),
    })
}

#[wasm_split(prices, wasm_split_path = leptos::wasm_split, fallible)]
fn prices_code() -> Loaded {
    Ok(|place| match place {
        ProjectPlace::PricePush(id) => view! { <PricePush id /> }.into_any(),
        ProjectPlace::NewPrices => view! { <NewPrices /> }.into_any(),
        _ => view! { <Prices /> }.into_any(),
    })
}

#[wasm_split(conflicts, wasm_split_path = leptos::wasm_split, fallible)]
fn conflicts_code() -> Loaded {
    Ok(|_| view! { <Conflicts /> }.into_any())
}

#[wasm_split(history, wasm_split_path = leptos::wasm_split, fallible)]
fn history_code() -> Loaded {
    Ok(|place| match place {
        ProjectPlace::History(id) => view! { <SyncHistory id /> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(run, wasm_split_path = leptos::wasm_split, fallible)]
fn run_code() -> Loaded {
    Ok(|place| match place {
        ProjectPlace::Run(store, id) => view! { <SyncRun store id /> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(settings, wasm_split_path = leptos::wasm_split, fallible)]
fn settings_code() -> Loaded {
    Ok(|place| match place {
        ProjectPlace::Settings(id, _) => view! { <StoreSettings id /> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(settings_credentials, wasm_split_path = leptos::wasm_split, fallible)]
fn credentials_code() -> Loaded {
    Ok(|_| view! { <Credentials /> }.into_any())
}

#[wasm_split(settings_advanced, wasm_split_path = leptos::wasm_split, fallible)]
fn advanced_code() -> Loaded {
    Ok(|_| view! { <Advanced /> }.into_any())
}

#[wasm_split(settings_webhooks, wasm_split_path = leptos::wasm_split, fallible)]
fn webhooks_code() -> Loaded {
    Ok(|place| match place {
        ProjectPlace::Settings(id, _) => view! { <Webhooks id /> }.into_any(),
        _ => ().into_any(),
    })
}

/// The page of an address, once its code is there.
pub(crate) fn later(place: ProjectPlace, code: Code) -> AnyView {
    let to_come = || {
        view! {
            <span class="sr-only" role="status">"Loading…"</span>
            <div class="grid justify-items-start gap-3" aria-hidden="true">
                <span class="ghost h-8 w-40"></span>
                <span class="ghost w-72 max-w-full"></span>
            </div>
            <div class="card overflow-clip"><GhostTable /></div>
        }
        .into_any()
    };
    let not_loaded = || {
        let Crumbs(crumbs) = expect_context();
        crumbs.set(vec![Crumb::here("Not loaded")]);
        view! {
            <div class="sr-only"><PageTitle title="This page could not be loaded" /></div>
            <NotLoaded />
        }
        .into_any()
    };
    once_loaded(place, code, to_come, not_loaded)
}

/// What stands under one tab of a page, once its code is there.
pub(crate) fn tab_later(place: ProjectPlace, code: Code) -> AnyView {
    let to_come = || {
        view! {
            <span class="sr-only" role="status">"Loading…"</span>
            <div class="card p-5"><GhostLines lines=8 /></div>
        }
        .into_any()
    };
    once_loaded(place, code, to_come, || view! { <NotLoaded /> }.into_any())
}

fn once_loaded(
    place: ProjectPlace,
    code: Code,
    to_come: fn() -> AnyView,
    not_loaded: fn() -> AnyView,
) -> AnyView {
    let loaded = RwSignal::new(None::<Result<Make, ()>>);
    spawn_local(async move {
        // Whoever asked for it may have gone on by now.
        let _gone = loaded.try_set(Some(code.load().await.map_err(drop)));
    });
    (move || match loaded.get() {
        Some(Ok(make)) => make(place),
        Some(Err(())) => not_loaded(),
        None => to_come(),
    })
    .into_any()
}

/// The line was cut, or a new version was put in place since the page was opened.
#[component]
fn NotLoaded() -> impl IntoView {
    let problem = Problem::new(
        ProblemKind::Unavailable,
        "This page could not be loaded: the connection was lost, or a new version was put in \
         place just now. Nothing you saved is lost.",
    );
    let reload = Callback::new(|()| {
        // Nothing can be done where a browser refuses to reload.
        let _refused = window().location().reload();
    });
    view! { <div class="card"><ErrorBox problem on_retry=reload retry="Reload" /></div> }
}
