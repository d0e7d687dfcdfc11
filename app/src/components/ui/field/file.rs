use leptos::{html, prelude::*};
use web_sys::File;

use super::Surroundings;
use crate::{
    components::ui::{Glyph, Icon},
    state::FormState,
    text::number::bytes,
};

/// A file of the person's own, chosen or dropped.
#[component]
pub(crate) fn FileField(
    /// The form it belongs to.
    form: FormState,
    /// Its name in the form's faults.
    name: &'static str,
    /// The words over it.
    #[prop(into)]
    label: String,
    /// The kinds that are offered: `.csv,text/csv`.
    accept: &'static str,
    /// What was chosen.
    value: RwSignal<Option<File>, LocalStorage>,
    /// A line of help under it.
    #[prop(optional, into)]
    help: String,
) -> impl IntoView {
    let around = Surroundings::new(form, name, label, help, false);
    let input: NodeRef<html::Input> = NodeRef::new();
    let chosen = move |_| {
        let files = input.get_untracked().and_then(|input| input.files());
        // Closing the browser's window without a choice keeps the last one.
        if let Some(file) = files.and_then(|files| files.get(0)) {
            value.set(Some(file));
            form.touched(name);
        }
    };
    let face = move || match value.get() {
        Some(file) => {
            let size = bytes(file.size() as i64);
            view! {
                <p class="font-medium wrap-anywhere" dir="auto">{file.name()}</p>
                <p class="text-sm text-quiet">{size} " · choose or drop another to replace it"</p>
            }
            .into_any()
        }
        None => view! {
            <p class="font-medium">"Choose a file, or drop it here"</p>
            <p class="text-sm text-quiet">"CSV as spreadsheets save it, up to 64 MB"</p>
        }
        .into_any(),
    };
    let field = view! {
        <div class="drop grid justify-items-center gap-1 px-4 py-8 text-center">
            <span class="mb-1 text-quiet">
                <Glyph icon=Icon::Upload class="size-5" />
            </span>
            <div aria-live="polite">{face}</div>
            <input
                node_ref=input
                id=around.id.clone()
                type="file"
                accept=accept
                name=name
                aria-required="true"
                aria-invalid=around.is_invalid()
                aria-describedby=around.described_by()
                on:change=chosen
            />
        </div>
    };
    around.around(field.into_any())
}
