//! Amounts as the platforms write them: decimal strings with the digits of the currency.

/// Digits after the point of an ISO 4217 currency.
fn digits(currency: &str) -> u32 {
    match currency {
        "CLP" | "JPY" | "KRW" | "VND" => 0,
        "KWD" => 3,
        _ => 2,
    }
}

/// Writes an amount of minor units, such as 1200 as `12.00`.
pub(crate) fn write(minor: i64, currency: &str) -> String {
    let digits = digits(currency) as usize;
    if digits == 0 {
        return minor.to_string();
    }
    let sign = if minor < 0 { "-" } else { "" };
    let figures = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, part) = figures.split_at(figures.len() - digits);
    format!("{sign}{whole}.{part}")
}

/// Reads a decimal string into minor units; further digits are rounded half away from zero.
pub(crate) fn read(text: &str, currency: &str) -> Option<i64> {
    let digits = digits(currency) as usize;
    let text = text.trim();
    let (negative, figures) = match text.strip_prefix('-') {
        Some(figures) => (true, figures),
        None => (false, text),
    };
    let (whole, part) = figures.split_once('.').unwrap_or((figures, ""));
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric(whole) || !numeric(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let kept: String = part
        .chars()
        .chain(std::iter::repeat('0'))
        .take(digits)
        .collect();
    let mut minor: i64 = format!("0{whole}{kept}").parse().ok()?;
    if part
        .as_bytes()
        .get(digits)
        .is_some_and(|digit| *digit >= b'5')
    {
        minor += 1;
    }
    Some(if negative { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        assert_eq!(write(1_200, "EUR"), "12.00");
        assert_eq!(write(5, "EUR"), "0.05");
        assert_eq!(write(-5, "EUR"), "-0.05");
        assert_eq!(write(1_200, "JPY"), "1200");
        assert_eq!(write(1_200, "KWD"), "1.200");
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        assert_eq!(read("12", "EUR"), Some(1_200));
        assert_eq!(read("12.5", "EUR"), Some(1_250));
        assert_eq!(read("12.345", "EUR"), Some(1_235));
        assert_eq!(read("-3", "EUR"), Some(-300));
        assert_eq!(read(".5", "EUR"), Some(50));
        for nonsense in ["", "abc", "1,5", "1.2.3", "."] {
            assert_eq!(read(nonsense, "EUR"), None, "{nonsense}");
        }
    }
}
