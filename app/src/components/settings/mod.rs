//! The settings of a store: their form over all tabs, and what stands on each.

mod access;
mod advanced;
mod bar;
mod compare;
mod comparison;
mod credentials;
mod edited;
mod expiry;
mod fields;
mod form;
mod next_run;
mod secret;
mod section;
mod sync;
mod toggle;

pub(crate) use access::AccessForm;
pub(crate) use advanced::Advanced;
pub(crate) use bar::UnsavedBar;
pub(crate) use compare::{Compare, Versions};
pub(crate) use credentials::Credentials;
pub(crate) use form::SettingsForm;
pub(crate) use sync::SyncSettings;

use next_run::NextRun;
use toggle::Toggle;
