//! Whether a price may be sent for a listing: pure rules.

use std::collections::HashMap;

use calibr_model::{
    Currency, Guardrails, Money,
    status::ListingState,
    views::{PriceItemStatus, Rounding},
};
use calibr_store::{
    conflicts::OursToSend,
    prices::{CompareAtMinor, PricedListing, PushItem, RevertedPrice},
};

use super::amount::{other_currency, read_price};

/// A price as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Amount {
    /// With its currency.
    Money(Money),
    /// A text, in the listing's currency.
    Text(String),
    /// A text, with the currency that was named beside it.
    TextIn(String, Currency),
}

/// What becomes of the struck-through price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CompareAim {
    Keep,
    Clear,
    Set(Amount),
}

/// What a listing is to cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Aim {
    Price(Amount, CompareAim),
    Shift {
        basis_points: i32,
        rounding: Rounding,
    },
}

/// Why a line is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The rules of a project.
pub(super) struct Rules {
    bounds: HashMap<Currency, Guardrails>,
}

impl Rules {
    pub(super) fn new(bounds: Vec<Guardrails>) -> Self {
        Self {
            bounds: bounds
                .into_iter()
                .map(|bounds| (bounds.currency, bounds))
                .collect(),
        }
    }

    /// The item that a line becomes for a listing.
    pub(super) fn judge(
        &self,
        line: Option<i64>,
        reference: String,
        listing: PricedListing,
        aim: &Aim,
    ) -> PushItem {
        let (new_minor, compare_at, verdict) = match amounts(&listing, aim) {
            Ok((new_minor, compare_at)) => {
                let verdict = self.verdict(&listing, new_minor, compare_at);
                (Some(new_minor), compare_at, verdict)
            }
            Err(refusal) => (None, CompareAtMinor::Keep, Err(refusal)),
        };
        item(
            line,
            reference,
            Some(listing),
            new_minor,
            compare_at,
            verdict,
        )
    }

    /// The item that brings Calibr's value back to a store that has another.
    pub(super) fn judge_ours(&self, ours: &OursToSend) -> PushItem {
        let listing = ours.listing.clone();
        let verdict = match ours.new_minor {
            _ if ours.is_being_sent => Err(Refusal::new(
                "on_its_way",
                "A price of this listing is being sent at this moment. Look again when it has \
                 arrived.",
            )),
            None => Err(Refusal::new(
                "had_no_price",
                "The store has no price for it, and a struck-through price cannot stand alone.",
            )),
            Some(price) => self.verdict(&listing, price, ours.compare_at),
        };
        let reference = listing.sku.clone().unwrap_or_default();
        PushItem {
            keeps_price: ours.keeps_price,
            ..item(
                None,
                reference,
                Some(listing),
                ours.new_minor,
                ours.compare_at,
                verdict,
            )
        }
    }

    /// The item that takes a pushed price back.
    pub(super) fn judge_revert(&self, price: RevertedPrice) -> PushItem {
        let RevertedPrice {
            reference,
            before_minor,
            before_compare_minor,
            pushed_minor,
            listing,
            ..
        } = price;
        let compare_at = match before_compare_minor {
            now if now == listing.compare_at_minor => CompareAtMinor::Keep,
            Some(amount) => CompareAtMinor::Set(amount),
            None => CompareAtMinor::Clear,
        };
        let verdict = match before_minor {
            _ if listing.price_minor != Some(pushed_minor) => Err(Refusal::new(
                "price_moved",
                "Its price has moved since that push; there is nothing of it to take back.",
            )),
            None => Err(Refusal::new(
                "had_no_price",
                "It had no price before that push, and a store cannot be left without one.",
            )),
            Some(before) => self.verdict(&listing, before, compare_at),
        };
        item(
            None,
            reference,
            Some(listing),
            before_minor,
            compare_at,
            verdict,
        )
    }

