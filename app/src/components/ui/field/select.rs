use leptos::prelude::*;

use super::Surroundings;
use crate::{components::ui::filter_select::SelectMark, state::FormState};

/// A choice of one.
#[component]
pub(crate) fn SelectField(
    /// The form it belongs to.
    form: FormState,
    /// Its name in the form's faults.
    #[prop(into)]
    name: String,
    /// The words over it.
    #[prop(into)]
    label: String,
    /// What is chosen.
    value: RwSignal<String>,
    /// What can be chosen: the value and its words.
    options: Vec<(String, String)>,
    /// A line of help under it.
    #[prop(optional, into)]
    help: String,
) -> impl IntoView {
    let around = Surroundings::new(form, &name, label, help, false);
    let input = view! {
        <div class="relative">
            <select
                id=around.id.clone()
                class="input"
                name=name.clone()
                aria-invalid=around.is_invalid()
                aria-describedby=around.described_by()
                on:change=move |event| {
                    value.set(event_target_value(&event));
                    form.touched(&name);
                }
            >
                {options
                    .into_iter()
                    .map(|(key, words)| {
                        let chosen = value.get_untracked() == key;
                        view! { <option value=key selected=chosen>{words}</option> }
                    })
                    .collect_view()}
            </select>
            <SelectMark />
        </div>
    };
    around.around(input.into_any())
}
