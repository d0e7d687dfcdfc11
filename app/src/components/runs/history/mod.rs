//! A store's runs: filters, the table, figures and charts.

mod charts;
mod filters;
mod row;
mod table;

pub(crate) use charts::{RunFigures, RunGraphs};
pub(crate) use filters::{RunFilters, RunsFilter};
pub(crate) use table::RunTable;
