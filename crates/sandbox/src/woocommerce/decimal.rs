//! Amounts as WooCommerce keeps them: texts, cleaned up but never checked.

/// What WooCommerce makes of a price that it is given (`wc_format_decimal`): everything but
/// digits, dots and minus signs goes, and all dots but the last. So `abc` becomes nothing, `1,50`
/// becomes `150`, and `-3` stays.
pub(crate) fn clean(text: &str) -> String {
    let kept: Vec<char> = text
        .chars()
        .filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
        .collect();
    let last_dot = kept.iter().rposition(|c| *c == '.');
    kept.iter()
        .enumerate()
        .filter(|(place, c)| **c != '.' || Some(*place) == last_dot)
        .map(|(_, c)| *c)
        .collect()
}

/// Writes minor units with `decimals` digits after the point.
pub(crate) fn write(minor: i64, decimals: u32) -> String {
    let digits = decimals as usize;
    if digits == 0 {
        return minor.to_string();
    }
    let sign = if minor < 0 { "-" } else { "" };
    let figures = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, part) = figures.split_at(figures.len() - digits);
    format!("{sign}{whole}.{part}")
}

/// The number that a kept text stands for; nothing counts as none.
pub(crate) fn value(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_cleaned_up_but_not_checked() {
        for (given, kept) in [
            ("12.50", "12.50"),
            ("abc", ""),
            ("-3", "-3"),
            ("1,50", "150"),
            ("1.000.50", "1000.50"),
            ("€ 9.99", "9.99"),
            ("1e3", "13"),
        ] {
            assert_eq!(clean(given), kept, "{given}");
        }
    }

    #[test]
    fn amounts_are_written_with_the_digits_asked_for() {
        assert_eq!(write(1_205, 2), "12.05");
        assert_eq!(write(-5, 2), "-0.05");
        assert_eq!(write(1_200, 0), "1200");
        assert_eq!(write(1_200, 3), "1.200");
    }
}
