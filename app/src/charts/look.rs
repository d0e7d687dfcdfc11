//! What charts have in common. What is the same for all and says nothing
//! (letters, lines, the tooltip's card) is put in by `frontend/charts.js`.

use charming::{
    Chart,
    component::{Aria, Axis, Grid},
    datatype::{CompositeValue, DataPoint},
    element::{
        AreaStyle, AxisLabel, AxisPointer, AxisPointerType, AxisType, Color, ItemStyle, LineStyle,
        Tooltip, Trigger,
    },
    series::{Bar, Line},
};

/// A series: its name, the token of its colour, and a value for each category,
/// where there is one.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) token: &'static str,
    pub(super) values: Vec<Option<f64>>,
}

impl Series {
    fn color(&self) -> Color {
        Color::Value(format!("var(--{})", self.token))
    }

    fn points(&self) -> Vec<DataPoint> {
        self.values.iter().map(|value| point(*value)).collect()
    }

    /// What the legend says of it.
    pub(super) fn legend(&self) -> (String, String) {
        (self.token.to_owned(), self.name.clone())
    }
}

/// What ECharts takes for "no value" is a dash.
fn point(value: Option<f64>) -> DataPoint {
    DataPoint::Value(match value {
        Some(value) => CompositeValue::from(value),
        None => CompositeValue::from("-"),
    })
}

fn base(unit: &str) -> Chart {
    Chart::new()
        .aria(Aria::new().enabled(true))
        .grid(
            Grid::new()
                .left(0)
                .right(12)
                .top(12)
                .bottom(0)
                .contain_label(true),
        )
        .tooltip(
            Tooltip::new()
                .trigger(Trigger::Axis)
                .value_formatter(template(unit).as_str())
                .axis_pointer(AxisPointer::new().type_(AxisPointerType::Shadow)),
        )
}

/// `{value} s`: how ECharts is told to write a value.
fn template(unit: &str) -> String {
    format!("{{value}}{unit}")
}

fn categories(names: Vec<String>) -> Axis {
    Axis::new().type_(AxisType::Category).data(names)
}

fn values(unit: &str) -> Axis {
    Axis::new()
        .type_(AxisType::Value)
        .min(0)
        .split_number(4)
        .axis_label(AxisLabel::new().formatter(template(unit).as_str()))
}

/// Bars that stand on each other, one for each category.
pub(super) fn stacked_bars(names: Vec<String>, series: &[Series]) -> Chart {
    let chart = base("")
        .x_axis(categories(names))
        .y_axis(values("").min_interval(1));
    series.iter().fold(chart, |chart, one| {
        let bar = Bar::new()
            .name(one.name.as_str())
            .stack("all")
            .item_style(ItemStyle::new().color(one.color()))
            .data(one.points());
        chart.series(bar)
    })
}

/// Lines over time; without a value a line has a gap.
pub(super) fn lines(names: Vec<String>, unit: &str, series: &[Series]) -> Chart {
    let chart = base(unit).x_axis(categories(names)).y_axis(values(unit));
    series.iter().fold(chart, |chart, one| {
        // A single line may be filled: it hides no other.
        let filled = if series.len() == 1 { 0.12 } else { 0.0 };
        let line = Line::new()
            .name(one.name.as_str())
            .item_style(ItemStyle::new().color(one.color()))
            .line_style(LineStyle::new().width(2).color(one.color()))
            .area_style(AreaStyle::new().color(one.color()).opacity(filled))
            .data(one.points());
        chart.series(line)
    })
}

/// A bar for each name, the first at the top.
pub(super) fn ranking(names: Vec<String>, series: &Series) -> Chart {
    let bar = Bar::new()
        .name(series.name.as_str())
        .bar_width("60%")
        .item_style(ItemStyle::new().color(series.color()))
        .data(series.points());
    base("")
        .x_axis(values("").min_interval(1))
        .y_axis(categories(names).inverse(true))
        .series(bar)
}
