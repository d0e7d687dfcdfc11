//! What a price must keep to before it is sent to a store.

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};

/// Bounds for prices of one currency in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guardrails {
    /// The currency that they are for.
    pub currency: Currency,
    /// No price below this, in minor units. Without it nothing is pushed
    /// without a person.
    pub floor_minor: Option<i64>,
    /// No price above this, in minor units.
    pub ceiling_minor: Option<i64>,
    /// No change beyond this share of the price before, in hundredths of a per
    /// cent: 2,500 is a quarter.
    pub max_change_bp: Option<u32>,
}

/// Why a price is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// A short code, the same for like breaches.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Guardrails {
    /// No bounds but the one that always holds: a price is above zero.
    pub const fn none(currency: Currency) -> Self {
        Self {
            currency,
            floor_minor: None,
            ceiling_minor: None,
            max_change_bp: None,
        }
    }

    /// Whether these bounds can be kept to at all.
    ///
    /// # Errors
    /// The field at fault, and a sentence for whoever filled it.
    pub fn validate(&self) -> Result<(), (&'static str, String)> {
        let positive = |name, value: Option<i64>| match value {
            Some(amount) if amount <= 0 => Err((
                name,
                "Give an amount above zero, or leave it empty.".to_owned(),
            )),
            _ => Ok(()),
        };
        positive("floor_minor", self.floor_minor)?;
        positive("ceiling_minor", self.ceiling_minor)?;
        if let (Some(floor), Some(ceiling)) = (self.floor_minor, self.ceiling_minor)
            && floor > ceiling
        {
            return Err((
                "ceiling_minor",
                "The ceiling is below the floor; no price could pass.".to_owned(),
            ));
        }
        match self.max_change_bp {
            Some(0) => Err((
                "max_change_bp",
                "Give a share above zero, or leave it empty.".to_owned(),
            )),
            Some(share) if share > 100_000 => Err((
                "max_change_bp",
                "Give at most 1000 per cent, or leave it empty.".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Whether a price may go from `old_minor` to `new_minor`.
    ///
    /// # Errors
    /// The first bound that it breaks.
    pub fn check(&self, old_minor: Option<i64>, new_minor: i64) -> Result<(), Breach> {
        let money = |amount| Money::new(amount, self.currency);
        if new_minor <= 0 {
            return Err(Breach {
                code: "price_not_positive",
                message: format!(
                    "{} is not above zero. A store would give the product away.",
                    money(new_minor)
                ),
            });
        }
        if let Some(floor) = self.floor_minor.filter(|floor| new_minor < *floor) {
            return Err(Breach {
                code: "below_floor",
                message: format!(
                    "{} is below the project's floor of {}.",
                    money(new_minor),
                    money(floor)
                ),
            });
        }
        if let Some(ceiling) = self.ceiling_minor.filter(|ceiling| new_minor > *ceiling) {
            return Err(Breach {
                code: "above_ceiling",
                message: format!(
                    "{} is above the project's ceiling of {}.",
                    money(new_minor),
                    money(ceiling)
                ),
            });
        }
        if let (Some(most), Some(old)) = (self.max_change_bp, old_minor.filter(|old| *old > 0)) {
            let change = (i128::from(new_minor) - i128::from(old)).abs() * 10_000;
            if change > i128::from(old) * i128::from(most) {
                return Err(Breach {
                    code: "change_too_large",
                    message: format!(
                        "From {} to {} is a change of more than {} per cent, the most that the \
                         project allows at once.",
                        money(old),
                        money(new_minor),
                        percent(most)
                    ),
                });
            }
        }
        Ok(())
    }

    /// Whether a struck-through price may stand beside a price.
    ///
    /// # Errors
    /// It is not above the price.
    pub fn check_compare_at(&self, price_minor: i64, compare_at_minor: i64) -> Result<(), Breach> {
        if compare_at_minor > price_minor {
            return Ok(());
        }
        let money = |amount| Money::new(amount, self.currency);
        Err(Breach {
            code: "compare_at_not_above",
            message: format!(
                "The struck-through price {} is not above the price {}.",
                money(compare_at_minor),
                money(price_minor)
            ),
        })
    }
}

/// Hundredths of a per cent as people write them: `25`, `12.5`.
fn percent(basis_points: u32) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Guardrails {
        Guardrails {
            currency: "EUR".parse().unwrap(),
            floor_minor: Some(500),
            ceiling_minor: Some(10_000),
            max_change_bp: Some(2_550),
        }
    }

    fn code(old: Option<i64>, new: i64) -> &'static str {
        bounds()
            .check(old, new)
            .map_or_else(|breach| breach.code, |()| "fine")
    }

    #[test]
    fn a_price_keeps_to_floor_ceiling_and_largest_change() {
        assert_eq!(code(Some(1_000), 1_255), "fine");
        assert_eq!(code(Some(1_000), 745), "fine");
        assert_eq!(code(Some(1_000), 1_256), "change_too_large");
        assert_eq!(code(Some(1_000), 744), "change_too_large");
        assert_eq!(code(Some(600), 499), "below_floor");
        assert_eq!(code(Some(9_900), 10_001), "above_ceiling");
        // Nothing to compare with.
        assert_eq!(code(None, 9_999), "fine");
        assert_eq!(code(Some(0), 9_999), "fine");
    }

    #[test]
    fn zero_and_less_never_pass() {
        let none = Guardrails::none("EUR".parse().unwrap());
        for amount in [0, -1, i64::MIN] {
            assert_eq!(
                none.check(None, amount).unwrap_err().code,
                "price_not_positive"
            );
        }
        assert_eq!(none.check(Some(1), i64::MAX), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let message = bounds().check(Some(1_000), 2_000).unwrap_err().message;
        assert_eq!(
            message,
            "From €10.00 to €20.00 is a change of more than 25.5 per cent, the most that the \
             project allows at once."
        );
        let upside_down = Guardrails {
            floor_minor: Some(2),
            ceiling_minor: Some(1),
            ..bounds()
        };
        assert_eq!(upside_down.validate().unwrap_err().0, "ceiling_minor");
        assert_eq!(bounds().validate(), Ok(()));
    }
}
