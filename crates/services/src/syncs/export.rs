//! Sync runs as a file: exactly those that a list with the same filters goes
//! through.

use std::borrow::Cow;

use calibr_model::{
    IntegrationId, Problem, ProjectId, SyncRunId,
    views::{RunView, RunsAsked},
};
use calibr_store::runs::RunFilter;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::stream::{self, BoxStream, StreamExt as _};

use super::filter;
use crate::{
    Actor, Services, integrations,
    sheet::{Sheet, file_stem},
};

/// Runs that are read, and kept in memory, at a time.
const BATCH: u16 = 1_000;

const COLUMNS: [&str; 20] = [
    "id",
    "asked_at",
    "started_at",
    "completed_at",
    "duration_seconds",
    "type",
    "trigger",
    "triggered_by",
    "status",
    "items_synced",
    "items_created",
    "items_updated",
    "items_unchanged",
    "items_removed",
    "items_failed",
    "orders_read",
    "prices_pushed",
    "attempts",
    "error_code",
    "error",
];

/// A file on its way.
pub struct RunsFile {
    /// What it is called.
    pub name: String,
    /// Its content, piece by piece. Each piece is read when it is asked for; a
    /// reader who goes away ends the reading.
    pub content: BoxStream<'static, Result<Vec<u8>, Problem>>,
}

/// The runs of an integration that fit the filters as CSV in UTF-8, newest
/// first, with times in UTC.
///
/// Runs are read in batches, each in a transaction of its own: a slow reader
/// holds neither a connection nor memory. Runs that are asked for meanwhile are
/// not in it.
///
/// # Errors
/// `not-found`; `invalid` where a filter is none.
pub async fn export(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    asked: &RunsAsked,
) -> Result<RunsFile, Problem> {
    let filter = filter(services, actor, asked)?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let store = tx
        .integration(integration)
        .await?
        .ok_or_else(integrations::missing)?;
    drop(tx);
    let today = services.sources.now().format("%Y-%m-%d");
    let name = match file_stem(&store.name).as_str() {
        "" => format!("sync-history-{today}.csv"),
        store => format!("sync-history-{store}-{today}.csv"),
    };

    let mut reading = Reading {
        services: services.clone(),
        project: actor.project.id,
        integration,
        filter,
        before: None,
        ended: false,
    };
    let mut sheet = Sheet::new();
    sheet.add(COLUMNS.map(Cow::Borrowed));
    // Before the answer begins, so that a fault is answered as one.
    let more = reading.next().await?;
    let head = [sheet.into_bytes(), more.unwrap_or_default()].concat();
    let rest = stream::try_unfold(reading, |mut reading| async move {
        Ok(reading.next().await?.map(|piece| (piece, reading)))
    });
    Ok(RunsFile {
        name,
        content: stream::iter([Ok(head)]).chain(rest).boxed(),
    })
}

/// How far the runs have been read.
struct Reading {
    services: Services,
    project: ProjectId,
    integration: IntegrationId,
    filter: RunFilter,
    before: Option<SyncRunId>,
    ended: bool,
}

impl Reading {
    /// The next lines; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        if self.ended {
            return Ok(None);
        }
        let mut tx = self.services.db.tenant(self.project).await?;
        let runs = tx
            .runs_before(self.integration, &self.filter, self.before, BATCH)
            .await?;
        drop(tx);
        self.ended = runs.len() < usize::from(BATCH);
        self.before = runs.last().map(|run| run.id);
        let mut sheet = Sheet::new();
        for run in &runs {
            sheet.add(line(run));
        }
        Ok(Some(sheet.into_bytes()))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.ended {
            tracing::info!(
                project = %self.project, integration = %self.integration,
                "an export was broken off before its end"
            );
        }
    }
}

fn line(run: &RunView) -> [Cow<'_, str>; COLUMNS.len()] {
    let number = |number: i64| Cow::Owned(number.to_string());
    let text = |text: &'_ Option<String>| Cow::Owned(text.clone().unwrap_or_default());
    let duration = run.started_at.zip(run.completed_at).map(|(from, to)| {
        let milliseconds = (to - from).num_milliseconds().max(0);
        format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000)
    });
    [
        Cow::Owned(run.id.to_string()),
        time(Some(run.queued_at)),
        time(run.started_at),
        time(run.completed_at),
        Cow::Owned(duration.unwrap_or_default()),
        Cow::Borrowed(run.r#type.as_str()),
        Cow::Borrowed(run.trigger.as_str()),
        text(&run.triggered_by),
        Cow::Borrowed(run.status.as_str()),
        number(run.items_synced),
        number(run.items_created),
        number(run.items_updated),
        number(run.items_unchanged),
        number(run.items_removed),
        number(run.items_failed),
        number(run.orders_read),
        number(run.prices_pushed),
        number(run.attempts.into()),
        text(&run.error_code),
        text(&run.error),
    ]
}

fn time(at: Option<DateTime<Utc>>) -> Cow<'static, str> {
    let text = at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
    Cow::Owned(text.unwrap_or_default())
}
