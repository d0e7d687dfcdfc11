//! The Vendure connector against a real Vendure server with its seeded shop.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod connecting;
mod harness;
mod importing;
mod orders;
mod prices;
#[path = "../support/senseless.rs"]
mod senseless;
mod single;
#[path = "../support/single.rs"]
mod support_single;
