use calibr_model::Sources;
use calibr_vault::MasterKey;
use clap::{ArgAction, Args, Subcommand, builder::FalseyValueParser};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{DataDirArg, output::say};
use crate::{
    config::Settings,
    error::ServerError,
    startup::{Database, KeyState, inspect_keys, random},
};

/// What `calibr keys` takes.
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key and print it as ENCRYPTION_KEYS takes it; nothing is stored
    Generate,
    /// Say which keys are at hand, and which ones the database was used with
    Status(StatusArgs),
}

#[derive(Debug, Args)]
struct StatusArgs {
    #[command(flatten)]
    data_dir: DataDirArg,
    /// Print JSON
    #[arg(long, env = "CALIBR_JSON", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Does what was asked about keys.
///
/// # Errors
/// [`ServerError`] in words.
pub(super) async fn run(
    args: KeysArgs,
    settings: Settings,
    sources: &Sources,
) -> Result<(), ServerError> {
    match args.command {
        KeysCommand::Generate => {
            say(MasterKey::generate(&mut random(sources))
                .to_entry()
                .expose_secret());
            Ok(())
        }
        KeysCommand::Status(args) => status(args, settings, sources).await,
    }
}

async fn status(
    args: StatusArgs,
    settings: Settings,
    sources: &Sources,
) -> Result<(), ServerError> {
    let data_dir = args.data_dir.or_default()?;
    let database = Database::attach(settings.database, &data_dir, sources).await?;
    let inspected = match database.migrate().await {
        Ok(()) => inspect_keys(&settings.keys, database.own_directory(), &database.db).await,
        Err(error) => Err(error),
    };
    database.close().await?;
    let keys = inspected?;
    if args.json {
        let keys = keys.iter().map(|key| {
            json!({
                "id": key.id, "primary": key.is_primary, "at_hand": key.is_at_hand, "in_database": key.is_in_database,
            })
        });
        say(&json!({ "keys": keys.collect::<Vec<_>>() }).to_string());
    } else if keys.is_empty() {
        say("There is no key yet. The first start of `calibr serve` makes one.");
    } else {
        for key in keys {
            say(&format!("{}  {}", key.id, words(&key)));
        }
    }
    Ok(())
}

fn words(key: &KeyState) -> &'static str {
    match (key.is_primary, key.is_at_hand, key.is_in_database) {
        (true, _, true) => "primary: seals what is new",
        (true, _, false) => "primary: seals what is new, from the next start on",
        (false, true, true) => "at hand, to read what was sealed with it",
        (false, true, false) => "at hand; this database was never used with it",
        (false, false, _) => "NOT at hand; the database was used with it",
    }
}
