use calibr_model::Problem;
use leptos::prelude::*;

use super::{Button, Dialog, Look, Note, TextField};
use crate::{state::FormState, text::words::Tone};

/// Asks before something is taken away: the person types its name.
#[component]
pub(crate) fn ConfirmDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Signal<String>,
    /// The words that must be typed.
    #[prop(into)]
    must_type: Signal<String>,
    /// What the button says.
    confirm: &'static str,
    /// Whether it is being done.
    #[prop(into)]
    busy: Signal<bool>,
    /// Why it could not be done.
    #[prop(into)]
    problem: Signal<Option<Problem>>,
    /// Does it, with the words as they were typed.
    #[prop(into)]
    on_confirm: Callback<String>,
    /// What is kept and what goes.
    children: ChildrenFn,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let children = StoredValue::new(children);
    Effect::new(move |_| {
        if open.get() {
            typed.set(String::new());
        }
    });
    view! {
        <Dialog open title>
            {move || {
                let form = FormState::new();
                let matches = Signal::derive(move || typed.get().trim() == must_type.get().trim());
                let send = move |event: leptos::ev::SubmitEvent| {
                    event.prevent_default();
                    if matches.get_untracked() && !busy.get_untracked() {
                        on_confirm.run(typed.get_untracked());
                    }
                };
                view! {
                    <form class="grid min-h-0 gap-4 overflow-y-auto px-6 pb-6" on:submit=send>
                        {children.with_value(|children| children())}
                        <TextField
                            form
                            name="confirm"
                            label=format!("Type “{}” to confirm", must_type.get())
                            value=typed
                            autofocus=true
                        />
                        {move || {
                            problem
                                .get()
                                .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
                        }}
                        <div class="flex flex-wrap justify-end gap-2">
                            <Button label="Keep it" look=Look::Quiet on_click=move || open.set(false) />
                            <Button
                                label=confirm
                                look=Look::Danger
                                submit=true
                                busy
                                disabled=Signal::derive(move || !matches.get())
                            />
                        </div>
                    </form>
                }
            }}
        </Dialog>
    }
}
