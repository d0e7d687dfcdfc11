use calibr_model::Sources;
use clap::Args;

use super::{DataDirArg, output::say};
use crate::{config::Settings, error::ServerError, startup::Database};

/// What `calibr migrate` takes.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    data_dir: DataDirArg,
}

/// Brings the schema up to date.
///
/// # Errors
/// [`ServerError`] in words; the database is then as before.
pub(super) async fn run(
    args: MigrateArgs,
    settings: Settings,
    sources: &Sources,
) -> Result<(), ServerError> {
    let data_dir = args.data_dir.or_default()?;
    let database = Database::attach(settings.database, &data_dir, sources).await?;
    let migrated = database.migrate().await;
    database.close().await?;
    migrated?;
    say("The database is up to date.");
    Ok(())
}
