use calibr_model::{Page, PageRequest, Role, views::PricePushView};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        price::Bounds,
        ui::{Button, Column, Crumb, Crumbs, EmptyState, Glyph, Icon, Look, PagedTable, pill},
    },
    routes,
    state::{Paging, Project, Query, query},
    text::{
        number::grouped,
        time::{Style, written},
    },
};

const COLUMNS: &[Column] = &[
    Column::text("When"),
    Column::text("Reason"),
    Column::text("By"),
    Column::text("Status"),
    Column::number("Prices"),
    Column::number("Observed"),
    Column::number("Failed"),
];

/// `/p/{slug}/prices`: what was wanted of prices, newest first.
#[component]
pub(crate) fn Prices() -> impl IntoView {
    let project = expect_context::<Project>();
    expect_context::<Crumbs>()
        .0
        .set(vec![Crumb::here("Prices")]);
    let slug = project.slug();
    let paging = Paging::here();
    let pushes: Query<Page<PricePushView>> = query(
        {
            let slug = slug.clone();
            move || Some(format!("{slug}/price pushes?{}", paging.cursor.get()))
        },
        move || {
            let page = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::prices::list_price_pushes(slug.clone(), page)
        },
    );
    project.follow_prices(pushes.loading);
    let bounds = RwSignal::new(false);
    let rows = move || {
        let items = pushes.get().map(|page| page.items).unwrap_or_default();
        items
            .into_iter()
            .map(|push| view! { <Row push /> }.into_any())
            .collect_view()
    };
    let nothing = || {
        view! {
            <EmptyState
                icon=Icon::Tag
                title="No prices set yet"
                advice="Paste a list, upload a CSV file or move prices by per cent. You see every change before a store does, and can take it back."
            >
                <SetPrices />
            </EmptyState>
        }
    };
    view! {
        <PageHeader title="Prices" about=|| "What was set here, and how far it has come.">
            <Button label="Bounds" on_click=move || bounds.set(true) />
            <SetPrices />
        </PageHeader>
        <section class="card overflow-clip">
            <PagedTable
                list=pushes
                paging
                what="price pushes"
                caption="Price pushes"
                columns=COLUMNS
                nothing
                rows
            />
        </section>
        <Bounds open=bounds />
    }
}

/// Leads to setting prices, whoever may.
#[component]
fn SetPrices() -> impl IntoView {
    let project = expect_context::<Project>();
    let href = routes::new_prices(project.slug().as_str());
    project.allows(Role::Editor).then(|| {
        view! {
            <a class=Look::Primary.class() href=href>
                <Glyph icon=Icon::Tag />
                "Set prices"
            </a>
        }
    })
}

#[component]
fn Row(push: PricePushView) -> impl IntoView {
    let project = expect_context::<Project>();
    let href = routes::price_push(project.slug().as_str(), push.id);
    let at = written(push.created_at, &project.time_zone(), Style::Short);
    let failed = push.items_failed > 0;
    view! {
        <tr>
            <td data-wide="" class="whitespace-nowrap">
                <a class="row-link" href=href>{at}</a>
            </td>
            <td data-wide="" dir="auto" class="wrap-anywhere md:w-1/3">{push.reason}</td>
            <td dir="auto" class="text-quiet">{push.created_by}</td>
            <td data-end="">{pill(push.status)}</td>
            <td class="num" data-label="Prices">{grouped(push.items_planned)}</td>
            <td class="num" data-label="Observed" data-end="">{grouped(push.items_observed)}</td>
            <td class="num" data-label="Failed">
                <span class=("text-bad-text", failed) class=("font-medium", failed)>
                    {grouped(push.items_failed)}
                </span>
            </td>
        </tr>
    }
}
