//! The simulated Shopify, as a client meets it: over HTTP on the loopback interface.

#![expect(
    clippy::unwrap_used,
    reason = "what is not there where it has to be is what these tests are to find"
)]

mod bulk;
mod control;
mod faults;
mod graphql;
#[path = "../support/hook.rs"]
mod hook;
mod mutations;
mod oauth;
mod orders;
mod support;
mod throttling;
mod webhooks;
