use calibr_model::views::{ListingLedgerView, ListingView};
use leptos::prelude::*;

use super::{history::PriceHistory, set::SetPrice};
use crate::{components::ui::Dialog, state::Query};

/// Opens the dialogs about one listing's price: setting it, and how it moved.
#[derive(Clone, Copy)]
pub(crate) struct PriceDialogs {
    listing: RwSignal<Option<ListingView>>,
    setting: RwSignal<bool>,
    history: RwSignal<bool>,
}

impl PriceDialogs {
    /// Both closed.
    pub(crate) fn new() -> Self {
        Self {
            listing: RwSignal::new(None),
            setting: RwSignal::new(false),
            history: RwSignal::new(false),
        }
    }

    /// Asks for another price.
    pub(crate) fn set(self, listing: Option<ListingView>) {
        self.listing.set(listing);
        self.setting.set(true);
    }

    /// Shows how it moved.
    pub(crate) fn history(self, listing: Option<ListingView>) {
        self.listing.set(listing);
        self.history.set(true);
    }

    fn title(self, verb: &'static str) -> Signal<String> {
        Signal::derive(move || {
            self.listing.with(|listing| match listing {
                Some(listing) => {
                    let name = match listing.variant_title.as_str() {
                        "" => &listing.product_title,
                        title => title,
                    };
                    format!("{verb} {name}")
                }
                None => verb.to_owned(),
            })
        })
    }
}

/// The dialogs themselves; once on the page.
#[component]
pub(crate) fn PriceDialogsView(
    /// What opens them.
    dialogs: PriceDialogs,
    /// The listings on show.
    listings: Query<Vec<ListingView>>,
    /// Where their prices stand.
    ledgers: Query<Vec<ListingLedgerView>>,
) -> impl IntoView {
    let PriceDialogs {
        listing,
        setting,
        history,
    } = dialogs;
    view! {
        <Dialog open=setting title=dialogs.title("Set the price of")>
            {move || {
                listing
                    .get()
                    .map(|listing| view! { <SetPrice listing listings ledgers open=setting /> })
            }}
        </Dialog>
        <Dialog open=history title=dialogs.title("Price of")>
            {move || listing.get().map(|listing| view! { <PriceHistory listing ledgers /> })}
        </Dialog>
    }
}