    fn verdict(
        &self,
        listing: &PricedListing,
        new_minor: i64,
        compare_at: CompareAtMinor,
    ) -> Result<PriceItemStatus, Refusal> {
        if listing.state == ListingState::Gone {
            return Err(Refusal::new(
                "listing_gone",
                "The store no longer has this listing.",
            ));
        }
        let currency = currency_of(listing)?;
        let bounds = self
            .bounds
            .get(&currency)
            .copied()
            .unwrap_or(Guardrails::none(currency));
        bounds
            .check(listing.price_minor, new_minor)
            .map_err(|breach| Refusal::new(breach.code, breach.message))?;
        if let CompareAtMinor::Set(amount) = compare_at {
            bounds
                .check_compare_at(new_minor, amount)
                .map_err(|breach| Refusal::new(breach.code, breach.message))?;
        }
        let is_same = listing.price_minor == Some(new_minor)
            && compare_at.after(listing.compare_at_minor) == listing.compare_at_minor;
        Ok(if is_same {
            PriceItemStatus::Same
        } else {
            PriceItemStatus::Planned
        })
    }
}

/// An item for a line that no price could be made of.
pub(super) fn refused(line: Option<i64>, reference: String, refusal: Refusal) -> PushItem {
    item(
        line,
        reference,
        None,
        None,
        CompareAtMinor::Keep,
        Err(refusal),
    )
}

/// The same item, left out for another reason; what it would have become stays to
/// be seen. One that is left out already keeps its reason.
pub(super) fn left_out(item: PushItem, refusal: Refusal) -> PushItem {
    if item.status == PriceItemStatus::Refused {
        return item;
    }
    PushItem {
        status: PriceItemStatus::Refused,
        code: Some(refusal.code),
        message: Some(refusal.message),
        ..item
    }
}

/// An item for a listing whose store can take no price.
pub(super) fn refused_listing(
    line: Option<i64>,
    reference: String,
    listing: PricedListing,
    refusal: Refusal,
) -> PushItem {
    item(
        line,
        reference,
        Some(listing),
        None,
        CompareAtMinor::Keep,
        Err(refusal),
    )
}

fn item(
    line: Option<i64>,
    reference: String,
    listing: Option<PricedListing>,
    new_minor: Option<i64>,
    compare_at: CompareAtMinor,
    verdict: Result<PriceItemStatus, Refusal>,
) -> PushItem {
    let (status, code, message) = match verdict {
        Ok(status) => (status, None, None),
        Err(Refusal { code, message }) => (PriceItemStatus::Refused, Some(code), Some(message)),
    };
    PushItem {
        line,
        reference,
        listing,
        new_minor,
        compare_at,
        keeps_price: false,
        status,
        code,
        message,
    }
}

fn currency_of(listing: &PricedListing) -> Result<Currency, Refusal> {
    listing.currency.ok_or_else(|| {
        Refusal::new(
            "currency_unknown",
            "The currency of this store's prices is not known yet. Sync it first.",
        )
    })
}

fn amounts(listing: &PricedListing, aim: &Aim) -> Result<(i64, CompareAtMinor), Refusal> {
    let currency = currency_of(listing)?;
    match aim {
        Aim::Price(price, compare_at) => {
            let price = amount(price, currency)?;
            let compare_at = match compare_at {
                CompareAim::Keep => CompareAtMinor::Keep,
                CompareAim::Clear => CompareAtMinor::Clear,
                CompareAim::Set(wanted) => CompareAtMinor::Set(amount(wanted, currency)?),
            };
            Ok((price, compare_at))
        }
        Aim::Shift {
            basis_points,
            rounding,
        } => {
            let Some(price) = listing.price_minor else {
                return Err(Refusal::new(
                    "had_no_price",
                    "It has no price that could be moved by a share.",
                ));
            };
            shifted(price, *basis_points, *rounding, currency)
                .map(|price| (price, CompareAtMinor::Keep))
                .ok_or_else(|| Refusal::new("price_unreadable", "The price would be too large."))
        }
    }
}

