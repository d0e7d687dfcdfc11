//! Amounts as platforms write them, which may be finer than the currency.

use calibr_model::{Currency, Money};

/// An amount in minor units, rounded half away from zero where it is written
/// finer than the currency; nothing is none. `None` where it is no amount.
pub(crate) fn rounded(text: &str, currency: Currency) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0);
    }
    if let Ok(money) = Money::parse_decimal(text, currency) {
        return Some(money.amount_minor);
    }
    let kept = usize::try_from(currency.exponent()).ok()?;
    let (whole, fraction) = text.split_once('.')?;
    let (keep, rest) = fraction.split_at_checked(kept)?;
    let digits = rest.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return None;
    }
    let cut = match kept {
        0 => whole.to_owned(),
        _ => format!("{whole}.{keep}"),
    };
    let minor = Money::parse_decimal(&cut, currency).ok()?.amount_minor;
    let up = i64::from(rest.as_bytes().first().is_some_and(|digit| *digit >= b'5'));
    Some(if text.starts_with('-') {
        minor - up
    } else {
        minor + up
    })
}

/// `part` of `whole`'s share of `amount`, rounded towards zero; nothing where
/// there is no whole.
pub(crate) fn share(amount: i64, part: i64, whole: i64) -> i64 {
    let share = (i128::from(amount) * i128::from(part))
        .checked_div(i128::from(whole))
        .unwrap_or(0);
    i64::try_from(share).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finer_amounts_are_rounded_and_others_refused() {
        let read = |text, code: &str| rounded(text, code.parse().unwrap());
        assert_eq!(read("1.005", "EUR"), Some(101));
        assert_eq!(read("-1.005", "EUR"), Some(-101));
        assert_eq!(read("1.0049", "EUR"), Some(100));
        assert_eq!(read("1200.50", "JPY"), Some(1_201));
        assert_eq!(read("1200.0", "JPY"), Some(1_200));
        assert_eq!(read("", "EUR"), Some(0));
        assert_eq!(read("1,00", "EUR"), None);
        assert_eq!(read("abc", "EUR"), None);
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(share(1_000, 1, 3), 333);
        assert_eq!(share(1_000, 1, 0), 0);
        assert_eq!(share(i64::MAX, i64::MAX, 1), i64::MAX);
    }

    proptest! {
        #[test]
        fn no_amount_panics(text in ".{0,24}", code in "EUR|JPY|KWD") {
            let _read = rounded(&text, code.parse().unwrap());
        }
    }
}
