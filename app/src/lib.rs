//! What a merchant sees, and the server functions it calls.
//!
//! The pages are built with the feature `csr` for the browser; the feature `ssr`
//! builds the server functions' bodies for the server and nothing else.

pub mod api;
pub mod charts;

#[cfg(feature = "csr")]
#[expect(
    unreachable_pub,
    reason = "`#[component]` writes `pub` around what it is given"
)]
mod app;
#[cfg(feature = "csr")]
#[expect(
    unreachable_pub,
    reason = "`#[component]` writes `pub` around what it is given"
)]
mod components;
#[cfg(feature = "csr")]
#[expect(
    unreachable_pub,
    reason = "`#[component]` writes `pub` around what it is given"
)]
mod pages;
#[cfg(feature = "csr")]
mod routes;
#[cfg(feature = "ssr")]
mod server;
#[cfg(feature = "csr")]
mod state;
#[cfg(any(feature = "csr", feature = "ssr"))]
#[cfg_attr(
    not(feature = "csr"),
    expect(
        dead_code,
        reason = "the server writes out little of what the browser does"
    )
)]
mod text;

#[cfg(feature = "ssr")]
pub use api::register;
#[cfg(feature = "csr")]
pub use app::App;
#[cfg(feature = "ssr")]
pub use server::{CurrentSession, SessionPort};
