//! The Amazon connector against a stateful simulator of Amazon, over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod competitors;
mod connecting;
mod contract;
mod faults;
mod harness;
mod importing;
mod orders;
mod prices;
mod single;
#[path = "../support/single.rs"]
mod support_single;