fn amount(amount: &Amount, currency: Currency) -> Result<i64, Refusal> {
    let money = match amount {
        Amount::Money(money) if money.currency == currency => Ok(*money),
        Amount::Money(money) => Err(other_currency(currency, money.currency.code())),
        Amount::TextIn(_, named) if *named != currency => {
            Err(other_currency(currency, named.code()))
        }
        Amount::Text(text) | Amount::TextIn(text, _) => read_price(text, currency),
    };
    money.map(|money| money.amount_minor)
}

/// A price moved by a share, half a minor unit away from zero, then rounded.
fn shifted(
    price_minor: i64,
    basis_points: i32,
    rounding: Rounding,
    currency: Currency,
) -> Option<i64> {
    let scaled = i128::from(price_minor) * (10_000 + i128::from(basis_points));
    let moved = (scaled * 2 + 10_000 * scaled.signum()) / 20_000;
    let exponent = currency.exponent();
    let unit = i128::from(if exponent == 0 {
        10
    } else {
        10_i64.pow(exponent)
    });
    let ending = |hundredths: i128| {
        if exponent == 0 {
            // 99 is 9 and 95 is 5 of ten.
            if hundredths == 99 { 9 } else { 5 }
        } else {
            unit * hundredths / 100
        }
    };
    let rounded = match rounding {
        Rounding::Nearest => moved,
        Rounding::Whole if exponent == 0 => moved,
        Rounding::Whole => (moved * 2 + unit) / (unit * 2) * unit,
        Rounding::Ninetynine => nearest_ending(moved, unit, ending(99)),
        Rounding::Ninetyfive => nearest_ending(moved, unit, ending(95)),
    };
    i64::try_from(rounded).ok()
}

