//! Reading a price as people and spreadsheets write it: pure rules.

use calibr_model::{Currency, Money, MoneyError};

use super::judge::Refusal;

/// No price is written with more characters.
const LONGEST: usize = 60;

/// Currencies whose signs are known here.
const SIGNED: [&str; 9] = [
    "EUR", "GBP", "USD", "JPY", "INR", "KRW", "AUD", "CAD", "NZD",
];

/// Reads a price as people and spreadsheets write it: `12.50`, `12,50`,
/// `1,234.50`, `1.234,50`, `1 234,50`, with the currency's code or sign before or
/// behind it. What could mean two amounts is refused, and so is another currency.
pub(super) fn read_price(text: &str, currency: Currency) -> Result<Money, Refusal> {
    let text = text.trim_matches(is_blank);
    let shown: String = text.chars().take(40).collect();
    let unreadable = || {
        Refusal::new(
            "price_unreadable",
            format!("\"{shown}\" is not a price; give a number such as 12.50."),
        )
    };
    if text.chars().nth(LONGEST).is_some() {
        return Err(unreadable());
    }
    let (number, mark) = apart(text).ok_or_else(unreadable)?;
    match Mark::of(mark, currency) {
        Mark::Own if number.is_empty() => {
            return Err(Refusal::new(
                "price_missing",
                "There is no price. A blank one is never sent; give a number such as 12.50.",
            ));
        }
        Mark::Own => {}
        Mark::Foreign if !number.is_empty() => return Err(other_currency(currency, mark)),
        Mark::Foreign | Mark::Unknown => return Err(unreadable()),
    }
    let plain = ungrouped(number).ok_or_else(unreadable)?;
    Money::parse_decimal(&plain, currency).map_err(|error| match error {
        MoneyError::Precision { exponent, .. } if has_three_decimals(&plain) => Refusal::new(
            "price_unreadable",
            format!(
                "\"{shown}\" could be thousands or a fraction; {currency} has {exponent} \
                 decimals. Write it without separators between thousands."
            ),
        ),
        MoneyError::Precision { exponent, .. } => Refusal::new(
            "price_unreadable",
            format!("\"{shown}\" has more decimals than {currency} has ({exponent})."),
        ),
        MoneyError::Overflow(_) => Refusal::new(
            "price_unreadable",
            format!("\"{shown}\" is too large a price."),
        ),
        MoneyError::Amount(_) | MoneyError::Currency(_) => unreadable(),
    })
}

/// The refusal of a price in another currency than the listing's; `named` is its
/// code or sign.
pub(super) fn other_currency(currency: Currency, named: &str) -> Refusal {
    Refusal::new(
        "other_currency",
        format!("This listing's prices are in {currency}, not in {named}."),
    )
}

/// Whether a character shows nothing.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// Whether a character can be part of a number that a person wrote.
fn is_numeric(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '.' | ',' | '\'' | '-')
}

/// The number, and what stands before or behind it; `None` where something
/// stands on both sides.
fn apart(text: &str) -> Option<(&str, &str)> {
    let Some(begin) = text.find(is_numeric) else {
        return Some(("", text));
    };
    let end = text.rfind(is_numeric).map_or(text.len(), |last| last + 1);
    let before = text.get(..begin)?.trim_end_matches(is_blank);
    let behind = text.get(end..)?.trim_start_matches(is_blank);
    let number = text.get(begin..end)?;
    match (before, behind) {
        (mark, "") | ("", mark) => Some((number, mark)),
        _ => None,
    }
}

/// Whose a mark beside a number is.
enum Mark {
    /// The listing's currency, or there is none.
    Own,
    /// Another currency.
    Foreign,
    /// Nobody's.
    Unknown,
}

impl Mark {
    fn of(mark: &str, currency: Currency) -> Self {
        let is_own = mark.is_empty()
            || currency.code().eq_ignore_ascii_case(mark)
            || currency.symbol() == Some(mark);
        if is_own {
            return Self::Own;
        }
        let is_code = mark.len() == 3 && mark.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_sign = SIGNED.iter().any(|code| {
            let known = code.parse::<Currency>().ok();
            known.and_then(|known| known.symbol()) == Some(mark)
        });
        if is_code || is_sign {
            Self::Foreign
        } else {
            Self::Unknown
        }
    }
}

fn has_three_decimals(plain: &str) -> bool {
    plain
        .split_once('.')
        .is_some_and(|(_, decimals)| decimals.len() == 3)
}

/// The number with a point before its decimals and nothing between its
/// thousands.
fn ungrouped(text: &str) -> Option<String> {
    // A space of any width is a space.
    let text: String = text
        .chars()
        .map(|character| match character {
            _ if character.is_whitespace() => ' ',
            '’' => '\'',
            _ => character,
        })
        .collect();
    let separators: Vec<char> = text
        .chars()
        .filter(|character| matches!(character, '.' | ',' | '\'' | ' '))
        .collect();
    let Some(last) = separators.last().copied() else {
        return Some(text);
    };
    let occurs = |sign: char| separators.iter().filter(|other| **other == sign).count();
    if !matches!(last, '.' | ',') || occurs(last) > 1 {
        // Only separators of thousands.
        return grouped(&text, last);
    }
    let (whole, decimals) = text.rsplit_once(last)?;
    if decimals.is_empty() {
        return None;
    }
    let whole = match separators.iter().find(|sign| **sign != last) {
        Some(group) => grouped(whole, *group)?,
        None => whole.to_owned(),
    };
    Some(format!("{whole}.{decimals}"))
}

/// Takes separators of thousands out, where they stand where they belong.
fn grouped(text: &str, separator: char) -> Option<String> {
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let leading = first.trim_start_matches('-').len();
    if leading == 0 || leading > 3 {
        return None;
    }
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn prices_are_read_as_people_write_them() {
        let read = |text, code| read_price(text, currency(code)).unwrap().amount_minor;
        for text in [
            "12.50",
            "12,50",
            " 12.5 ",
            "€12.50",
            "12,50 €",
            "12.50 EUR",
            "EUR 12.50",
        ] {
            assert_eq!(read(text, "EUR"), 1_250, "{text}");
        }
        for text in [
            "1234.50",
            "1,234.50",
            "1.234,50",
            "1'234.50",
            "1 234,50",
            "1\u{a0}234,50",
            "1\u{202f}234,50 €",
            "1’234.50 eur",
        ] {
            assert_eq!(read(text, "EUR"), 123_450, "{text}");
        }
        assert_eq!(read("1,234,567.00", "EUR"), 123_456_700);
        assert_eq!(read("1.234.567", "EUR"), 123_456_700);
        assert_eq!(read("1980", "JPY"), 1_980);
        assert_eq!(read("¥1980", "JPY"), 1_980);
        assert_eq!(read("1.234", "KWD"), 1_234);
    }

    #[test]
    fn another_currency_is_told_apart_from_what_is_no_price() {
        let code = |text| read_price(text, currency("EUR")).unwrap_err().code;
        for text in ["12.50 USD", "USD 12.50", "$12.50", "12.50£", "A$ 5"] {
            assert_eq!(code(text), "other_currency", "{text}");
        }
        for text in ["12.50 dollars", "12.50 ×", "€ 12.50 EUR", "12.5x"] {
            assert_eq!(code(text), "price_unreadable", "{text}");
        }
        for text in ["", "\u{a0}", "€", "EUR"] {
            assert_eq!(code(text), "price_missing", "{text:?}");
        }
    }
}
