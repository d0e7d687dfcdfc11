use calibr_model::{
    ListingId, Money,
    views::{ListingSales, ListingView, Sold, StoreSales},
};
use leptos::prelude::*;

use crate::{
    components::ui::{Column, GhostLines, Loaded, Note, Table, TimeAgo},
    state::{Project, Query},
    text::{number::grouped, words::Tone},
};

const COLUMNS: &[Column] = &[
    Column::text("Variant"),
    Column::number("Units, 7 days"),
    Column::number("Revenue, 7 days"),
    Column::number("Units, 30 days"),
    Column::number("Revenue, 30 days"),
];

/// What one store sold of a product of late, listing by listing.
#[component]
pub(crate) fn Sales(
    /// The store.
    store: u128,
    /// Its name.
    name: String,
    /// What every store sold.
    sales: Query<Vec<StoreSales>>,
    /// The product's listings, by which rows are named and put in order.
    listings: Query<Vec<ListingView>>,
) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let sold = Memo::new(move |_| {
        sales.with(|all| {
            all?.iter()
                .find(|one| one.integration_id.0.as_u128() == store)
                .cloned()
        })
    });
    let as_of = Memo::new(move |_| sold.with(|sold| sold.as_ref()?.as_of));
    let refused = Memo::new(move |_| sold.with(|sold| sold.as_ref()?.refused.clone()));
    let rows = Memo::new(move |_| {
        let sold = sold.get().map(|sold| sold.listings).unwrap_or_default();
        listings.with(|all| in_order(sold, all.map_or(&[], Vec::as_slice)))
    });
    let content = move || {
        if rows.with(Vec::is_empty) {
            return match (as_of.get(), refused.with(Option::is_some)) {
                (_, true) => ().into_any(),
                (None, false) => quiet("This store's orders have not been read yet."),
                (Some(_), false) => quiet("No orders in the last 30 days."),
            };
        }
        let caption = format!("Sales on {name}");
        let rows = rows
            .get()
            .into_iter()
            .map(|(variant, sold)| row(variant, sold))
            .collect_view();
        view! { <Table caption columns=COLUMNS>{rows}</Table> }.into_any()
    };
    view! {
        <section class="border-t border-line">
            <header class="flex flex-wrap items-baseline justify-between gap-x-4 px-4 pt-4 pb-3 sm:px-5">
                <h3 class="font-medium">"Sales"</h3>
                {move || {
                    as_of
                        .get()
                        .map(|at| {
                            view! {
                                <p class="text-sm text-quiet">
                                    "Orders as of " <TimeAgo at /> {format!(" · days in {zone}")}
                                </p>
                            }
                        })
                }}
            </header>
            <Loaded
                loading=sales.loading
                skeleton=|| view! { <div class="px-4 pb-4 sm:px-5"><GhostLines lines=2 /></div> }
            >
                {move || {
                    refused
                        .get()
                        .map(|why| {
                            view! {
                                <div class="px-4 pb-4 sm:px-5">
                                    <Note tone=Tone::Warn>{why}</Note>
                                </div>
                            }
                        })
                }}
                {content.clone()}
            </Loaded>
        </section>
    }
}

fn quiet(words: &'static str) -> AnyView {
    view! { <p class="px-4 pb-4 text-quiet sm:px-5">{words}</p> }.into_any()
}

/// What was sold, with the names of the listings and in their order.
fn in_order(mut sold: Vec<ListingSales>, listings: &[ListingView]) -> Vec<(String, ListingSales)> {
    let place = |id: ListingId| listings.iter().position(|listing| listing.id == id);
    sold.sort_by_key(|sold| place(sold.listing_id));
    sold.into_iter()
        .filter_map(|sold| {
            let listing = listings.get(place(sold.listing_id)?)?;
            Some((listing.variant_title.clone(), sold))
        })
        .collect()
}

fn row(variant: String, sold: ListingSales) -> AnyView {
    let (week, month) = (sold.last_7_days, sold.last_30_days);
    view! {
        <tr>
            <td data-wide="" dir="auto" class="font-medium wrap-anywhere md:w-1/4">
                {variant}
            </td>
            <td class="num" data-label="7 days">{units(&week)}</td>
            <td class="num whitespace-nowrap" data-end="">{revenue(&week)}</td>
            <td class="num" data-label="30 days">{units(&month)}</td>
            <td class="num whitespace-nowrap" data-end="">{revenue(&month)}</td>
        </tr>
    }
    .into_any()
}

fn units(sold: &Sold) -> AnyView {
    let back =
        (sold.refunded_units != 0).then(|| format!("{} given back", grouped(sold.refunded_units)));
    figure(grouped(sold.units), back)
}

fn revenue(sold: &Sold) -> AnyView {
    let Money { amount_minor, .. } = sold.refunded;
    let back = (amount_minor != 0).then(|| format!("{} paid back", sold.refunded));
    figure(sold.revenue.to_string(), back)
}

fn figure(figure: String, back: Option<String>) -> AnyView {
    view! {
        {figure}
        {back.map(|back| view! { <span class="block text-xs text-quiet">{back}</span> })}
    }
    .into_any()
}
