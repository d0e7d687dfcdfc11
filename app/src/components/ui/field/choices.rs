use leptos::prelude::*;

use super::fault_line;
use crate::{components::ui::unique_id, state::FormState};

/// One of the things that can be chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    /// Its value.
    pub(crate) key: &'static str,
    /// Its words.
    pub(crate) words: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

/// A choice of one among few, each with what it means.
#[component]
pub(crate) fn Choices(
    /// The form it belongs to.
    form: FormState,
    /// Its name in the form's faults.
    name: &'static str,
    /// The words over it.
    legend: &'static str,
    /// What is chosen.
    value: RwSignal<String>,
    /// What can be chosen.
    options: &'static [Choice],
) -> impl IntoView {
    form.has_field(name);
    let id = unique_id("choices");
    let fault_id = format!("{id}-fault");
    let described_by = {
        let fault_id = fault_id.clone();
        move || form.error_of(name).is_some().then(|| fault_id.clone())
    };
    let option = |Choice {
                      key,
                      words,
                      meaning,
                  }| {
        let words_id = format!("{id}-{key}");
        let meaning_id = format!("{words_id}-meaning");
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=id.clone()
                    aria-labelledby=words_id.clone()
                    aria-describedby=meaning_id.clone()
                    prop:checked=move || value.with(|value| value == key)
                    on:change=move |_| {
                        value.set(key.to_owned());
                        form.touched(name);
                    }
                />
                <span>
                    <span id=words_id class="block font-medium">{words}</span>
                    <span id=meaning_id class="help block">{meaning}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="grid gap-1.5" aria-describedby=described_by>
            <legend class="label mb-1.5">{legend}</legend>
            <div class="grid gap-2">{options.iter().copied().map(option).collect_view()}</div>
            {fault_line(fault_id, Signal::derive(move || form.error_of(name)))}
        </fieldset>
    }
}
