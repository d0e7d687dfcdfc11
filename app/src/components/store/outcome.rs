use leptos::prelude::*;

use crate::{
    components::ui::{Button, Look, Note, Size},
    state::{Address, Project, Toast, Toasts},
    text::words::Tone,
};

/// What is wrong fits in this many characters; anybody can write an address.
const LONGEST: usize = 400;

/// What came of a one-click connect: the platform's consent page sends the
/// browser back with `?connected=ID`, or with `?connect_error=` and what is
/// wrong.
#[component]
pub(crate) fn ConnectOutcome() -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let address = expect_context::<Address>();
    let connected = Memo::new(move |_| address.value("connected"));
    let refused = Memo::new(move |_| {
        let said = address.value("connect_error");
        said.chars().take(LONGEST).collect::<String>()
    });
    let forget = move || address.amend(&[("connected", ""), ("connect_error", "")]);

    // Told once the store's name is known.
    Effect::new(move |_| {
        let id = connected.get();
        if id.is_empty() {
            return;
        }
        let name = project.integrations.with(|all| {
            let store = all?.iter().find(|one| one.id.to_string() == id);
            Some(store.map(|store| store.name.clone()))
        });
        if let Some(name) = name {
            let name = name.unwrap_or_else(|| "The store".to_owned());
            let toast = Toast::good(format!("{name} is connected"));
            toasts.show(toast.detail("Its catalogue is on the way."));
            forget();
        }
    });
    view! {
        <Show when=move || !refused.with(String::is_empty)>
            <Note tone=Tone::Bad alert=true>
                <div class="flex flex-wrap items-start justify-between gap-3">
                    <div class="min-w-0 flex-1 basis-72">
                        <p class="font-medium">"The store was not connected"</p>
                        <p dir="auto" class="wrap-anywhere">{move || refused.get()}</p>
                    </div>
                    <Button label="Dismiss" size=Size::Small look=Look::Plain on_click=forget />
                </div>
            </Note>
        </Show>
    }
}
