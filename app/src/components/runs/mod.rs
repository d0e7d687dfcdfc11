//! Parts of pages that show sync runs.

mod duration;
mod history;
mod list;
mod progress;
mod recent;
mod timeline;

pub(crate) use duration::RunDuration;
pub(crate) use history::{RunFigures, RunFilters, RunGraphs, RunTable, RunsFilter};
pub(crate) use list::{run_ids, run_of};
pub(crate) use progress::{RunItems, RunProgress, progress_of};
pub(crate) use recent::RecentRuns;
pub(crate) use timeline::RunTimeline;
