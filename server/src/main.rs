//! The `calibr` binary: command line, HTTP, embedded PostgreSQL.

mod cli;
mod config;
mod demo;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "what backup and doctor will use of it is only tested so far"
    )
)]
mod embedded;
mod error;
mod http;
mod startup;

use std::{
    io::{Write as _, stderr},
    process::ExitCode,
};

use clap::Parser as _;

use crate::{cli::Cli, error::ServerError};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Every TLS connection of this process, to stores and databases, is made by this one.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ServerError::Runtime)
        .and_then(|runtime| runtime.block_on(cli.run()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_reads = writeln!(stderr(), "calibr: {error}");
            error.exit_code()
        }
    }
}
