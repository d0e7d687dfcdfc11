use leptos::prelude::*;

use super::Surroundings;
use crate::state::FormState;

/// One line of text.
#[component]
pub(crate) fn TextField(
    /// The form it belongs to.
    form: FormState,
    /// Its name in the form's faults.
    #[prop(into)]
    name: String,
    /// The words over it.
    #[prop(into)]
    label: String,
    /// What stands in it.
    value: RwSignal<String>,
    /// A line of help under it.
    #[prop(optional, into)]
    help: String,
    /// An example, shown while it is empty.
    #[prop(optional, into)]
    placeholder: String,
    /// `email`, `url`, `text`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Whether typing begins here.
    #[prop(optional)]
    autofocus: bool,
    /// Which keys a phone shows: `decimal` for amounts.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// Called after each change by the person.
    #[prop(optional, into)]
    on_input: Option<Callback<()>>,
) -> impl IntoView {
    let around = Surroundings::new(form, &name, label, help, optional);
    let input = view! {
        <input
            id=around.id.clone()
            class="input"
            type=kind
            name=name.clone()
            placeholder=placeholder
            autocomplete=autocomplete
            autocapitalize="off"
            inputmode=inputmode
            spellcheck="false"
            autofocus=autofocus
            aria-required=(!optional).then_some("true")
            aria-invalid=around.is_invalid()
            aria-describedby=around.described_by()
            prop:value=move || value.get()
            on:input=move |event| {
                value.set(event_target_value(&event));
                form.touched(&name);
                if let Some(on_input) = on_input {
                    on_input.run(());
                }
            }
        />
    };
    around.around(input.into_any())
}
