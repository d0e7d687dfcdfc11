//! Numbers and spans of time.

/// `12400` as `12,400`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    if number < 0 {
        text.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 item`, `12,400 items`.
pub(crate) fn counted(number: i64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// A span in seconds in its two largest units: `45 s`, `2 min 05 s`, `3 h 10 min`.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0 => "under 1 s".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// A span that is only an estimate: `a few seconds`, `about 40 s`, `about 12 min`.
pub(crate) fn rough_span(seconds: i64) -> String {
    match seconds {
        ..5 => "a few seconds".to_owned(),
        5..90 => format!("about {} s", (seconds + 4) / 5 * 5),
        90..5_400 => format!("about {} min", (seconds + 30) / 60),
        _ => format!("about {} h", (seconds + 1_800) / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "−1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "item", "items"), "1 item");
        assert_eq!(counted(0, "item", "items"), "0 items");
    }

    #[test]
    fn spans_show_two_units_and_estimates_one() {
        assert_eq!(span(-3), "under 1 s");
        assert_eq!(span(59), "59 s");
        assert_eq!(span(125), "2 min 05 s");
        assert_eq!(span(11_400), "3 h 10 min");
        assert_eq!(rough_span(3), "a few seconds");
        assert_eq!(rough_span(38), "about 40 s");
        assert_eq!(rough_span(100), "about 2 min");
        assert_eq!(rough_span(8_000), "about 2 h");
    }
}
