//! The command line.

mod keys;
mod migrate;
mod output;
mod sandbox;
mod serve;

use std::path::PathBuf;

use calibr_model::Sources;
use clap::{Args, Parser, Subcommand};

use crate::{
    config::{self, Environment, Settings},
    error::ServerError,
    startup::{default_data_dir, start_logging},
};

/// Calibr Console: every store you sell on, in one console.
#[derive(Debug, Parser)]
#[command(name = "calibr", version, after_help = exit_codes(), after_long_help = long_help())]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the console
    #[command(after_long_help = long_help())]
    Serve(serve::ServeArgs),
    /// Bring the database up to date, and do nothing else
    #[command(after_long_help = long_help())]
    Migrate(migrate::MigrateArgs),
    /// Keys that seal the stores' credentials
    #[command(after_long_help = long_help())]
    Keys(keys::KeysArgs),
    /// Run a made-up Shopify, to try the console on
    Sandbox(sandbox::SandboxArgs),
}

fn exit_codes() -> &'static str {
    "Exit codes: 0 done, 1 failed, 2 called wrongly. The reason stands on standard error."
}

fn long_help() -> String {
    format!("{}\n{}", config::help(), exit_codes())
}

/// Where data is kept.
#[derive(Debug, Args)]
struct DataDirArg {
    /// Keep data here. Root's default is /var/lib/calibr, anybody else's ~/.local/share/calibr
    #[arg(long, env = "CALIBR_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl DataDirArg {
    fn or_default(self) -> Result<PathBuf, ServerError> {
        self.data_dir.map_or_else(default_data_dir, Ok)
    }
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// [`ServerError`] in words.
    pub(crate) async fn run(self) -> Result<(), ServerError> {
        let settings = Settings::read(&Environment::new(&|name| std::env::var(name)))?;
        start_logging(settings.log.clone());
        let sources = Sources::system();
        match self.command {
            Command::Serve(args) => serve::run(args, settings, sources).await,
            Command::Migrate(args) => migrate::run(args, settings, &sources).await,
            Command::Keys(args) => keys::run(args, settings, &sources).await,
            Command::Sandbox(args) => sandbox::run(args).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn check_flags(command: &clap::Command) {
        for argument in command.get_arguments() {
            let flag = argument
                .get_long()
                .unwrap_or_default()
                .to_uppercase()
                .replace('-', "_");
            let variable = argument
                .get_env()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            assert_eq!(
                variable,
                format!("CALIBR_{flag}"),
                "{} {argument}",
                command.get_name()
            );
        }
        command.get_subcommands().for_each(check_flags);
    }

    #[test]
    fn every_flag_is_a_variable_too() {
        check_flags(&Cli::command());
    }

    #[test]
    fn help_lists_the_environment() {
        assert!(long_help().contains("DATABASE_URL") && long_help().contains("Exit codes"));
    }
}