/// The nearest amount that ends so; the higher of two that are as near.
fn nearest_ending(amount: i128, unit: i128, ending: i128) -> i128 {
    let above = amount.div_euclid(unit) * unit + ending;
    let candidates = [above - unit, above, above + unit];
    candidates
        .into_iter()
        .filter(|candidate| *candidate > 0)
        .min_by_key(|candidate| ((candidate - amount).abs(), -candidate))
        .unwrap_or(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    fn listing(price_minor: Option<i64>) -> PricedListing {
        PricedListing {
            id: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
            integration: "00000000-0000-0000-0000-000000000002".parse().unwrap(),
            sku: Some("A-1".to_owned()),
            state: ListingState::Active,
            currency: Some(currency("EUR")),
            price_minor,
            compare_at_minor: None,
        }
    }

    fn judged(text: &str) -> PushItem {
        let aim = Aim::Price(Amount::Text(text.to_owned()), CompareAim::Keep);
        Rules::new(Vec::new()).judge(Some(1), "A-1".to_owned(), listing(Some(1_000)), &aim)
    }

    #[test]
    fn what_is_blank_unreadable_or_means_two_things_is_never_planned() {
        let texts = [
            "",
            " ",
            "\t",
            "\u{a0}",
            "\u{feff}",
            "€",
            "EUR",
            "abc",
            "-",
            "--5",
            "+",
            ".",
            ",",
            "12.",
            ".50",
            ",50",
            "12..5",
            "12,,5",
            "1.2.3",
            "1,2,3",
            "12.5.0",
            "0x10",
            "1e3",
            "1E3",
            "NaN",
            "inf",
            "Infinity",
            "null",
            "None",
            "n/a",
            "#REF!",
            "#N/A",
            "=A1",
            "12 50 EUR x",
            "12.50 USD",
            "$12.50",
            "12 50",
            "12\u{a0}50",
            "12\u{202f}5",
            "1 23 456",
            "\u{200f}12.50",
            "12.50\u{200e}",
            "1\u{200b}2",
            "−12.50",
            "+12.50",
            "12.50-",
            "(12.50)",
            "½",
            "12.50 €€",
            "€12.50 €",
            "12,34,56",
            "1e999",
            "-1e-9",
            "0b11",
            "99999999999999999999999999999999999999999999999999999999999999999999",
            "1.234",
            "1,234",
            "12.345",
            "0.001",
            "12.50.00",
            "1,23,456.00",
            "١٢",
            "１２",
            "twelve",
            "12-50",
            "12/50",
            "9999999999999999999",
            "92233720368547758.08",
            "<b>1</b>",
            "1;2",
            "-12.50",
            "0",
            "0.00",
            "0,0",
            "-0",
            "\"12\"",
        ];
        assert!(texts.len() >= 50);
        for text in texts {
            let item = judged(text);
            assert_eq!(
                item.status,
                PriceItemStatus::Refused,
                "{text:?} became {item:?}"
            );
            assert!(item.message.is_some_and(|message| message.len() > 10));
        }
    }

    #[test]
    fn the_same_price_is_nothing_to_send() {
        assert_eq!(judged("10.00").status, PriceItemStatus::Same);
        assert_eq!(judged("10.01").status, PriceItemStatus::Planned);
    }

    #[test]
    fn a_share_moves_a_price_and_rounding_ends_it() {
        let moved = |price, share, rounding| shifted(price, share, rounding, currency("EUR"));
        assert_eq!(moved(1_000, 1_000, Rounding::Nearest), Some(1_100));
        assert_eq!(moved(999, -1_000, Rounding::Nearest), Some(899));
        assert_eq!(moved(5, 1_000, Rounding::Nearest), Some(6));
        assert_eq!(moved(1_049, 0, Rounding::Whole), Some(1_000));
        assert_eq!(moved(1_050, 0, Rounding::Whole), Some(1_100));
        assert_eq!(moved(1_000, 1_000, Rounding::Ninetynine), Some(1_099));
        assert_eq!(moved(1_150, 0, Rounding::Ninetynine), Some(1_199));
        assert_eq!(moved(1_148, 0, Rounding::Ninetynine), Some(1_099));
        assert_eq!(moved(10, 0, Rounding::Ninetynine), Some(99));
        assert_eq!(moved(2_000, 0, Rounding::Ninetyfive), Some(1_995));
        let yen = |price, rounding| shifted(price, 0, rounding, currency("JPY"));
        assert_eq!(yen(1_983, Rounding::Ninetynine), Some(1_979));
        assert_eq!(yen(1_985, Rounding::Ninetynine), Some(1_989));
        assert_eq!(yen(1_981, Rounding::Ninetyfive), Some(1_985));
        assert_eq!(yen(1_983, Rounding::Whole), Some(1_983));
        assert_eq!(moved(i64::MAX, 10_000, Rounding::Nearest), None);
        assert_eq!(moved(1_000, -10_000, Rounding::Nearest), Some(0));
    }

    #[test]
    fn a_struck_through_price_is_above_the_price() {
        let judge = |compare: &str| {
            let compare = CompareAim::Set(Amount::Text(compare.to_owned()));
            let aim = Aim::Price(Amount::Text("12.00".to_owned()), compare);
            Rules::new(Vec::new()).judge(None, String::new(), listing(Some(1_000)), &aim)
        };
        assert_eq!(judge("15").status, PriceItemStatus::Planned);
        assert_eq!(judge("12").code, Some("compare_at_not_above"));
        assert_eq!(judge("").code, Some("price_missing"));
    }

    #[test]
    fn what_moved_since_a_push_is_not_taken_back() {
        let rules = Rules::new(Vec::new());
        let price = |now, before| RevertedPrice {
            ordinal: 0,
            reference: "A-1".to_owned(),
            before_minor: before,
            before_compare_minor: Some(1_500),
            pushed_minor: 900,
            listing: listing(now),
        };
        let back = rules.judge_revert(price(Some(900), Some(1_000)));
        assert_eq!(
            (back.status, back.new_minor, back.compare_at),
            (
                PriceItemStatus::Planned,
                Some(1_000),
                CompareAtMinor::Set(1_500)
            )
        );
        assert_eq!(
            rules.judge_revert(price(Some(950), Some(1_000))).code,
            Some("price_moved")
        );
        assert_eq!(
            rules.judge_revert(price(Some(900), None)).code,
            Some("had_no_price")
        );
    }
}
