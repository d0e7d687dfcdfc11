//! Measures speed and memory. What depends on the machine is given as a ratio
//! to something measured in the same run.

mod database;
mod error;
mod figure;
mod generate;
mod import_end_to_end;
mod import_store;
mod person;
mod process;
mod spa;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::{error::BenchError, figure::Report};

/// Measures the console's speed and memory.
#[derive(Debug, Parser)]
struct Settings {
    /// What to measure; everything where nothing is named
    figures: Vec<Suite>,
    /// Variants of the store that is imported
    #[arg(long, default_value_t = 100_000)]
    variants: u32,
    /// How often each side of a ratio is measured; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// The binary to measure
    #[arg(long, env = "CALIBR_BIN", default_value = "target/release/calibr")]
    binary: PathBuf,
    /// The built pages
    #[arg(long, default_value = "dist")]
    dist: PathBuf,
    /// A PostgreSQL to make databases in; `scripts/with-postgres` gives one
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database: url::Url,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Rows into the store alone, against a bare COPY of the same rows.
    ImportStore,
    /// A first import through server, connector and HTTP, and its memory.
    ImportEndToEnd,
    /// The size of what a browser loads.
    Spa,
}

#[tokio::main]
async fn main() -> Result<(), BenchError> {
    let settings = Settings::parse();
    // The first one installed counts.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let suites = if settings.figures.is_empty() {
        Suite::value_variants().to_vec()
    } else {
        settings.figures.clone()
    };
    let mut report = Report::default();
    for suite in suites {
        report.section(suite);
        match suite {
            Suite::ImportStore => import_store::measure(&settings, &mut report).await?,
            Suite::ImportEndToEnd => import_end_to_end::measure(&settings, &mut report).await?,
            Suite::Spa => spa::measure(&settings, &mut report)?,
        }
    }
    report.print();
    Ok(())
}
