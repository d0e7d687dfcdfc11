use calibr_model::Money;
use leptos::prelude::*;

/// A price, or the span of several.
#[component]
pub(crate) fn Prices(
    /// The lowest.
    from: Option<Money>,
    /// The highest.
    to: Option<Money>,
    /// Whether there are prices in further currencies.
    more: bool,
) -> impl IntoView {
    let words = match (from, to) {
        (Some(from), Some(to)) if from != to => format!("{from} – {to}"),
        (Some(price), _) | (None, Some(price)) => price.to_string(),
        (None, None) => return view! { <span class="text-quiet">"No price"</span> }.into_any(),
    };
    view! {
        {words}
        {more.then(|| view! { <span class="block text-xs text-quiet">"and other currencies"</span> })}
    }
    .into_any()
}
