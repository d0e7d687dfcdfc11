//! What Amazon makes of a patch of a price, one by one or in a feed.

use serde_json::{Value, json};

use super::seller::Seller;
use crate::lock::lock;
use crate::money;

/// What becomes of a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    UnknownSku,
    /// Not taken; the words say why.
    Invalid(&'static str),
    /// Taken.
    Taken(i64),
    /// Taken, with a warning.
    Warned(i64),
    /// Taken, with an error that keeps it from ever showing.
    Held,
}

impl Verdict {
    /// The issues of a submission.
    pub(super) fn issues(&self) -> Vec<Value> {
        let (code, severity, message, category) = match self {
            Self::UnknownSku => (
                "4000003",
                "ERROR",
                "The SKU does not exist in the catalog of the selling partner.",
                "INVALID_ATTRIBUTE",
            ),
            Self::Invalid(message) => ("4000001", "ERROR", *message, "INVALID_ATTRIBUTE"),
            Self::Taken(_) => return Vec::new(),
            Self::Warned(_) => (
                "99022",
                "WARNING",
                "The price is far lower than it was. Check that it is meant.",
                "INVALID_PRICE",
            ),
            Self::Held => (
                "18320",
                "ERROR",
                "Potential pricing error: the price is far higher than it was. The offer is \
                 held back until the price is confirmed.",
                "INVALID_PRICE",
            ),
        };
        vec![json!({
            "code": code,
            "message": message,
            "severity": severity,
            "attributeNames": ["purchasable_offer"],
            "categories": [category],
        })]
    }

    /// Lets the price show after a while, where it ever does.
    pub(super) fn apply(&self, seller: &Seller, sku: &str, now: i64) {
        if let Self::Taken(price) | Self::Warned(price) = self {
            let due = now + seller.settings.price_delay_seconds;
            let mut goods = lock(&seller.goods);
            goods.set_price_later(sku, *price, due);
            goods.settle(now);
        }
    }
}

/// Looks at the patches of one listing.
pub(super) fn judge(seller: &Seller, sku: &str, patches: &Value) -> Verdict {
    let Some(listing) = lock(&seller.goods).get(sku) else {
        return Verdict::UnknownSku;
    };
    let invalid = Verdict::Invalid("The provided value for 'purchasable_offer' is invalid.");
    let [patch] = patches.as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Verdict::Invalid("Exactly one patch is understood here.");
    };
    if !matches!(patch["op"].as_str(), Some("replace" | "merge")) {
        return Verdict::Invalid("Invalid 'op' provided in patch at index of 0.");
    }
    if patch["path"] != "/attributes/purchasable_offer" {
        return Verdict::Invalid("Invalid path provided in patch at index of 0.");
    }
    let offer = &patch["value"][0];
    let settings = &seller.settings;
    if offer["marketplace_id"] != settings.marketplace_id.as_str()
        || offer["currency"] != settings.currency.as_str()
    {
        return invalid;
    }
    let amount = &offer["our_price"][0]["schedule"][0]["value_with_tax"];
    let Some(price) = amount
        .as_number()
        .and_then(|number| money::read(&number.to_string(), &settings.currency))
        .filter(|price| *price > 0)
    else {
        return invalid;
    };
    match listing.price {
        Some(before) if before > 0 && price > before.saturating_mul(5) => Verdict::Held,
        Some(before) if before > 0 && price < before / 2 => Verdict::Warned(price),
        _ => Verdict::Taken(price),
    }
}
