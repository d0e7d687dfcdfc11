//! The WooCommerce connector against a stateful simulator of stores, over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod certificates;
mod connecting;
#[path = "../support/console.rs"]
mod console;
mod faults;
mod harness;
mod importing;
mod orders;
mod prices;
#[path = "../support/pushing.rs"]
mod pushing;
#[path = "../support/senseless.rs"]
mod senseless;
mod single;
#[path = "../support/single.rs"]
mod support_single;
mod tuned;
mod webhooks;
