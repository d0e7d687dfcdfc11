use calibr_model::{
    Page, PageRequest,
    status::ListingState,
    views::{ProductQuery, ProductRow, ProductSort},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        product::{Prices, Stores, Thumbnail},
        store::store_options,
        ui::{
            Column, Crumb, Crumbs, EmptyState, FilterSelect, Icon, Look, PagedTable, SearchField,
            pill,
        },
    },
    routes,
    state::{Address, Paging, Project, Query, query},
    text::{number::grouped, words::Worded},
};

const COLUMNS: &[Column] = &[
    Column::text("Product"),
    Column::text("State"),
    Column::number("Variants"),
    Column::number("Price"),
    Column::number("Stock"),
    Column::text("Stores"),
];

/// `/p/{slug}/products`: the catalogue over all stores.
#[component]
pub(crate) fn Products() -> impl IntoView {
    let project = expect_context::<Project>();
    expect_context::<Crumbs>()
        .0
        .set(vec![Crumb::here("Products")]);
    let slug = project.slug();
    let address = expect_context::<Address>();
    let filter = |name: &'static str| Memo::new(move |_| address.value(name));
    let (search, store) = (filter("q"), filter("store"));
    let (state, sort) = (filter("state"), filter("sort"));
    let paging = Paging::here();

    let products = query(
        {
            let slug = slug.clone();
            move || {
                let filters = [search.get(), store.get(), state.get(), sort.get()];
                Some(format!(
                    "{slug}/products?{}&{}",
                    filters.join("&"),
                    paging.cursor.get()
                ))
            }
        },
        move || {
            let wanted = ProductQuery {
                search: search.get_untracked().trim().to_owned(),
                integration: store.with_untracked(|store| store.parse().ok()),
                state: state.with_untracked(|state| state.parse().ok()),
                sort: sort.with_untracked(|sort| sort.parse().ok()),
            };
            let request = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::products::list_products(slug.clone(), wanted, request)
        },
    );
    let filtered = Signal::derive(move || {
        [search, store, state]
            .iter()
            .any(|filter| !filter.read().is_empty())
    });
    view! {
        <PageHeader title="Products" about=|| "The catalogue over all your stores." />
        <section class="card overflow-clip">
            <Filters paging search store state sort />
            <List paging products filtered />
        </section>
    }
}

#[component]
fn Filters(
    paging: Paging,
    search: Memo<String>,
    store: Memo<String>,
    state: Memo<String>,
    sort: Memo<String>,
) -> impl IntoView {
    let stores = store_options();
    let change =
        move |name: &'static str| Callback::new(move |value: String| paging.filter(name, &value));
    let states = || {
        let states = ListingState::ALL
            .iter()
            .map(|state| (state.to_string(), state.word().to_owned()));
        [(String::new(), "All states".to_owned())]
            .into_iter()
            .chain(states)
            .collect::<Vec<_>>()
    };
    let orders = || {
        vec![
            (String::new(), "Title A–Z".to_owned()),
            (ProductSort::Updated.to_string(), "Changed last".to_owned()),
        ]
    };
    view! {
        <div class="grid grid-cols-2 gap-2 border-b border-line px-4 py-3 md:flex">
            <SearchField paging search label="Search products" />
            <FilterSelect label="Store" value=store options=stores on_change=change("store") />
            <FilterSelect label="State" value=state options=Signal::derive(states) on_change=change("state") />
            <div class="max-md:col-span-2">
                <FilterSelect label="Order" value=sort options=Signal::derive(orders) on_change=change("sort") />
            </div>
        </div>
    }
}

#[component]
fn List(
    paging: Paging,
    products: Query<Page<ProductRow>>,
    filtered: Signal<bool>,
) -> impl IntoView {
    let slug = expect_context::<Project>().slug();
    let rows = move || {
        let items = products.get().map(|page| page.items).unwrap_or_default();
        items
            .into_iter()
            .map(|product| view! { <Row product /> }.into_any())
            .collect_view()
    };
    let nothing = {
        let home = routes::integrations(slug.as_str());
        move || {
            if filtered.get() {
                view! {
                    <EmptyState
                        icon=Icon::Search
                        title="No product fits"
                        advice="Look for fewer words, or take a filter away."
                    />
                }
                .into_any()
            } else {
                let home = home.clone();
                view! {
                    <EmptyState
                        icon=Icon::Box
                        title="No products yet"
                        advice="They arrive with the first sync of a connected store."
                    >
                        <a class=Look::Primary.class() href=home>"Go to integrations"</a>
                    </EmptyState>
                }
                .into_any()
            }
        }
    };
    view! {
        <PagedTable
            list=products
            paging
            what="products"
            caption="Products"
            columns=COLUMNS
            nothing
            rows
        />
    }
}

#[component]
fn Row(product: ProductRow) -> impl IntoView {
    let href = routes::product(expect_context::<Project>().slug().as_str(), product.id);
    let stock = product.stock.map_or_else(|| "–".to_owned(), grouped);
    view! {
        <tr>
            <td data-wide="" class="md:w-2/5">
                <span class="flex items-center gap-3">
                    <Thumbnail url=product.image_url />
                    <span class="min-w-0">
                        <a class="row-link line-clamp-2 wrap-anywhere" dir="auto" href=href>{product.title}</a>
                        {product
                            .vendor
                            .map(|vendor| {
                                view! { <span class="block truncate text-sm text-quiet" dir="auto">{vendor}</span> }
                            })}
                    </span>
                </span>
            </td>
            <td>{pill(product.state)}</td>
            <td class="num max-md:hidden">{grouped(product.variant_count)}</td>
            <td class="num whitespace-nowrap" data-label="Price" data-end="">
                <Prices from=product.price_from to=product.price_to more=product.more_currencies />
            </td>
            <td class="num" data-label="Stock">{stock}</td>
            <td data-end=""><Stores ids=product.integrations /></td>
        </tr>
    }
}
