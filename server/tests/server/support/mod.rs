//! A console, a shop and a client for a test.

pub(crate) mod broken;
mod client;
pub(crate) mod consent;
mod console;
mod counter;
mod database;
mod events;
pub(crate) mod goods;
mod line;
mod outlet;
pub(crate) mod platforms;
mod scene;
mod shop;
pub(crate) mod truth;

pub(crate) use client::{Answer, Client, setup_form};
pub(crate) use console::{Console, DataFolder, KEY, Launch, launch};
pub(crate) use counter::Counter;
pub(crate) use database::{Database, fresh_database};
pub(crate) use events::{Event, Events};
pub(crate) use line::Line;
pub(crate) use outlet::{Outlet, free_port};
pub(crate) use scene::{Scene, slow_export, usual_shop};
pub(crate) use shop::{API_SECRET, Good, SHOP, Shop, TOKEN};

use std::time::Duration;

/// How long anything may take before a test gives up: generous, since several tests share two cores.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const OWNER: &str = "owner@acme.example";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const PROJECT: &str = "acme";

/// Looks again and again until there is what is waited for, and gives it.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, search)
        .await
        .unwrap_or_else(|_| panic!("in vain: {what}"))
}
