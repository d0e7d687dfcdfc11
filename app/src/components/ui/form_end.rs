use leptos::prelude::*;

use super::{Button, Look, Note};
use crate::{state::FormState, text::words::Tone};

/// How a form in a dialog ends: what the server refused, and the buttons.
#[component]
pub(crate) fn FormEnd(
    /// The form.
    form: FormState,
    /// Closed by *Cancel*.
    open: RwSignal<bool>,
    /// What sending it does: *Save*.
    verb: &'static str,
) -> impl IntoView {
    view! {
        {move || {
            form.problem
                .get()
                .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
        }}
        <div class="flex flex-wrap justify-end gap-2">
            <Button label="Cancel" look=Look::Quiet on_click=move || open.set(false) />
            <Button label=verb look=Look::Primary submit=true busy=form.busy />
        </div>
    }
}
