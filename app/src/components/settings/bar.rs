use leptos::prelude::*;

use super::{AccessForm, SettingsForm};
use crate::components::ui::{Button, Look};

/// What is not saved yet, at the foot of the page, while something is not.
#[component]
pub(crate) fn UnsavedBar(
    /// The settings.
    form: SettingsForm,
    /// The credentials.
    access: AccessForm,
    /// Throws away what was typed.
    #[prop(into)]
    on_discard: Callback<()>,
) -> impl IntoView {
    let where_to = move || match (access.dirty.get(), form.dirty.get()) {
        (true, true) => "in credentials and settings",
        (true, false) => "in credentials",
        _ => "in settings",
    };
    let busy = Signal::derive(move || form.state.busy.get() || access.state.busy.get());
    let label = Signal::derive(move || {
        let tries = access.dirty.get();
        if tries { "Test and save" } else { "Save" }.to_owned()
    });
    let overtaken = Memo::new(move |_| form.overtaken_by());
    let note = move || {
        overtaken.get().map(|who| {
            view! {
                <span class="block text-sm">
                    <bdi>{who}</bdi> " saved these settings meanwhile. Yours are still here. "
                    <button type="button" class="link" on:click=move |_| form.compare()>
                        "Compare"
                    </button>
                </span>
            }
        })
    };
    let shown = Memo::new(move |_| form.dirty.get() || access.dirty.get());
    view! {
        <div role="status" class="contents">
            <Show when=move || shown.get()>
                <div class="at-foot flex flex-wrap items-center gap-x-4 gap-y-2.5 px-4 py-3">
                    <p class="min-w-0 flex-1 basis-48">
                        <span class="font-medium">"Unsaved changes "</span>
                        <span class="text-quiet">{where_to}</span>
                        {note}
                    </p>
                    <div class="ml-auto flex gap-2">
                        <Button label="Discard" look=Look::Quiet on_click=on_discard />
                        <Button label look=Look::Primary submit=true busy />
                    </div>
                </div>
            </Show>
        </div>
    }
}
