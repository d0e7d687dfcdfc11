//! The simulated WooCommerce, as a client meets it: over HTTP on the loopback interface.

#![expect(
    clippy::unwrap_used,
    reason = "what is not there where it has to be is what these tests are to find"
)]

mod connect;
#[path = "../support/hook.rs"]
mod hook;
mod lists;
mod prices;
mod steering;
mod support;
mod webhooks;
