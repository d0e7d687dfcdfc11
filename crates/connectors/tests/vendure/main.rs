//! The Vendure connector against a real Vendure server with its seeded shop.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod connecting;
mod harness;
mod importing;
mod orders;
mod prices;
#[path = "../support/senseless.rs"]
mod senseless;
