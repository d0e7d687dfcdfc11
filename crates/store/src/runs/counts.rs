//! Counts of the runs that have ended, by hour, day and month: what figures over
//! a range are made of, without reading the runs.

use calibr_model::{
    IntegrationId, SyncRunId,
    status::SyncStatus,
    time_range::{start_of_day, start_of_hour},
    views::{FailureCount, FailureSubject},
};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::FromRow;

use super::RunFilter;
use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{column, word},
};

/// How long counts by the hour are kept after it.
const HOURS_KEPT: TimeDelta = TimeDelta::days(8);

/// What one count covers, by the project's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountSpan {
    /// An hour; kept for eight days.
    Hour,
    /// A day; kept for good.
    Day,
    /// A month; kept for good.
    Month,
}

impl CountSpan {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// Counts of one span, of those that begin from `from` on and before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountPart {
    /// By what they count.
    pub span: CountSpan,
    /// The first that may be among them begins here.
    pub from: DateTime<Utc>,
    /// The first that is not begins here.
    pub to: DateTime<Utc>,
}

/// Runs of one bucket that ended alike and took about as long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// The bucket's index.
    pub bucket: i32,
    /// How they ended.
    pub status: SyncStatus,
    /// The step of the scale of durations, eight to each doubling; 0 for runs
    /// that were never started.
    pub duration_step: i16,
    /// How many.
    pub runs: i64,
    /// How long they took together, in milliseconds.
    pub milliseconds: i64,
    /// Of that, the runs that read items.
    pub reading_milliseconds: i64,
    /// Items that came through.
    pub items_synced: i64,
    /// Items that did not.
    pub items_failed: i64,
}

