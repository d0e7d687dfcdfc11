//! Stateful simulators of the platforms, over HTTP.
//!
//! A sandbox is what a client of a platform's API can be tried against: it keeps state, has rate
//! limits, lets tokens expire, runs long jobs, and fails on demand. Start it inside a test or a
//! program:
//!
//! ```
//! # async fn demo() -> calibr_sandbox::Result<()> {
//! use calibr_sandbox::Sandbox;
//! use calibr_sandbox::shopify::ShopSettings;
//!
//! let server = Sandbox::builder()
//!     .shop(ShopSettings { variants: 5_000, ..ShopSettings::new("acme.myshopify.com") })
//!     .start("127.0.0.1:0")
//!     .await?;
//! println!("{}/acme.myshopify.com/admin/api/2026-07/graphql.json", server.base_url());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Each platform is a folder of the same shape: access, budget, catalogue in the platform's words,
//! endpoints, control. What they share (clock, faults, generator, request log) is beside them.
//! Everything that can be done in process can be done over HTTP below `/_sandbox`.

pub mod amazon;
mod catalogue;
mod clock;
mod control;
mod dice;
mod error;
mod fault;
mod generator;
mod journal;
mod lock;
mod markup;
mod money;
mod post;
mod server;
pub mod shopify;
mod spoil;
pub mod woocommerce;

pub use self::clock::{Clock, FixedClock, MovableClock, SystemClock};
pub use self::error::{Error, Result};
pub use self::fault::{Fault, FaultKind, Target};
pub use self::generator::Status;
pub use self::journal::Entry;
pub use self::server::{Builder, Sandbox, Server};
