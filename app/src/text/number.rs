//! Numbers and spans of time.

use calibr_model::Money;

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

/// A decimal as people type it, with a point for a comma: `12,50` as `12.50`. What
/// may mean thousands stays as it is, for the reader to refuse.
pub(crate) fn with_point(typed: &str) -> String {
    let typed = typed.trim();
    if typed.contains('.') {
        typed.to_owned()
    } else {
        typed.replacen(',', ".", 1)
    }
}

/// Per cent as people type them in hundredths of one: `12,5` is 1,250. Nothing
/// where it is no number or has more than two decimals.
pub(crate) fn basis_points(typed: &str) -> Option<i64> {
    // The currency without a name has two decimals.
    let money = Money::parse_decimal(&with_point(typed), "XXX".parse().ok()?);
    money.ok().map(|money| money.amount_minor)
}

/// Hundredths of a per cent as people write them: `25`, `12.5`.
pub(crate) fn percent(basis_points: i64) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How far a price moves: `+25%`, `−12.5%`. Nothing where it cannot be said.
pub(crate) fn change(old: Money, new: Money) -> Option<String> {
    if old.currency != new.currency || old.amount_minor <= 0 {
        return None;
    }
    // For the eye alone: what is sent is never computed from it.
    let ratio = new.amount_minor as f64 / old.amount_minor as f64 - 1.0;
    let share = percent((ratio.abs() * 1_000.0).round() as i64 * 10);
    let sign = if ratio < 0.0 { "−" } else { "+" };
    Some(format!("{sign}{share}%"))
}

/// A file's size: `840 bytes`, `12 kB`, `3.4 MB`.
pub(crate) fn bytes(size: i64) -> String {
    match size {
        ..1_000 => format!("{size} bytes"),
        1_000..1_000_000 => format!("{} kB", (size + 500) / 1_000),
        _ => format!("{}.{} MB", size / 1_000_000, size % 1_000_000 / 100_000),
    }
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
    fn decimals_are_read_as_people_type_them() {
        assert_eq!(with_point(" 12,50 "), "12.50");
        assert_eq!(with_point("1,234.50"), "1,234.50");
        for (typed, read) in [
            ("10", Some(1_000)),
            ("12,5", Some(1_250)),
            ("-7.25", Some(-725)),
            ("1,234", None),
            ("", None),
            ("ten", None),
        ] {
            assert_eq!(basis_points(typed), read, "{typed}");
        }
        assert_eq!(percent(2_500), "25");
        assert_eq!(percent(1_250), "12.5");
    }

    #[test]
    fn sizes_are_told_in_the_nearest_unit() {
        assert_eq!(bytes(840), "840 bytes");
        assert_eq!(bytes(12_345), "12 kB");
        assert_eq!(bytes(3_400_000), "3.4 MB");
    }

    #[test]
    fn a_price_moves_by_a_share() {
        let euro = |amount| Money::new(amount, "EUR".parse().unwrap());
        let moved = |old, new| change(euro(old), euro(new));
        assert_eq!(moved(1_000, 1_250).as_deref(), Some("+25%"));
        assert_eq!(moved(1_000, 875).as_deref(), Some("−12.5%"));
        assert_eq!(moved(3_000, 1_000).as_deref(), Some("−66.7%"));
        assert_eq!(moved(0, 1_000), None);
        let yen = Money::new(1_000, "JPY".parse().unwrap());
        assert_eq!(change(euro(1_000), yen), None);
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
