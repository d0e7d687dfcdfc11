//! An integration's runs in pages, by any filters.

use calibr_model::{
    Cursor, IntegrationId, Page, PageRequest, SyncRunId,
    status::{RunTrigger, RunType, SyncStatus},
    time_range::Between,
    views::RunView,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::read::{RunRow, run, views};
use crate::{db::TenantTx, error::StoreError};

/// Which runs of an integration are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFilter {
    /// Only these states; all where empty.
    pub status: Vec<SyncStatus>,
    /// Only this kind.
    pub r#type: Option<RunType>,
    /// Only those asked for so.
    pub trigger: Option<RunTrigger>,
    /// Only those asked for between these moments, to the millisecond.
    pub time: Between,
}

/// The words of a filter: the one that is wanted, or all there are.
pub(super) fn words<T: Copy>(
    wanted: &[T],
    all: &[T],
    word: fn(T) -> &'static str,
) -> Vec<&'static str> {
    let chosen = if wanted.is_empty() { all } else { wanted };
    chosen.iter().map(|one| word(*one)).collect()
}

impl RunFilter {
    pub(super) fn statuses(&self) -> Vec<&'static str> {
        words(&self.status, SyncStatus::ALL, SyncStatus::as_str)
    }

    pub(super) fn types(&self) -> Vec<&'static str> {
        words(self.r#type.as_slice(), RunType::ALL, RunType::as_str)
    }

    pub(super) fn triggers(&self) -> Vec<&'static str> {
        words(self.trigger.as_slice(), RunTrigger::ALL, RunTrigger::as_str)
    }

    fn is_by_time_alone(&self) -> bool {
        self.status.is_empty() && self.r#type.is_none() && self.trigger.is_none()
    }

    /// The id that none before it has, and the one that all are before.
    fn ids(&self, before: Option<Uuid>) -> (Uuid, Uuid) {
        let from = self.time.from.map_or(Uuid::nil(), first_id);
        let to = self.time.to.map_or(Uuid::max(), first_id);
        (from, before.unwrap_or(Uuid::max()).min(to))
    }
}

/// The least id of a moment: one of version 7 begins with its milliseconds.
fn first_id(at: DateTime<Utc>) -> Uuid {
    // The next millisecond, where it is not a whole one.
    let milliseconds = at.timestamp_micros().div_euclid(1_000)
        + i64::from(at.timestamp_micros().rem_euclid(1_000) > 0);
    Uuid::from_u128(u128::try_from(milliseconds).unwrap_or_default() << 80)
}

impl TenantTx {
    /// An integration's runs, newest first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn runs(
        &mut self,
        integration: IntegrationId,
        filter: &RunFilter,
        page: &PageRequest,
    ) -> Result<Page<RunView>, StoreError> {
        let before = page.after()?;
        let limit = page.limit();
        let rows = self
            .runs_before(integration, filter, before, limit + 1)
            .await?;
        Ok(Page::cut(rows, limit, |run| Cursor::encode(&run.id.0)))
    }

    /// At most `limit` runs of an integration that were asked for before
    /// `before`, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn runs_before(
        &mut self,
        integration: IntegrationId,
        filter: &RunFilter,
        before: Option<SyncRunId>,
        limit: u16,
    ) -> Result<Vec<RunView>, StoreError> {
        let project = self.project().0;
        // Bounds that are always there let the index serve every page alike.
        let (from, to) = filter.ids(before.map(|run| run.0));
        let statement = if filter.is_by_time_alone() {
            run!(
                "AND r.integration_id = $2 AND r.id >= $3 AND r.id < $4
                 ORDER BY r.id DESC LIMIT $5"
            )
        } else {
            // The head of each combination's list, which an index holds in order;
            // then the head of all of them. What it takes does not depend on how
            // many runs there are, nor on how few the filters let through.
            run!(
                "WITH page AS (
                     SELECT head.id
                     FROM unnest($6::text[]) AS wanted (status)
                     CROSS JOIN unnest($7::text[]) AS kind (type)
                     CROSS JOIN unnest($8::text[]) AS cause (trigger)
                     CROSS JOIN LATERAL (
                         SELECT s.id FROM sync_runs s
                         WHERE s.project_id = $1 AND s.integration_id = $2
                           AND s.status = wanted.status AND s.type = kind.type
                           AND s.trigger = cause.trigger AND s.id >= $3 AND s.id < $4
                         ORDER BY s.id DESC LIMIT $5
                     ) head
                     ORDER BY head.id DESC LIMIT $5
                 ) "
                "AND r.id IN (SELECT page.id FROM page) ORDER BY r.id DESC"
            )
        };
        let mut query = sqlx::query_as(statement)
            .bind(project)
            .bind(integration.0)
            .bind(from)
            .bind(to)
            .bind(i64::from(limit));
        if !filter.is_by_time_alone() {
            query = query
                .bind(filter.statuses())
                .bind(filter.types())
                .bind(filter.triggers());
        }
        let rows: Vec<RunRow> = query.fetch_all(self.conn()).await?;
        views(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_moment_stands_between_those_before_and_those_after() {
        let at: DateTime<Utc> = "2026-11-23T09:00:00.0005Z".parse().unwrap();
        let id = first_id(at);
        let of = |milliseconds: u64| {
            uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
        };
        let whole = u64::try_from(at.timestamp_millis()).unwrap();
        assert!(of(whole) < id && id <= of(whole + 1));
        assert_eq!(first_id(DateTime::UNIX_EPOCH), Uuid::nil());
    }
}
