//! Amounts that must never reach a store.

use calibr_connectors::prices::{CompareAt, PriceChange};
use calibr_model::Money;

/// Amounts that are not above zero, or of other money than `own`.
pub(crate) fn senseless(own: &str) -> Vec<Money> {
    let of = |code: &str, minor| Money::new(minor, code.parse().unwrap());
    let below = [0, -1, -2, -99, -100, -300, -12_345, i64::MIN, i64::MIN + 1];
    let mut all: Vec<_> = below.map(|minor| of(own, minor)).into();
    for code in ["EUR", "USD", "GBP", "JPY", "KWD", "CHF", "PLN"] {
        if code != own {
            all.extend([1, 100, 1_000, i64::MAX, 0, -1, i64::MIN].map(|minor| of(code, minor)));
        }
    }
    assert!(all.len() >= 50, "{}", all.len());
    all
}

/// A change that is sound but for this amount: as its price, and as its
/// struck-through price.
pub(crate) fn spoiled(sound: &PriceChange, amount: Money) -> [PriceChange; 2] {
    [
        PriceChange {
            price: amount,
            ..sound.clone()
        },
        PriceChange {
            compare_at: CompareAt::Set(amount),
            ..sound.clone()
        },
    ]
}
