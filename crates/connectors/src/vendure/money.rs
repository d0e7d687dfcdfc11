//! Amounts as a Vendure server keeps them: integers of one precision, whatever
//! the currency. With 2, which is the default, 1200 is 12.00 of yen too.

use std::cmp::Ordering;

use calibr_model::{Currency, Money};

/// The largest amount that goes through JSON as it is.
const LARGEST: i64 = (1 << 53) - 1;

/// A server's amount where it is one of the currency exactly.
pub(super) fn exact(amount: i64, precision: u32, currency: Currency) -> Option<Money> {
    let scale = scale(precision, currency)?;
    let minor = match currency.exponent().cmp(&precision) {
        Ordering::Equal => amount,
        Ordering::Greater => amount.checked_mul(scale)?,
        Ordering::Less if amount % scale == 0 => amount / scale,
        Ordering::Less => return None,
    };
    Some(Money::new(minor, currency))
}

/// A server's amount, rounded to the currency: what Vendure works out from
/// prices, such as a tax, may be finer.
pub(super) fn rounded(amount: i64, precision: u32, currency: Currency) -> Option<Money> {
    if currency.exponent() >= precision {
        return exact(amount, precision, currency);
    }
    let scale = scale(precision, currency)?;
    Some(Money::new(share(amount, 1, scale)?, currency))
}

/// An amount as the server keeps it; `None` where that is not fine enough for
/// it, or it is too large to be sent.
pub(super) fn kept(money: Money, precision: u32) -> Option<i64> {
    let scale = scale(precision, money.currency)?;
    let minor = money.amount_minor;
    let kept = match money.currency.exponent().cmp(&precision) {
        Ordering::Equal => minor,
        Ordering::Less => minor.checked_mul(scale)?,
        Ordering::Greater if minor % scale == 0 => minor / scale,
        Ordering::Greater => return None,
    };
    (kept.abs() <= LARGEST).then_some(kept)
}

/// `part` of `whole` of an amount, rounded, halves away from zero; nothing of
/// nothing.
pub(super) fn share(amount: i64, part: i64, whole: i64) -> Option<i64> {
    if whole == 0 {
        return Some(0);
    }
    let product = i128::from(amount) * i128::from(part);
    let whole = i128::from(whole);
    let (quotient, rest) = (product / whole, product % whole);
    let up = if rest.abs() * 2 >= whole.abs() {
        product.signum() * whole.signum()
    } else {
        0
    };
    i64::try_from(quotient + up).ok()
}

fn scale(precision: u32, currency: Currency) -> Option<i64> {
    10_i64.checked_pow(currency.exponent().abs_diff(precision))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn an_amount_is_read_by_the_servers_precision() {
        let read = |code, precision, amount| {
            exact(amount, precision, currency(code)).map(Money::to_decimal)
        };
        assert_eq!(read("USD", 2, 219_900).as_deref(), Some("2199.00"));
        assert_eq!(read("USD", 3, 219_900).as_deref(), Some("219.90"));
        assert_eq!(read("USD", 3, 219_901), None);
        assert_eq!(read("JPY", 2, 120_000).as_deref(), Some("1200"));
        assert_eq!(read("JPY", 0, 1_200).as_deref(), Some("1200"));
        assert_eq!(read("KWD", 2, 1_250).as_deref(), Some("12.500"));
        assert_eq!(read("KWD", 2, i64::MAX), None);
        assert_eq!(read("USD", 40, 1), None);
    }

    #[test]
    fn what_is_finer_is_rounded_where_it_may_be() {
        let read = |code, precision, amount| {
            rounded(amount, precision, currency(code)).map(Money::to_decimal)
        };
        assert_eq!(read("JPY", 2, 10_909).as_deref(), Some("109"));
        assert_eq!(read("JPY", 2, 10_950).as_deref(), Some("110"));
        assert_eq!(read("JPY", 2, -10_950).as_deref(), Some("-110"));
        assert_eq!(read("USD", 2, 10_909).as_deref(), Some("109.09"));
    }

    #[test]
    fn an_amount_is_sent_only_where_the_server_can_keep_it() {
        let sent = |text: &str, code, precision| {
            kept(
                Money::parse_decimal(text, currency(code)).unwrap(),
                precision,
            )
        };
        assert_eq!(sent("19.99", "USD", 2), Some(1_999));
        assert_eq!(sent("1200", "JPY", 2), Some(120_000));
        assert_eq!(sent("12.500", "KWD", 2), Some(1_250));
        assert_eq!(sent("12.505", "KWD", 2), None);
        assert_eq!(sent("90071992547409.91", "USD", 2), Some(LARGEST));
        assert_eq!(sent("90071992547409.92", "USD", 2), None);
    }

    #[test]
    fn a_share_is_rounded() {
        assert_eq!(share(100, 1, 3), Some(33));
        assert_eq!(share(100, 2, 3), Some(67));
        assert_eq!(share(-1, 1, 2), Some(-1));
        assert_eq!(share(5, 3, 0), Some(0));
        assert_eq!(share(i64::MAX, 3, 1), None);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_read_back(minor: i64, precision in 0_u32..8, code in "USD|JPY|KWD") {
            let money = Money::new(minor, currency(&code));
            if let Some(amount) = kept(money, precision) {
                prop_assert_eq!(exact(amount, precision, money.currency), Some(money));
                prop_assert_eq!(rounded(amount, precision, money.currency), Some(money));
            }
        }

        #[test]
        fn no_amount_panics(amount: i64, part: i64, whole: i64, precision in 0_u32..30) {
            let _exact = exact(amount, precision, currency("JPY"));
            let _rounded = rounded(amount, precision, currency("JPY"));
            let _share = share(amount, part, whole);
        }
    }
}
