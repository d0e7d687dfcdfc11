use calibr_model::Money;
use leptos::prelude::*;

use crate::text::number::change;

/// A price that moves: from what, to what, and how far.
pub(crate) fn price_step(old: Option<Money>, new: Option<Money>) -> AnyView {
    let words = |price: Option<Money>| {
        price.map_or_else(|| "no price".to_owned(), |price| price.to_string())
    };
    if old == new {
        return words(old).into_any();
    }
    let share = old.zip(new).and_then(|(old, new)| change(old, new));
    view! {
        <span class="whitespace-nowrap">
            <span class="text-quiet">{words(old)} <span aria-hidden="true">" → "</span></span>
            <span class="sr-only">" to "</span>
            <span class="font-medium">{words(new)}</span>
            {share.map(|share| view! { <span class="ml-2 text-sm text-quiet">{share}</span> })}
        </span>
    }
    .into_any()
}
