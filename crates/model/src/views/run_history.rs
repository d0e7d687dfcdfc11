use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    problem::{FieldError, Problem},
    status::{RunTrigger, RunType, SyncStatus, all_words, one_word, words},
    time_range::TimeRange,
};

/// Which runs of an integration are asked for: the texts as an address has them.
/// Empty ones ask for nothing in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(default)]
pub struct RunsAsked {
    /// Only these states, with commas between them: `error,partial`.
    #[cfg_attr(feature = "openapi", param(required = false))]
    pub status: String,
    /// Only this kind: `full`, `incremental` or `prices`.
    #[cfg_attr(feature = "openapi", param(required = false))]
    pub r#type: String,
    /// Only those asked for so: `schedule`, `person`, `webhook` or `retry`.
    #[cfg_attr(feature = "openapi", param(required = false))]
    pub trigger: String,
    /// Only those asked for since: `24h` (from the full hour on), `7d`, `30d`,
    /// `90d` (days of the project's time zone, today included) or `all`. Not
    /// together with `from` and `to`.
    #[cfg_attr(feature = "openapi", param(required = false))]
    pub range: String,
    /// Only those asked for from here on: a day of the project's time zone
    /// (`2026-11-01`) or a moment (RFC 3339).
    #[cfg_attr(feature = "openapi", param(required = false))]
    pub from: String,
    /// Only those asked for until here: a day, which is included, or a moment,
    /// which is not.
    #[cfg_attr(feature = "openapi", param(required = false))]
    pub to: String,
}

impl RunsAsked {
    /// Reads the texts.
    ///
    /// # Errors
    /// `invalid`, with what is wrong with each.
    pub fn read(&self) -> Result<RunQuery, Problem> {
        let mut faults = Vec::new();
        let status = all_words("status", &self.status, &mut faults);
        if status.contains(&SyncStatus::Idle) {
            faults.push(FieldError::new("status", "A run is never `idle`."));
        }
        let r#type = one_word("type", &self.r#type, &mut faults);
        let trigger = one_word("trigger", &self.trigger, &mut faults);
        match TimeRange::read(&self.range, &self.from, &self.to) {
            Ok(time) if faults.is_empty() => Ok(RunQuery {
                status,
                r#type,
                trigger,
                time,
            }),
            Ok(_) => Err(Problem::invalid(faults)),
            Err(more) => {
                faults.extend(more);
                Err(Problem::invalid(faults))
            }
        }
    }
}

/// Which runs of an integration are wanted, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunQuery {
    /// Only these states; all where empty.
    pub status: Vec<SyncStatus>,
    /// Only this kind.
    pub r#type: Option<RunType>,
    /// Only those asked for so.
    pub trigger: Option<RunTrigger>,
    /// Only those asked for in this time.
    pub time: TimeRange,
}

words!(
    /// What one bucket of figures covers, by the project's time zone.
    MetricsStep ("step") {
        /// An hour.
        Hour = "hour",
        /// A day.
        Day = "day",
        /// A week, Monday to Sunday.
        Week = "week",
        /// A month.
        Month = "month",
    }
);

words!(
    /// What failed.
    FailureSubject ("failure subject") {
        /// A single record of a run.
        Item = "item",
        /// The run as a whole.
        Run = "run",
    }
);

/// How the runs of an integration went that ended by now. Runs count when they
/// were asked for; whole hours are covered where the range is up to two days of
/// the last week, whole days otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunMetrics {
    /// The first moment that is covered.
    pub from: DateTime<Utc>,
    /// The moment after the last that is covered.
    pub to: DateTime<Utc>,
    /// What each of `buckets` covers.
    pub step: MetricsStep,
    /// Over all of it.
    pub totals: RunFigures,
    /// The same piece by piece, first to last; those without a run, too.
    pub buckets: Vec<RunBucket>,
    /// What failed, the most frequent codes first.
    pub failures: Vec<FailureCount>,
}

/// A piece of a range, with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunBucket {
    /// The first moment it covers.
    pub from: DateTime<Utc>,
    /// How the runs went.
    #[serde(flatten)]
    pub figures: RunFigures,
}

/// How some runs went that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunFigures {
    /// Those that ended in `success`.
    pub success: i64,
    /// Those that ended in `partial`.
    pub partial: i64,
    /// Those that ended in `error`.
    pub error: i64,
    /// Those that a person cancelled.
    pub cancelled: i64,
    /// `success` of all that were not cancelled, 0 to 1; `null` without any.
    pub success_rate: Option<f64>,
    /// Half of the runs took no longer, in milliseconds from start to end; to
    /// within a tenth. `null` where none was started.
    pub median_duration_ms: Option<i64>,
    /// 95 of 100 runs took no longer; as the median.
    pub p95_duration_ms: Option<i64>,
    /// Items that came through.
    pub items_synced: i64,
    /// Items that did not.
    pub items_failed: i64,
    /// Items that came through in a second of a run; `null` where no run read
    /// items. Runs that push prices alone are left out.
    pub items_per_second: Option<f64>,
}

impl RunFigures {
    /// How many runs these are.
    pub const fn runs(&self) -> i64 {
        self.success + self.partial + self.error + self.cancelled
    }
}

/// How often something failed in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailureCount {
    /// Whether it is items or runs that failed.
    pub subject: FailureSubject,
    /// The short code of what went wrong.
    pub code: String,
    /// How often.
    pub count: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_whole_or_refused_with_all_that_is_wrong() {
        let asked = RunsAsked {
            status: "error, partial".to_owned(),
            r#type: "full".to_owned(),
            trigger: "webhook".to_owned(),
            range: "7d".to_owned(),
            ..RunsAsked::default()
        };
        let query = asked.read().unwrap();
        assert_eq!(query.status, [SyncStatus::Error, SyncStatus::Partial]);
        assert_eq!(query.r#type, Some(RunType::Full));
        assert_eq!(query.trigger, Some(RunTrigger::Webhook));
        assert_eq!(RunsAsked::default().read(), Ok(RunQuery::default()));

        let asked = RunsAsked {
            status: "idle,done".to_owned(),
            r#type: "partial".to_owned(),
            trigger: "clock".to_owned(),
            from: "2026-11-02".to_owned(),
            to: "2026-11-01".to_owned(),
            ..RunsAsked::default()
        };
        let problem = asked.read().unwrap_err();
        let fields: Vec<&str> = problem
            .errors
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        assert_eq!(fields, ["status", "status", "type", "trigger", "to"]);
        assert!(problem.detail.contains("`success`"), "{problem}");
    }
}
