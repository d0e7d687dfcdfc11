//! Parts of pages whose code the browser loads when one of them is shown first:
//! what stands under a tab, or in a dialog. `pages/later.rs` does the same for
//! whole pages.

use calibr_model::{Problem, ProblemKind};
use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};

use super::{
    runs::Planned,
    settings::{Advanced, Credentials, SyncSettings, Versions},
    ui::{ErrorBox, GhostLines},
    webhooks::Webhooks,
};
use crate::routes::SettingsTab;

/// A part whose code is a piece by itself. It finds what it is about in the
/// context of where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What stands under a tab of a store's settings.
    Settings(SettingsTab),
    /// The settings as two people saved them.
    Versions,
    /// What a run would do and cost.
    Plan,
}

/// What makes a part.
type Make = fn() -> AnyView;

/// What loading a piece of code comes to: what it makes, where it came.
type Loaded<M> = Result<M, SplitLoaderError>;

impl Part {
    async fn load(self) -> Loaded<Make> {
        match self {
            Self::Settings(SettingsTab::Credentials) => credentials().await,
            Self::Settings(SettingsTab::Sync) => sync().await,
            Self::Settings(SettingsTab::Webhooks) => webhooks().await,
            Self::Settings(SettingsTab::Advanced) => advanced().await,
            Self::Versions => versions().await,
            Self::Plan => plan().await,
        }
    }

    /// The part, once its code is there.
    pub(crate) fn later(self) -> AnyView {
        let lines = match self {
            Self::Settings(_) => 12,
            Self::Versions | Self::Plan => 4,
        };
        let to_come = move || {
            view! {
                <span class="sr-only" role="status">"Loading…"</span>
                <div class="p-5">
                    <GhostLines lines />
                </div>
            }
            .into_any()
        };
        once_loaded(
            self.load(),
            |make| make(),
            to_come,
            || view! { <NotLoaded /> }.into_any(),
        )
    }
}

#[wasm_split(settings_credentials, wasm_split_path = leptos::wasm_split, fallible)]
fn credentials() -> Loaded<Make> {
    Ok(|| view! { <Credentials /> }.into_any())
}

#[wasm_split(settings_sync, wasm_split_path = leptos::wasm_split, fallible)]
fn sync() -> Loaded<Make> {
    Ok(|| view! { <SyncSettings /> }.into_any())
}

#[wasm_split(settings_webhooks, wasm_split_path = leptos::wasm_split, fallible)]
fn webhooks() -> Loaded<Make> {
    Ok(|| view! { <Webhooks /> }.into_any())
}

#[wasm_split(settings_advanced, wasm_split_path = leptos::wasm_split, fallible)]
fn advanced() -> Loaded<Make> {
    Ok(|| view! { <Advanced /> }.into_any())
}

#[wasm_split(dialog_versions, wasm_split_path = leptos::wasm_split, fallible)]
fn versions() -> Loaded<Make> {
    Ok(|| view! { <Versions /> }.into_any())
}

#[wasm_split(dialog_plan, wasm_split_path = leptos::wasm_split, fallible)]
fn plan() -> Loaded<Make> {
    Ok(|| view! { <Planned /> }.into_any())
}

/// What is made by code that is loaded: what stands in its place until then, and
/// where it does not come.
pub(crate) fn once_loaded<M: Copy + Send + Sync + 'static>(
    code: impl Future<Output = Loaded<M>> + 'static,
    show: impl Fn(M) -> AnyView + Send + 'static,
    to_come: impl Fn() -> AnyView + Send + 'static,
    not_loaded: fn() -> AnyView,
) -> AnyView {
    let loaded = RwSignal::new(None::<Result<M, ()>>);
    spawn_local(async move {
        // Whoever asked for it may have gone on by now.
        let _gone = loaded.try_set(Some(code.await.map_err(drop)));
    });
    (move || match loaded.get() {
        Some(Ok(made)) => show(made),
        Some(Err(())) => not_loaded(),
        None => to_come(),
    })
    .into_any()
}

/// The line was cut, or a new version was put in place since the page was opened.
#[component]
pub(crate) fn NotLoaded() -> impl IntoView {
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
