use calibr_model::form::LoginForm;
use leptos::prelude::*;

use crate::{
    api::{self, Unlogged},
    components::{
        PlainPage,
        ui::{Button, Look, Note, SecretField, TextField},
    },
    routes,
    state::{Address, Ask, FormState, Session, SessionState},
    text::words::Tone,
};

/// `/sign-in`.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let session = expect_context::<Session>();
    let ask = Ask::here();
    let form = FormState::new();
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let address = expect_context::<Address>();
    // A platform's consent page sent the browser back, and nobody was signed in.
    let came_to_connect = untrack(|| address.value("reason")) == "connect";

    Effect::new(move |_| match session.state.get() {
        SessionState::SignedIn(_) => {
            let next = untrack(|| address.value("next"));
            address.lead(routes::after_sign_in(&next));
        }
        SessionState::SignedOut => ask.send(api::account::setup_state(), move |answer| {
            if answer.is_ok_and(|state| state.needs_setup) {
                address.lead(routes::SET_UP);
            }
        }),
        SessionState::Unknown | SessionState::Unreachable(_) => {}
    });

    let request = move || {
        let typed = LoginForm {
            email: email.get_untracked(),
            password: password.get_untracked(),
        };
        let faults = typed.faults();
        faults
            .is_empty()
            .then(|| api::account::sign_in(Unlogged(typed)))
            .ok_or(faults)
    };
    let send = move |event| form.submit(&event, ask, request, move |me| session.signed_in(me));
    view! {
        <PlainPage title="Sign in" about="to Calibr Console">
            <form class="grid gap-4" novalidate=true on:submit=send>
                {came_to_connect
                    .then(|| view! { <Note tone=Tone::Info>"Sign in, then connect the store again."</Note> })}
                <Show when=move || session.ended.get()>
                    <Note tone=Tone::Info>
                        "Your session has ended. Sign in to go on where you were; what you typed is kept."
                    </Note>
                </Show>
                <TextField
                    form
                    name="email"
                    label="Email"
                    kind="email"
                    autocomplete="username"
                    value=email
                    autofocus=true
                />
                <SecretField
                    form
                    name="password"
                    label="Password"
                    autocomplete="current-password"
                    value=password
                />
                {move || {
                    form.problem
                        .get()
                        .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
                }}
                <Button label="Sign in" look=Look::Primary submit=true busy=form.busy />
            </form>
        </PlainPage>
    }
}
