use leptos::prelude::*;

use super::Surroundings;
use crate::state::FormState;

/// Several lines of text.
#[component]
pub(crate) fn TextArea(
    /// The form it belongs to.
    form: FormState,
    /// Its name in the form's faults.
    name: &'static str,
    /// The words over it.
    #[prop(into)]
    label: String,
    /// What stands in it.
    value: RwSignal<String>,
    /// A line of help under it.
    #[prop(optional, into)]
    help: String,
    /// An example, shown while it is empty.
    placeholder: &'static str,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let around = Surroundings::new(form, name, label, help, optional);
    let input = view! {
        <textarea
            id=around.id.clone()
            class="input font-mono"
            rows="10"
            name=name
            placeholder=placeholder
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            aria-required=(!optional).then_some("true")
            aria-invalid=around.is_invalid()
            aria-describedby=around.described_by()
            prop:value=move || value.get()
            on:input=move |event| {
                value.set(event_target_value(&event));
                form.touched(name);
            }
        ></textarea>
    };
    around.around(input.into_any())
}
