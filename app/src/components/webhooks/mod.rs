//! The parts of the webhooks page.

mod deliveries;
mod delivery_dialog;
mod subscriptions;
mod words;

pub(crate) use deliveries::Deliveries;
pub(crate) use subscriptions::Subscriptions;
