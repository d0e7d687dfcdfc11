//! Measures speed and memory. What depends on the machine is given as a ratio
//! to something measured in the same run.

mod database;
mod error;
mod figure;
mod generate;
mod history;
mod import_dlt;
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
    /// Products of the store that is imported against dlt
    #[arg(long, default_value_t = 5_000)]
    products: u32,
    /// How often each side of a ratio is measured; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// The binary to measure
    #[arg(long, env = "CALIBR_BIN", default_value = "target/release/calibr")]
    binary: PathBuf,
    /// The built pages
    #[arg(long, default_value = "dist")]
    dist: PathBuf,
    /// The Python that has dlt, as bench/dlt/set-up installs it; without it that
    /// figure is passed over
    #[arg(long, env = "DLT_PYTHON")]
    dlt_python: Option<PathBuf>,
    /// The program that imports with dlt
    #[arg(long, default_value = "bench/dlt/import_store.py")]
    dlt_script: PathBuf,
    /// PostgreSQL's own measure; without it the figure against it is passed over
    #[arg(long, env = "PGBENCH")]
    pgbench: Option<PathBuf>,
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
    /// A first import of a WooCommerce store, against dlt.
    ImportDlt,
    /// Pages of sync history with 1,000 and 1,000,000 runs, against pgbench.
    History,
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
    let outcome = measure(&suites, &settings, &mut report).await;
    // What was measured before an error is worth reading.
    report.print();
    outcome
}

async fn measure(
    suites: &[Suite],
    settings: &Settings,
    report: &mut Report,
) -> Result<(), BenchError> {
    for suite in suites {
        report.section(*suite);
        match suite {
            Suite::ImportStore => import_store::measure(settings, report).await?,
            Suite::ImportEndToEnd => import_end_to_end::measure(settings, report).await?,
            Suite::ImportDlt => import_dlt::measure(settings, report).await?,
            Suite::History => history::measure(settings, report).await?,
            Suite::Spa => spa::measure(settings, report)?,
        }
    }
    Ok(())
}
