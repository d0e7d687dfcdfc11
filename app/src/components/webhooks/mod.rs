//! The webhooks of a store: what it is asked to send, and what it sent.

mod deliveries;
mod delivery_dialog;
mod subscriptions;
mod tab;
mod words;

pub(crate) use tab::Webhooks;

use deliveries::Deliveries;
use subscriptions::Subscriptions;
