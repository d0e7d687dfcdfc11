//! Money as an integer of minor units with an ISO 4217 currency.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An ISO 4217 alphabetic currency code, such as `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "EUR"))]
#[serde(into = "String", try_from = "String")]
pub struct Currency([u8; 3]);

/// Currencies whose minor unit is not a hundredth (ISO 4217, list one).
const NO_DECIMALS: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
];
const THREE_DECIMALS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

impl Currency {
    /// The code in capitals.
    pub fn code(&self) -> &str {
        // The constructor admits ASCII capitals only.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimal digits the minor unit has: 2 for EUR, 0 for JPY.
    pub fn exponent(&self) -> u32 {
        let code = self.code();
        if NO_DECIMALS.contains(&code) {
            0
        } else if THREE_DECIMALS.contains(&code) {
            3
        } else {
            2
        }
    }

    /// The sign people write before an amount, or `None` where the code itself
    /// is clearer.
    pub fn symbol(&self) -> Option<&'static str> {
        Some(match self.code() {
            "EUR" => "€",
            "GBP" => "£",
            "USD" => "$",
            "JPY" => "¥",
            "INR" => "₹",
            "KRW" => "₩",
            "AUD" => "A$",
            "CAD" => "CA$",
            "NZD" => "NZ$",
            _ => return None,
        })
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let upper = text.trim().to_ascii_uppercase();
        match <[u8; 3]>::try_from(upper.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError::Currency(text.chars().take(16).collect())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of one currency, in its minor unit: 12.34 EUR is 1234.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// The amount in minor units of the currency.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not three letters.
    #[error("\"{0}\" is not a currency code; give three letters such as EUR")]
    Currency(String),
    /// Not a plain decimal number.
    #[error("\"{0}\" is not an amount; give a number such as 12.50")]
    Amount(String),
    /// More decimals than the currency has.
    #[error("\"{amount}\" has more decimals than {currency} allows ({exponent})")]
    Precision {
        /// The text as given.
        amount: String,
        /// The currency it was read in.
        currency: Currency,
        /// How many decimals that currency has.
        exponent: u32,
    },
    /// Beyond what 64 bits hold.
    #[error("\"{0}\" is too large an amount")]
    Overflow(String),
}

impl Money {
    /// An amount in minor units.
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }

    /// Reads a plain decimal such as `"12.50"`, `"-3"` or `"0.000"` exactly;
    /// further decimals are accepted only where they are zeros. No grouping, no
    /// exponent, no currency sign.
    ///
    /// # Errors
    /// [`MoneyError`] where the text is no such number, is more precise than
    /// the currency, or does not fit.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let shown = || text.chars().take(40).collect::<String>();
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let empty_part = whole.is_empty() || (digits.contains('.') && fraction.is_empty());
        if empty_part || !numeric(whole) || !numeric(fraction) {
            return Err(MoneyError::Amount(shown()));
        }
        let exponent = currency.exponent();
        let kept = fraction.len().min(exponent as usize);
        if fraction[kept..].bytes().any(|byte| byte != b'0') {
            return Err(MoneyError::Precision {
                amount: shown(),
                currency,
                exponent,
            });
        }
        let padded = format!(
            "{whole}{:0<width$}",
            &fraction[..kept],
            width = exponent as usize
        );
        let magnitude: i64 = padded.parse().map_err(|_| MoneyError::Overflow(shown()))?;
        let amount_minor = if negative { -magnitude } else { magnitude };
        Ok(Self::new(amount_minor, currency))
    }

    /// The plain decimal that platforms take: `12.50`, without sign or grouping.
    pub fn to_decimal(self) -> String {
        let exponent = self.currency.exponent();
        let magnitude = self.amount_minor.unsigned_abs();
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        if exponent == 0 {
            return format!("{sign}{magnitude}");
        }
        let scale = 10_u64.pow(exponent);
        format!(
            "{sign}{}.{:0width$}",
            magnitude / scale,
            magnitude % scale,
            width = exponent as usize
        )
    }
}

impl fmt::Display for Money {
    /// For people: `€1,234.50`, or `1,234.50 CHF` where there is no sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = Money::new(self.amount_minor.saturating_abs(), self.currency).to_decimal();
        let (whole, fraction) = decimal.split_once('.').unwrap_or((&decimal, ""));
        let mut grouped = String::with_capacity(decimal.len() + 4);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if !fraction.is_empty() {
            grouped.push('.');
            grouped.push_str(fraction);
        }
        let sign = if self.amount_minor < 0 { "−" } else { "" };
        match self.currency.symbol() {
            Some(symbol) => write!(f, "{sign}{symbol}{grouped}"),
            None => write!(f, "{sign}{grouped} {}", self.currency),
        }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn reads_decimals_by_the_currency() {
        let read = |text, code| Money::parse_decimal(text, currency(code)).map(|m| m.amount_minor);
        assert_eq!(read("12.5", "EUR"), Ok(1250));
        assert_eq!(read("-0.05", "EUR"), Ok(-5));
        assert_eq!(read("12.5000", "EUR"), Ok(1250));
        assert_eq!(read("1200", "JPY"), Ok(1200));
        assert_eq!(read("1200.00", "JPY"), Ok(1200));
        assert_eq!(read("1.234", "KWD"), Ok(1234));
        assert!(matches!(
            read("1.234", "EUR"),
            Err(MoneyError::Precision { .. })
        ));
        assert!(matches!(
            read("99999999999999999999", "EUR"),
            Err(MoneyError::Overflow(_))
        ));
        for bad in [
            "", "abc", "1,50", "1e3", "--1", "1.", ".5", "€5", "1 000", "١٢",
        ] {
            assert!(
                matches!(read(bad, "EUR"), Err(MoneyError::Amount(_))),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn shows_amounts_to_people() {
        assert_eq!(
            Money::new(123_450, currency("EUR")).to_string(),
            "€1,234.50"
        );
        assert_eq!(Money::new(-5, currency("USD")).to_string(), "−$0.05");
        assert_eq!(
            Money::new(1_000_000, currency("JPY")).to_string(),
            "¥1,000,000"
        );
        assert_eq!(Money::new(99, currency("CHF")).to_string(), "0.99 CHF");
    }

    proptest! {
        #[test]
        fn a_written_amount_reads_back(amount in i64::MIN + 1..i64::MAX, code in "EUR|JPY|KWD") {
            let money = Money::new(amount, currency(&code));
            prop_assert_eq!(Money::parse_decimal(&money.to_decimal(), money.currency), Ok(money));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}", code in "EUR|JPY|KWD") {
            let _read = Money::parse_decimal(&text, currency(&code));
            let _code = text.parse::<Currency>();
        }
    }
}
