use leptos::prelude::*;

use crate::{
    api,
    components::{
        PlainPage,
        ui::{ErrorBox, GhostLines},
    },
    routes,
    state::{Address, Ask, Session, SessionState},
};

/// `/`: leads to the first project, to sign-in, or to the first start.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let ask = Ask::here();
    let has_project = move || match session.state.get() {
        SessionState::SignedIn(me) => !me.projects.is_empty(),
        _ => true,
    };
    Effect::new(move |_| match session.state.get() {
        SessionState::SignedIn(me) => {
            if let Some(membership) = me.projects.first() {
                // What came of a one-click connect goes along.
                let here = address.here();
                let query = here.trim_start_matches('/');
                let page = routes::integrations(membership.project.slug.as_str());
                address.lead(&format!("{page}{query}"));
            }
        }
        SessionState::SignedOut => ask.send(api::account::setup_state(), move |answer| {
            let needs_setup = answer.is_ok_and(|state| state.needs_setup);
            address.lead(if needs_setup {
                routes::SET_UP
            } else {
                routes::SIGN_IN
            });
        }),
        SessionState::Unknown | SessionState::Unreachable(_) => {}
    });
    move || {
        if has_project() {
            view! { <SessionWait /> }.into_any()
        } else {
            view! {
                <PlainPage title="You belong to no project yet">
                    <p class="text-center text-quiet">
                        "Ask the owner of a project in this console to add you, then reload this page."
                    </p>
                </PlainPage>
            }
            .into_any()
        }
    }
}

/// What stands there until it is known who is signed in.
#[component]
pub(super) fn SessionWait() -> impl IntoView {
    let session = expect_context::<Session>();
    let retry = Callback::new(move |()| session.load());
    move || match session.state.get() {
        SessionState::Unreachable(problem) => view! {
            <main class="grid min-h-dvh place-content-center">
                <h1 class="sr-only">"Calibr Console"</h1>
                <ErrorBox problem on_retry=retry />
            </main>
        }
        .into_any(),
        _ => view! {
            <main class="mx-auto grid min-h-dvh max-w-xs content-center" aria-busy="true">
                <h1 class="sr-only">"Loading Calibr Console"</h1>
                <GhostLines />
            </main>
        }
        .into_any(),
    }
}
