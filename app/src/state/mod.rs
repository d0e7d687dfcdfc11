//! What the pages share: who is signed in, the line to the server, the project
//! that is open, and small services of the page itself.

mod address;
mod announcer;
mod ask;
mod clock;
mod connection;
mod drafts;
mod form;
mod live;
mod paging;
mod project;
mod query;
mod session;
mod theme;
mod toasts;
mod unsaved;

pub(crate) use address::Address;
pub(crate) use announcer::Announcer;
pub(crate) use ask::Ask;
pub(crate) use clock::Clock;
pub(crate) use connection::Connection;
pub(crate) use drafts::{Draft, Drafts};
pub(crate) use form::FormState;
pub(crate) use live::{Live, LiveEvent};
pub(crate) use paging::Paging;
pub(crate) use project::Project;
pub(crate) use query::{Cache, Loading, Query, query};
pub(crate) use session::{Session, SessionState};
pub(crate) use theme::{Theme, ThemeChoice};
pub(crate) use toasts::{Toast, Toasts};
pub(crate) use unsaved::Unsaved;

use leptos::prelude::*;

/// Makes all of it available below. Called once, by the app.
pub(crate) fn provide_app_state() {
    let unsaved = Unsaved::new();
    provide_context(unsaved);
    provide_context(Address::new(unsaved));
    provide_context(Theme::new());
    provide_context(Announcer::new());
    provide_context(Toasts::new());
    provide_context(Clock::new());
    provide_context(Connection::new());
    provide_context(Cache::default());
    provide_context(Drafts::default());
    provide_context(Session::new());
}
