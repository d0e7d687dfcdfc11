//! The code that speaks each platform's API.
//!
//! A platform is a folder of its own and a line in [`Registry`]. It implements
//! [`Connector`] (what the platform is, how a store is connected) and [`Store`]
//! (one connected store), and beside these only the traits of what it can do:
//! [`CatalogueSource`] for its catalogue, [`OneClick`] for consent on the
//! platform's own page. Vendor types never leave the folder.

pub mod amazon;
mod amount;
pub mod budget;
pub mod calls;
pub mod catalogue;
mod circle;
pub mod competitors;
pub mod connector;
pub mod credentials;
pub mod error;
pub mod estimate;
pub mod items;
mod lines;
pub mod one_click;
pub mod orders;
mod per_store;
pub mod prices;
mod registry;
pub mod shopify;
pub mod text;
pub mod transport;
pub mod vendure;
pub mod waits;
pub mod webhooks;
pub mod woocommerce;

pub use amazon::{AmazonConnector, AmazonSettings};
pub use budget::{LocalBudget, Rate, RateBudget};
pub use calls::{CallSettings, Pace};
pub use catalogue::{
    CatalogueBatch, CataloguePlan, CatalogueSource, Checkpoint, ItemFault, ProductRecord, Scope,
    VariantRecord,
};
pub use connector::{Config, Connector, Store, StoreIdentity};
pub use credentials::{CredentialSet, CredentialSource, FixedCredentials};
pub use error::{ConnectorError, Fault};
pub use estimate::{CallsEstimate, CatalogueWork, OrderWork, Size, Workload};
pub use items::{FoundItems, FoundOrders, ItemRef, ItemSource};
pub use one_click::{Connection, OneClick, OneClickCallback, OneClickRequest};
pub use orders::{OrderBatch, OrderLine, OrderPlan, OrderRecord, OrderSource};
pub use registry::Registry;
pub use shopify::{ShopifyConnector, ShopifySettings};
pub use vendure::VendureConnector;
pub use woocommerce::WooCommerceConnector;
