//! What the operator sets by environment variables.

mod environment;
mod networks;
mod settings;
mod variables;

pub(crate) use environment::Environment;
pub(crate) use networks::Networks;
pub(crate) use settings::{
    AmazonTexts, KeySettings, RateSettings, SettingError, Settings, ShopifyTexts,
};
pub(crate) use variables::{Variable, help};
