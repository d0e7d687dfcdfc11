//! A console, a shop and a client for a test.

mod client;
mod console;
mod database;
mod events;
mod shop;

pub(crate) use client::{Client, setup_form};
pub(crate) use console::{Console, DataFolder, KEY, Launch, launch};
pub(crate) use database::fresh_database;
pub(crate) use events::Events;
pub(crate) use shop::{SHOP, Shop, TOKEN};

use std::time::Duration;

/// How long anything may take before a test gives up: generous, since several tests share two cores.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const OWNER: &str = "owner@acme.example";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const PROJECT: &str = "acme";
