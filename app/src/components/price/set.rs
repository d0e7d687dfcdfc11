use calibr_model::{
    Currency, FieldError, Money, MoneyError,
    platform::Capability,
    views::{ListingLedgerView, ListingView, NewPrice, PricePushView},
};
use leptos::prelude::*;

use crate::{
    api,
    components::ui::{FormEnd, TextField},
    state::{Ask, FormState, Project, Query, Toast, Toasts},
    text::number::with_point,
};

/// The form for one listing's price.
#[component]
pub(super) fn SetPrice(
    /// The listing as it was when the dialog was opened.
    listing: ListingView,
    /// The listings on show.
    listings: Query<Vec<ListingView>>,
    /// Where their prices stand.
    ledgers: Query<Vec<ListingLedgerView>>,
    /// Closed when it is done.
    open: RwSignal<bool>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let form = FormState::new();
    let held = listing.price?;
    let currency = held.currency;
    let was_struck = listing.compare_at;
    let takes_struck = project.can(&listing.platform, Capability::CompareAt);
    let text =
        |money: Option<Money>| RwSignal::new(money.map_or_else(String::new, Money::to_decimal));
    let (price, struck) = (text(Some(held)), text(was_struck));
    let reason = RwSignal::new(String::new());

    let request = move || {
        let wanted = amount("price", &price.get_untracked(), currency);
        let typed = struck.get_untracked();
        let compare_at = match typed.trim() {
            "" => Ok(None),
            typed => amount("compare_at", typed, currency).map(Some),
        };
        let (price, compare_at) = match (wanted, compare_at) {
            (Ok(price), Ok(compare_at)) => (price, compare_at),
            (price, compare_at) => {
                return Err(price.err().into_iter().chain(compare_at.err()).collect());
            }
        };
        let wanted = NewPrice {
            price,
            compare_at: (compare_at != was_struck).then_some(compare_at),
            expected: Some(held),
            reason: reason.get_untracked().trim().to_owned(),
        };
        Ok(api::prices::set_price(project.slug(), listing.id, wanted))
    };
    let store = listing.integration_name.clone();
    let send = move |event| {
        let store = store.clone();
        form.submit(&event, ask, request, move |push: PricePushView| {
            let toast = if push.items_planned == 0 {
                Toast::good("The store has this price already")
            } else {
                Toast::good(format!("The price is on its way to {store}"))
                    .detail("The listing shows when the store has it.")
            };
            toasts.show(toast);
            ledgers.refetch();
            open.set(false);
        });
    };
    // The page shows the price that it clashed with.
    Effect::new(move |_| {
        if form.problem.with(Option::is_some) {
            listings.refetch();
        }
    });
    Some(view! {
        <form class="grid min-h-0 gap-4 overflow-y-auto px-6 pb-6" novalidate=true on:submit=send>
            <p class="text-quiet">
                {format!("On {}, now {held}.", listing.integration_name)}
            </p>
            <div class="grid items-start gap-4 sm:grid-cols-2">
                <TextField
                    form
                    name="price"
                    label=format!("Price in {currency}")
                    value=price
                    inputmode="decimal"
                    autofocus=true
                />
                {takes_struck
                    .then(|| {
                        view! {
                            <TextField
                                form
                                name="compare_at"
                                label="Struck-through price"
                                value=struck
                                inputmode="decimal"
                                optional=true
                            />
                        }
                    })}
            </div>
            <TextField
                form
                name="reason"
                label="Reason"
                help="Stands beside the change in the price history."
                value=reason
                optional=true
            />
            <FormEnd form open verb="Set price" />
        </form>
    })
}

/// An amount as it was typed, or what is wrong with it.
pub(super) fn amount(
    field: &'static str,
    typed: &str,
    currency: Currency,
) -> Result<Money, FieldError> {
    let read = Money::parse_decimal(&with_point(typed), currency);
    read.map_err(|error| FieldError {
        field: field.to_owned(),
        message: match error {
            MoneyError::Precision { exponent: 0, .. } => {
                format!("{currency} has no decimals; give a whole number.")
            }
            MoneyError::Precision { exponent, .. } => {
                format!("{currency} has {exponent} decimals; leave the further ones out.")
            }
            MoneyError::Overflow(_) => "This is too large an amount.".to_owned(),
            _ => "Give a number such as 12.50.".to_owned(),
        },
    })
}
