//! PostgreSQL: tenant-scoped transactions and one repository an aggregate.
//!
//! Tenant data is reached through [`TenantTx`] alone, which row-level security
//! binds to one project. [`PersonTx`] sees what belongs to one person over
//! their projects, [`SystemTx`] what belongs to no project. SQL stays inside
//! this crate.

pub mod accounts;
pub mod catalogue;
pub mod competitors;
pub mod conflicts;
pub mod connect_attempts;
pub mod credentials;
mod db;
mod error;
pub mod events;
mod failures;
pub mod integrations;
mod migrate;
pub mod orders;
pub mod prices;
pub mod products;
pub mod rate_buckets;
mod rows;
pub mod runs;
pub mod sessions;
pub mod vault_canaries;
pub mod webhooks;

pub use db::{Db, PersonTx, PoolSettings, SystemTx, TenantTx};
pub use error::StoreError;
pub use migrate::{MIGRATOR, migrate};
