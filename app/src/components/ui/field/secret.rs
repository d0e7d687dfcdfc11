use leptos::prelude::*;

use super::Surroundings;
use crate::{
    components::ui::{Button, Icon, Look, Size},
    state::FormState,
};

/// One line that is hidden while it is typed, with a switch to show it.
#[component]
pub(crate) fn SecretField(
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
    /// What the browser may fill in. A store's token is no password of this
    /// site: the browser is told so by asking for a new one.
    #[prop(default = "new-password")]
    autocomplete: &'static str,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let around = Surroundings::new(form, &name, label.clone(), help, optional);
    let shown = RwSignal::new(false);
    let toggle_label = Signal::derive(move || {
        let verb = if shown.get() { "Hide" } else { "Show" };
        format!("{verb} {}", label)
    });
    let toggle_icon = Signal::derive(move || if shown.get() { Icon::EyeOff } else { Icon::Eye });
    let input = view! {
        <div class="relative">
            <input
                id=around.id.clone()
                class="input pr-11"
                type=move || if shown.get() { "text" } else { "password" }
                name=name.clone()
                placeholder=placeholder
                autocomplete=autocomplete
                autocapitalize="off"
                spellcheck="false"
                aria-required=(!optional).then_some("true")
                aria-invalid=around.is_invalid()
                aria-describedby=around.described_by()
                prop:value=move || value.get()
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    form.touched(&name);
                }
            />
            <div class="absolute inset-y-0 right-0.5 flex items-center">
                <Button
                    label=toggle_label
                    icon=toggle_icon
                    icon_only=true
                    look=Look::Quiet
                    size=Size::Small
                    on_click=move || shown.update(|shown| *shown = !*shown)
                />
            </div>
        </div>
    };
    around.around(input.into_any())
}
