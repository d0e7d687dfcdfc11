use calibr_model::views::{ListingSales, Sold, StoreSales};
use leptos::prelude::*;

use crate::{
    components::ui::{Note, TimeAgo},
    state::{Project, Query},
    text::{number::grouped, words::Tone},
};

/// How far a store's orders are counted, or why they are not.
#[component]
pub(crate) fn OrdersCounted(
    /// What the store sold; nothing while it is not known.
    sold: Memo<Option<StoreSales>>,
    /// Where that is read.
    sales: Query<Vec<StoreSales>>,
) -> impl IntoView {
    let zone = expect_context::<Project>().time_zone();
    let stands = Memo::new(move |_| {
        sold.with(|sold| {
            let sold = sold.as_ref()?;
            Some((sold.as_of, sold.refused.clone()))
        })
    });
    let failed = Memo::new(move |_| {
        let error = sales.loading.error.get()?;
        Some(format!("Sales are not up to date. {}", error.detail))
    });
    let warned = move || failed.get().or_else(|| stands.get()?.1);
    let counted = move || match stands.get()? {
        (Some(at), _) => Some(
            view! { "Orders as of " <TimeAgo at /> {format!(", by days in {zone}")} }.into_any(),
        ),
        (None, None) => Some("Orders have not been read yet".into_any()),
        (None, Some(_)) => None,
    };
    view! {
        <p class="px-4 pb-4 text-sm text-quiet empty:hidden sm:px-5">{counted}</p>
        {move || {
            warned()
                .map(|why| {
                    view! {
                        <div class="px-4 pb-4 sm:px-5">
                            <Note tone=Tone::Warn>{why}</Note>
                        </div>
                    }
                })
        }}
    }
}

/// What a listing sold of late: for each currency a line for 7 and for 30 days.
#[component]
pub(crate) fn SoldOfLate(
    /// By currency.
    sold: Vec<ListingSales>,
) -> impl IntoView {
    if sold.is_empty() {
        return view! { <span class="text-quiet">"None in 30 days"</span> }.into_any();
    }
    sold.iter().map(in_one_currency).collect_view().into_any()
}

fn in_one_currency(sold: &ListingSales) -> AnyView {
    let (week, month) = (&sold.last_7_days, &sold.last_30_days);
    let back = (month.refunded_units != 0 || month.refunded.amount_minor != 0).then(|| {
        let units = grouped(month.refunded_units);
        format!("{units} given back · {}", month.refunded)
    });
    view! {
        <span class="block">{within(week, "7 days")}</span>
        <span class="block text-quiet">{within(month, "30 days")}</span>
        {back.map(|back| view! { <span class="block text-xs text-quiet">{back}</span> })}
    }
    .into_any()
}

fn within(sold: &Sold, days: &str) -> String {
    match sold.units {
        0 => format!("None in {days}"),
        units => format!("{} in {days} · {}", grouped(units), sold.revenue),
    }
}
