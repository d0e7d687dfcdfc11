//! Parts of pages that show sync runs.

mod counters;
mod duration;
mod failures;
mod history;
mod list;
mod log;
mod plan;
mod progress;
mod recent;
mod timeline;

pub(crate) use counters::RunCounters;
pub(crate) use duration::RunDuration;
pub(crate) use failures::RunFailures;
pub(crate) use history::{RunFigures, RunFilters, RunGraphs, RunTable, RunsFilter};
pub(crate) use list::{run_ids, run_of};
pub(crate) use log::RunLog;
pub(crate) use plan::{PlanDialog, PlanDialogView, Planned, Wanted};
pub(crate) use progress::{RunItems, RunProgress, progress_of};
pub(crate) use recent::RecentRuns;
pub(crate) use timeline::RunTimeline;
