//! Messages that platforms send: who is subscribed to what, what came, and what
//! is still to be read because of it.

mod changes;
mod deliveries;
mod log;
mod secrets;
mod subscriptions;

pub use self::{
    deliveries::{Kept, NewDelivery, NotTaken, QueuedDelivery},
    secrets::SealedWebhookSecret,
    subscriptions::SubscriptionInput,
};
