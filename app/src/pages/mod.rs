//! One file a route; `project` is the frame around those under `/p/{slug}`.

mod conflicts;
mod home;
mod integrations;
mod later;
mod lost;
mod new_prices;
mod price_push;
mod prices;
mod product;
mod products;
mod project;
mod settings;
mod setup;
mod sign_in;
mod sync_history;
mod sync_run;

pub(crate) use conflicts::Conflicts;
pub(crate) use home::Home;
pub(crate) use integrations::Integrations;
pub(crate) use lost::{LostPage, LostProjectPage};
pub(crate) use new_prices::NewPrices;
pub(crate) use price_push::PricePush;
pub(crate) use prices::Prices;
pub(crate) use product::ProductDetail;
pub(crate) use products::Products;
pub(crate) use project::ProjectFrame;
pub(crate) use settings::StoreSettings;
pub(crate) use setup::SetUp;
pub(crate) use sign_in::SignIn;
pub(crate) use sync_history::SyncHistory;
pub(crate) use sync_run::SyncRun;
