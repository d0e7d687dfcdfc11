use calibr_model::{Problem, views::Me};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::api;

/// Who is signed in, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionState {
    /// The server has not answered yet.
    Unknown,
    /// The server cannot be asked.
    Unreachable(Problem),
    /// Nobody.
    SignedOut,
    /// This person.
    SignedIn(Me),
}

/// The session of this browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    /// How it stands.
    pub(crate) state: RwSignal<SessionState>,
    /// Whether it ended by itself while pages were open.
    pub(crate) ended: RwSignal<bool>,
}

impl Session {
    pub(crate) fn new() -> Self {
        let this = Self {
            state: RwSignal::new(SessionState::Unknown),
            ended: RwSignal::new(false),
        };
        this.load();
        this
    }

    /// Asks the server, several times where it does not answer.
    pub(crate) fn load(self) {
        self.state.set(SessionState::Unknown);
        spawn_local(async move {
            for pause in [400, 1_200, 2_500, 0] {
                match api::account::me().await {
                    Ok(Some(me)) => return self.state.set(SessionState::SignedIn(me)),
                    Ok(None) => return self.state.set(SessionState::SignedOut),
                    Err(error) if error.is_transient() && pause > 0 => {
                        TimeoutFuture::new(pause).await;
                    }
                    Err(error) => return self.state.set(SessionState::Unreachable(error.0)),
                }
            }
        });
    }

    /// Takes note of who signed in.
    pub(crate) fn signed_in(self, me: Me) {
        self.ended.set(false);
        self.state.set(SessionState::SignedIn(me));
    }

    /// The server knows nobody any more: pages lead to sign-in and back.
    pub(crate) fn expired(self) {
        if matches!(self.state.get_untracked(), SessionState::SignedIn(_)) {
            self.ended.set(true);
            self.state.set(SessionState::SignedOut);
        }
    }

    /// The person signed out.
    pub(crate) fn signed_out(self) {
        self.ended.set(false);
        self.state.set(SessionState::SignedOut);
    }

    /// The signed-in person now, if any.
    pub(crate) fn me(self) -> Option<Me> {
        self.state.with_untracked(|state| match state {
            SessionState::SignedIn(me) => Some(me.clone()),
            _ => None,
        })
    }
}