impl TenantTx {
    /// Counts a run that has just ended.
    pub(super) async fn count_run(&mut self, run: SyncRunId) -> Result<(), StoreError> {
        let project = self.project().0;
        let (queued_at, zone): (DateTime<Utc>, String) = sqlx::query_as(
            "SELECT r.queued_at, p.time_zone
             FROM sync_runs r JOIN projects p ON p.id = r.project_id
             WHERE r.project_id = $1 AND r.id = $2",
        )
        .bind(project)
        .bind(run.0)
        .fetch_one(self.conn())
        .await?;
        // A run must be able to end whatever became of the zone's name.
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let day = queued_at.with_timezone(&zone).date_naive();
        let month = day - TimeDelta::days(day.day0().into());
        let spans = [
            (CountSpan::Hour, start_of_hour(&zone, queued_at)),
            (CountSpan::Day, start_of_day(&zone, day)),
            (CountSpan::Month, start_of_day(&zone, month)),
        ];
        for (span, starts_at) in spans {
            self.count_run_in(run, span, starts_at).await?;
        }
        sqlx::query(
            "WITH run AS (SELECT integration_id FROM sync_runs WHERE project_id = $1 AND id = $2),
                  failures AS (
                      DELETE FROM sync_failure_counts
                      WHERE project_id = $1 AND integration_id = (SELECT integration_id FROM run)
                        AND span = 'hour' AND starts_at < $3
                  )
             DELETE FROM sync_run_counts
             WHERE project_id = $1 AND integration_id = (SELECT integration_id FROM run)
               AND span = 'hour' AND starts_at < $3",
        )
        .bind(project)
        .bind(run.0)
        .bind(queued_at - HOURS_KEPT)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn count_run_in(
        &mut self,
        run: SyncRunId,
        span: CountSpan,
        starts_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO sync_run_counts AS c
             SELECT r.project_id, r.integration_id, $3, $4, r.type, r.trigger, r.status,
                    calibr_duration_step(took.milliseconds), 1, coalesce(took.milliseconds, 0),
                    r.items_created + r.items_updated + r.items_unchanged, r.items_failed
             FROM sync_runs r
             CROSS JOIN calibr_run_milliseconds(r.started_at, r.completed_at) AS took (milliseconds)
             WHERE r.project_id = $1 AND r.id = $2
             ON CONFLICT (project_id, integration_id, span, starts_at, type, trigger, status,
                          duration_step)
             DO UPDATE SET runs = c.runs + 1,
                           milliseconds = c.milliseconds + excluded.milliseconds,
                           items_synced = c.items_synced + excluded.items_synced,
                           items_failed = c.items_failed + excluded.items_failed",
        )
        .bind(project)
        .bind(run.0)
        .bind(span.as_str())
        .bind(starts_at)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "INSERT INTO sync_failure_counts AS c
             SELECT r.project_id, r.integration_id, $3, $4, r.type, r.trigger, r.status,
                    failed.subject, failed.code, failed.failures
             FROM sync_runs r
             CROSS JOIN LATERAL (
                 SELECT 'item' AS subject, f.code, count(*) AS failures FROM item_failures f
                 WHERE f.project_id = $1 AND f.run_id = $2 GROUP BY f.code
                 UNION ALL
                 SELECT 'run', r.error_code, 1
                 WHERE r.status = 'error' AND r.error_code IS NOT NULL
             ) failed
             WHERE r.project_id = $1 AND r.id = $2
             ON CONFLICT (project_id, integration_id, span, starts_at, type, trigger, status,
                          subject, code)
             DO UPDATE SET failures = c.failures + excluded.failures",
        )
        .bind(project)
        .bind(run.0)
        .bind(span.as_str())
        .bind(starts_at)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The first day that any run of an integration is counted on: its first
    /// moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_counted_day(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT min(starts_at) FROM sync_run_counts
             WHERE project_id = $1 AND integration_id = $2 AND span = 'day'",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_one(self.conn())
        .await?)
    }

    /// What is counted of an integration's runs in `parts`, which do not overlap,
    /// by the buckets that begin at each of `bounds` but the last. Of `filter` the
    /// time is not looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run_counts(
        &mut self,
        integration: IntegrationId,
        filter: &RunFilter,
        parts: &[CountPart],
        bounds: &[DateTime<Utc>],
    ) -> Result<Vec<CountRow>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            bucket: i32,
            status: String,
            duration_step: i16,
            runs: i64,
            milliseconds: i64,
            reading_milliseconds: i64,
            items_synced: i64,
            items_failed: i64,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT width_bucket(starts_at, $9) - 1 AS bucket, status, duration_step,
                    sum(runs)::bigint AS runs, sum(milliseconds)::bigint AS milliseconds,
                    coalesce(sum(milliseconds) FILTER (WHERE type <> 'prices'), 0)::bigint
                        AS reading_milliseconds,
                    sum(items_synced)::bigint AS items_synced,
                    sum(items_failed)::bigint AS items_failed
             FROM sync_run_counts
             JOIN unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) AS part (span, begins, ends)
                 USING (span)
             WHERE project_id = $1 AND integration_id = $2
               AND starts_at >= part.begins AND starts_at < part.ends
               AND status = ANY ($6) AND type = ANY ($7) AND trigger = ANY ($8)
             GROUP BY 1, 2, 3",
        )
        .bind(project)
        .bind(integration.0)
        .bind(column(parts, |part| part.span.as_str()))
        .bind(column(parts, |part| part.from))
        .bind(column(parts, |part| part.to))
        .bind(filter.statuses())
        .bind(filter.types())
        .bind(filter.triggers())
        .bind(bounds)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(CountRow {
                    bucket: row.bucket,
                    status: word("sync status", &row.status)?,
                    duration_step: row.duration_step,
                    runs: row.runs,
                    milliseconds: row.milliseconds,
                    reading_milliseconds: row.reading_milliseconds,
                    items_synced: row.items_synced,
                    items_failed: row.items_failed,
                })
            })
            .collect()
    }

    /// What failed in the same runs: the `most` most frequent codes of items and
    /// as many of runs, the most frequent first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn failure_counts(
        &mut self,
        integration: IntegrationId,
        filter: &RunFilter,
        parts: &[CountPart],
        most: u16,
    ) -> Result<Vec<FailureCount>, StoreError> {
        let project = self.project().0;
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT subject, code, failures FROM (
                 SELECT subject, code, sum(failures)::bigint AS failures,
                        row_number() OVER (PARTITION BY subject ORDER BY sum(failures) DESC, code)
                            AS place
                 FROM sync_failure_counts
                 JOIN unnest($3::text[], $4::timestamptz[], $5::timestamptz[])
                     AS part (span, begins, ends) USING (span)
                 WHERE project_id = $1 AND integration_id = $2
                   AND starts_at >= part.begins AND starts_at < part.ends
                   AND status = ANY ($6) AND type = ANY ($7) AND trigger = ANY ($8)
                 GROUP BY 1, 2
             ) counted
             WHERE place <= $9 ORDER BY subject, place",
        )
        .bind(project)
        .bind(integration.0)
        .bind(column(parts, |part| part.span.as_str()))
        .bind(column(parts, |part| part.from))
        .bind(column(parts, |part| part.to))
        .bind(filter.statuses())
        .bind(filter.types())
        .bind(filter.triggers())
        .bind(i64::from(most))
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|(subject, code, count)| {
                Ok(FailureCount {
                    subject: word::<FailureSubject>("failure subject", &subject)?,
                    code,
                    count,
                })
            })
            .collect()
    }
}
