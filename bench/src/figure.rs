//! The figures, for people and for programs.

use std::io::{Write as _, stderr, stdout};

use clap::ValueEnum as _;
use serde::Serialize;

use crate::Suite;

/// One measured value.
#[derive(Debug, Serialize)]
struct Figure {
    suite: String,
    name: String,
    value: f64,
    unit: &'static str,
    /// What it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    met: Option<bool>,
}

/// What a value should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

/// All figures of one run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    suite: String,
    figures: Vec<Figure>,
    /// Suites that could not be measured here, and why.
    passed_over: Vec<(String, &'static str)>,
}

impl Report {
    pub(crate) fn section(&mut self, suite: Suite) {
        self.suite = suite
            .to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default();
        note(&format!("measuring {} …", self.suite));
    }

    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.push(name.into(), value, unit, None);
    }

    pub(crate) fn aim(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        aim: Aim,
    ) {
        self.push(name.into(), value, unit, Some(aim));
    }

    /// Says that this suite is left out, and why.
    pub(crate) fn pass_over(&mut self, why: &'static str) {
        self.passed_over.push((self.suite.clone(), why));
    }

    fn push(&mut self, name: String, value: f64, unit: &'static str, aim: Option<Aim>) {
        let met = aim.map(|aim| match aim {
            Aim::AtLeast(bound) => value >= bound,
            Aim::AtMost(bound) => value <= bound,
        });
        let aim = aim.map(|aim| match aim {
            Aim::AtLeast(bound) => format!("≥ {bound}"),
            Aim::AtMost(bound) => format!("≤ {bound}"),
        });
        self.figures.push(Figure {
            suite: self.suite.clone(),
            name,
            value,
            unit,
            aim,
            met,
        });
    }

    /// The table, then a line of JSON for each figure.
    pub(crate) fn print(&self) {
        let mut out = stdout().lock();
        let _nobody_reads = self.write(&mut out);
    }

    fn write(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        writeln!(
            out,
            "\n{:<18} {:<52} {:>14} {:<10} aim",
            "suite", "figure", "value", "unit"
        )?;
        for figure in &self.figures {
            let mark = match figure.met {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "",
            };
            writeln!(
                out,
                "{:<18} {:<52} {:>14} {:<10} {} {mark}",
                figure.suite,
                figure.name,
                rounded(figure.value),
                figure.unit,
                figure.aim.as_deref().unwrap_or_default()
            )?;
        }
        for (suite, why) in &self.passed_over {
            writeln!(out, "{suite:<18} passed over: {why}")?;
        }
        writeln!(out)?;
        for figure in &self.figures {
            serde_json::to_writer(&mut *out, figure)?;
            writeln!(out)?;
        }
        Ok(())
    }
}

fn rounded(value: f64) -> String {
    if value.abs() < 100.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}

/// Says how it goes on, apart from the figures.
pub(crate) fn note(text: &str) {
    let _nobody_reads = writeln!(stderr(), "{text}");
}

/// The median of some measurements.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => 0.0,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
}
