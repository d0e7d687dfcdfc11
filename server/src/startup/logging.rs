use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

/// Sends events to standard error: lines for people. Standard output is kept for what a program reads.
pub(crate) fn start_logging(filter: EnvFilter) {
    let colours = stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(colours)
        .with_target(false)
        .finish();
    // Where one is set already, as by a test, that one stays.
    let _already_set = tracing::subscriber::set_global_default(subscriber);
}
