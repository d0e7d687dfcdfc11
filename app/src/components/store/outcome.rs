use leptos::prelude::*;

use crate::{
    components::ui::{Button, Look, Note, Size},
    state::{Project, Toast, Toasts, query_text, set_query},
    text::words::Tone,
};

/// What came of a one-click connect: the platform's consent page sends the
/// browser back with `?connected=ID`, or with `?connect_error=CODE`.
#[component]
pub(crate) fn ConnectOutcome() -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let connected = query_text("connected");
    let refused = query_text("connect_error");
    let forget = StoredValue::new(set_query());
    let forget = move || forget.with_value(|set| set(&[("connected", ""), ("connect_error", "")]));

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
                        <p>{move || in_words(&refused.get())}</p>
                    </div>
                    <Button label="Dismiss" size=Size::Small look=Look::Plain on_click=forget />
                </div>
            </Note>
        </Show>
    }
}

/// A code of the connect's end, in words.
fn in_words(code: &str) -> &'static str {
    match code {
        "consent_refused" => {
            "Consent was declined, or the answer was not genuine or came too late. Nothing was \
             saved. Start again, and confirm on the platform's page within a few minutes."
        }
        "state_unknown" | "state_used" | "state_expired" => {
            "This consent was used already, is too old, or was begun in another browser. Nothing \
             was saved. Start again here."
        }
        "missing_scope" => {
            "The consent lacks a permission that Calibr needs to read the catalogue. Start again \
             and grant all that is asked for."
        }
        "unreachable" | "platform_failed" | "throttled" => {
            "The platform did not answer as it should. Nothing was saved; try again in a few \
             minutes."
        }
        "store_gone" => "There is no such store, or it is closed or locked. Check its address.",
        "credentials_refused" => {
            "The platform did not accept this console's app. Whoever runs the console should check \
             the app's key and secret."
        }
        _ => {
            "Something went wrong on the way back from the platform. Nothing was saved; try again."
        }
    }
}
