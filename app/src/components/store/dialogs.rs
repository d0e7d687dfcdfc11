use calibr_model::{FieldError, Problem, views::IntegrationView};
use leptos::prelude::*;

use crate::{
    api,
    components::ui::{ConfirmDialog, Dialog, FormEnd, TextField},
    state::{Ask, FormState, Project, Toast, Toasts},
    text::number::counted,
};

/// Opens the dialogs about one store: renaming and disconnecting it.
#[derive(Clone, Copy)]
pub(crate) struct StoreDialogs {
    store: RwSignal<Option<IntegrationView>>,
    renaming: RwSignal<bool>,
    disconnecting: RwSignal<bool>,
}

impl StoreDialogs {
    /// Both closed.
    pub(crate) fn new() -> Self {
        Self {
            store: RwSignal::new(None),
            renaming: RwSignal::new(false),
            disconnecting: RwSignal::new(false),
        }
    }

    /// Asks for another name.
    pub(crate) fn rename(self, store: IntegrationView) {
        self.store.set(Some(store));
        self.renaming.set(true);
    }

    /// Asks whether to disconnect.
    pub(crate) fn disconnect(self, store: IntegrationView) {
        self.store.set(Some(store));
        self.disconnecting.set(true);
    }

    fn name(self) -> String {
        self.store.with(|store| {
            store
                .as_ref()
                .map(|store| store.name.clone())
                .unwrap_or_default()
        })
    }
}

/// The dialogs themselves; once in the frame.
#[component]
pub(crate) fn StoreDialogsView() -> impl IntoView {
    let dialogs = expect_context::<StoreDialogs>();
    view! {
        <Dialog open=dialogs.renaming title="Rename store">
            {move || dialogs.store.get().map(|store| view! { <Rename store open=dialogs.renaming /> })}
        </Dialog>
        <Disconnect />
    }
}

#[component]
fn Rename(store: IntegrationView, open: RwSignal<bool>) -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let form = FormState::new();
    let name = RwSignal::new(store.name.clone());
    let request = move || {
        let typed = name.get_untracked().trim().to_owned();
        if typed.is_empty() {
            let message = "A name is needed.".to_owned();
            return Err(vec![FieldError {
                field: "name".to_owned(),
                message,
            }]);
        }
        Ok(api::integrations::rename_integration(
            project.slug(),
            store.id,
            typed,
        ))
    };
    let send = move |event| {
        form.submit(&event, ask, request, move |store: IntegrationView| {
            toasts.show(Toast::good(format!("Renamed to {}", store.name)));
            project.take(store);
            open.set(false);
        });
    };
    view! {
        <form class="grid gap-4 overflow-y-auto px-6 pb-6" novalidate=true on:submit=send>
            <TextField form name="name" label="Name in this console" value=name autofocus=true />
            <FormEnd form open verb="Rename" />
        </form>
    }
}

#[component]
fn Disconnect() -> impl IntoView {
    let dialogs = expect_context::<StoreDialogs>();
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let busy = RwSignal::new(false);
    let problem: RwSignal<Option<Problem>> = RwSignal::new(None);
    Effect::new(move |_| {
        if dialogs.disconnecting.get() {
            problem.set(None);
        }
    });
    let send = move |typed: String| {
        let Some(store) = dialogs.store.get_untracked() else {
            return;
        };
        busy.set(true);
        let request = api::integrations::disconnect_integration(project.slug(), store.id, typed);
        ask.send(request, move |answer| {
            busy.set(false);
            match answer {
                Ok(outcome) => {
                    dialogs.disconnecting.set(false);
                    let kept = counted(outcome.listings_kept, "listing", "listings");
                    toasts.show(
                        Toast::good(format!("{} is disconnected", store.name))
                            .detail(format!("{kept} stay in the console, no longer kept up.")),
                    );
                    project.integrations.refetch();
                }
                Err(refused) => problem.set(Some(refused)),
            }
        });
    };
    view! {
        <ConfirmDialog
            open=dialogs.disconnecting
            title=Signal::derive(move || format!("Disconnect {}?", dialogs.name()))
            must_type=Signal::derive(move || dialogs.name())
            confirm="Disconnect"
            busy
            problem
            on_confirm=send
        >
            <div class="grid gap-3">
                <p>
                    <strong class="font-semibold">"What goes: "</strong>
                    "the stored credentials, for good. A running sync is stopped, and nothing is read \
                     from or sent to the store any more."
                </p>
                <p>
                    <strong class="font-semibold">"What stays: "</strong>
                    "its products, prices and sync history here, no longer kept up. The store itself \
                     is not changed. You can reconnect it later."
                </p>
            </div>
        </ConfirmDialog>
    }
}
