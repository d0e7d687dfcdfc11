//! Charts, each with the table behind it. The server makes them; the browser
//! shows them (`components/ui/chart.rs`).
//!
//! Colours are the style sheet's tokens (`var(--good)`): the browser puts in what
//! they stand for, by the theme.

#[cfg(feature = "ssr")]
mod look;
#[cfg(feature = "ssr")]
mod runs;

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub(crate) use runs::of_runs;

/// A chart with its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartView {
    /// What it shows, in a few words.
    pub title: String,
    /// What it comes to, for those who do not see it.
    pub summary: String,
    /// The options of ECharts, as JSON; none where there is nothing to show.
    pub option: Option<String>,
    /// Each colour's token and what it stands for; empty where there is one.
    pub legend: Vec<(String, String)>,
    /// The table's head. The first column names the rows, the others hold
    /// figures.
    pub head: Vec<String>,
    /// The table's rows.
    pub rows: Vec<Vec<String>>,
}

/// One figure over the charts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureView {
    /// Its name.
    pub label: String,
    /// The figure with its unit; `–` where there is none.
    pub value: String,
    /// What it is made of.
    pub hint: String,
}

/// How runs went, for the eye.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCharts {
    /// The figures that count most.
    pub figures: Vec<FigureView>,
    /// What is covered, and by what it is cut up.
    pub about: String,
    /// The charts.
    pub charts: Vec<ChartView>,
}
