//! Real servers for the tests: what others wrote, started and asked by ours.
//!
//! [`RealVendure`] is Vendure from npm with its seeded shop. Tests that use it
//! run under `scripts/with-postgres`, which sets `DATABASE_URL`.

mod error;
pub mod vendure;

pub use error::TestkitError;
pub use vendure::RealVendure;

/// The PostgreSQL superuser the tests run with (`DATABASE_URL`).
///
/// # Errors
/// [`TestkitError::NoDatabase`] where it is not set.
pub fn database_url() -> Result<String, TestkitError> {
    std::env::var("DATABASE_URL").map_err(|_| TestkitError::NoDatabase)
}
