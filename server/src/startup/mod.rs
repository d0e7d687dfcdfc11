//! Putting the parts together, and taking them apart in order.

mod console;
mod data_dir;
mod database;
mod housekeeping;
mod keys;
mod logging;
mod platforms;
mod random;
mod signals;

pub(crate) use console::{Console, ConsoleSettings};
pub(crate) use data_dir::{default_data_dir, default_demo_dir};
pub(crate) use database::Database;
pub(crate) use keys::{KeyState, inspect_keys};
pub(crate) use logging::start_logging;
pub(crate) use platforms::{PlatformSettings, registry};
pub(crate) use random::random;
pub(crate) use signals::cancel_on_signal;
