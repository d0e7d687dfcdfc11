//! PostgreSQL that Calibr runs by itself, for when no `DATABASE_URL` is given.
//!
//! The server comes from the PostgreSQL installed on the machine ([`binaries`]), keeps its cluster in the
//! data directory ([`cluster`]), and listens on a Unix socket that nobody else reaches ([`endpoint`]). It is
//! a child of this process ([`postmaster`]), started again if it dies ([`supervisor`]), and stopped with it.
//!
//! One process owns a data directory at a time: it holds the lock of [`DataDir`]. A server that outlived
//! its Calibr, because that was killed, is shut down and started afresh by the next owner ([`leftover`]), so
//! that it always runs with this release's settings, as a child whose end is noticed.

mod binaries;
mod cluster;
mod data_dir;
mod endpoint;
mod error;
mod leftover;
mod options;
mod pid_file;
mod postmaster;
mod server;
mod server_user;
mod supervisor;
#[cfg(test)]
mod tests;

pub(crate) use data_dir::DataDir;
pub(crate) use error::EmbeddedError;
pub(crate) use options::EmbeddedOptions;
pub(crate) use server::EmbeddedPostgres;
pub(crate) use supervisor::ServerState;
