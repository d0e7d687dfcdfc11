use calibr_model::{
    Page, ProductId,
    views::{ListingView, ProductRow},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        platform_mark::PlatformMark,
        product::Thumbnail,
        ui::{
            Column, Crumb, Crumbs, Each, EmptyState, GhostTable, Icon, Loaded, Look, Table,
            TimeAgo, pill,
        },
    },
    routes,
    state::{Cache, Project, Query, query},
    text::number::{counted, grouped},
};

const COLUMNS: &[Column] = &[
    Column::text("Variant"),
    Column::text("SKU"),
    Column::number("Price"),
    Column::number("Compare at"),
    Column::number("Stock"),
    Column::text("State"),
    Column::text("Synced"),
];

/// `/p/{slug}/products/{id}`: one product, as each store offers it.
#[component]
pub(crate) fn ProductDetail(
    /// The product.
    id: ProductId,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let Crumbs(crumbs) = expect_context::<Crumbs>();
    let slug = project.slug();
    let home = routes::products(slug.as_str());
    let listings = query(
        {
            let key = format!("{slug}/listings of {id}");
            move || Some(key.clone())
        },
        move || api::products::list_listings(slug.clone(), id),
    );
    // What the list of products told already.
    let row = expect_context::<Cache>()
        .find(|page: &Page<ProductRow>| page.items.iter().find(|row| row.id == id).cloned());
    let (known_title, vendor, image) = match row {
        Some(row) => (row.title, row.vendor, row.image_url),
        None => ("Product".to_owned(), None, None),
    };
    let title = Memo::new(move |_| {
        let title = listings.with(|all| Some(all?.first()?.product_title.clone()));
        title.unwrap_or_else(|| known_title.clone())
    });
    Effect::new({
        let home = home.clone();
        move |_| {
            crumbs.set(vec![
                Crumb::to("Products", home.clone()),
                Crumb::here(title.get()),
            ])
        }
    });
    let stores = Memo::new(move |_| {
        listings.with(|all| distinct(all, |listing| listing.integration_id.0.as_u128()))
    });
    let about = Signal::derive(move || {
        let variants = listings
            .with(|all| distinct(all, |listing| listing.variant_id.0.as_u128()))
            .len();
        let count = |number: usize, one, many| {
            counted(i64::try_from(number).unwrap_or(i64::MAX), one, many)
        };
        let on = stores.with(Vec::len);
        (on > 0).then(|| {
            let maker = vendor
                .clone()
                .map(|maker| format!("{maker} · "))
                .unwrap_or_default();
            let variants = count(variants, "variant", "variants");
            format!("{maker}{variants} on {}", count(on, "store", "stores"))
        })
    });
    let is_empty = Memo::new(move |_| stores.with(Vec::is_empty));
    let store = move |id| view! { <StoreListings id listings /> }.into_any();
    let nothing = move || {
        let home = home.clone();
        view! {
            <div class="card">
                <EmptyState
                    icon=Icon::Box
                    title="This product is listed nowhere"
                    advice="It may be gone from every store, or its address is mistyped."
                >
                    <a class=Look::Primary.class() href=home>"Go to products"</a>
                </EmptyState>
            </div>
        }
    };
    let skeleton = || view! { <div class="card overflow-clip"><GhostTable rows=5 /></div> };
    view! {
        <div class="flex items-start gap-4">
            <Thumbnail url=image large=true />
            <div class="min-w-0 flex-1">
                <PageHeader title about=move || about.into_any() />
            </div>
        </div>
        <Loaded loading=listings.loading skeleton>
            <Show when=move || !is_empty.get() fallback=nothing.clone()>
                <Each ids=stores view=store />
            </Show>
        </Loaded>
    }
}

/// The ids that turn up, each once, in their order.
fn distinct(all: Option<&Vec<ListingView>>, id: fn(&ListingView) -> u128) -> Vec<u128> {
    let mut ids = Vec::new();
    for listing in all.into_iter().flatten() {
        if !ids.contains(&id(listing)) {
            ids.push(id(listing));
        }
    }
    ids
}

/// What one store offers of the product.
#[component]
fn StoreListings(id: u128, listings: Query<Vec<ListingView>>) -> impl IntoView {
    let own = move || {
        let mut own = listings.get().unwrap_or_default();
        own.retain(|listing| listing.integration_id.0.as_u128() == id);
        own
    };
    let first = untrack(own).into_iter().next()?;
    let caption = format!("Listings on {}", first.integration_name);
    let rows = move || {
        own()
            .into_iter()
            .map(|listing| view! { <Row listing /> }.into_any())
            .collect_view()
    };
    let count = move || i64::try_from(own().len()).unwrap_or(i64::MAX);
    Some(view! {
        <section class="card overflow-clip">
            <header class="flex items-center gap-2.5 px-4 py-4 sm:px-5">
                <PlatformMark platform=first.platform />
                <h2 class="min-w-0 text-lg wrap-anywhere" dir="auto">{first.integration_name}</h2>
                <p class="ml-auto whitespace-nowrap text-sm text-quiet">
                    {move || counted(count(), "listing", "listings")}
                </p>
            </header>
            <Table caption columns=COLUMNS>{rows}</Table>
        </section>
    })
}

#[component]
fn Row(listing: ListingView) -> impl IntoView {
    let dash = || "–".to_owned();
    let ListingView {
        variant_title,
        sku,
        price,
        compare_at,
        stock,
        state,
        synced_at,
        ..
    } = listing;
    let price = match price {
        Some(price) => price.to_string().into_any(),
        None => view! { <span class="text-quiet">"No price"</span> }.into_any(),
    };
    view! {
        <tr>
            <td data-wide="" dir="auto" class="font-medium wrap-anywhere md:w-2/5">{variant_title}</td>
            <td data-wide="" class="font-mono text-sm wrap-anywhere" data-label="SKU">{sku.unwrap_or_else(dash)}</td>
            <td class="num whitespace-nowrap" data-label="Price">{price}</td>
            <td class="num whitespace-nowrap text-quiet" data-label="Compare at" data-end="">
                {compare_at.map_or_else(dash, |price| price.to_string())}
            </td>
            <td class="num" data-label="Stock">{stock.map_or_else(dash, grouped)}</td>
            <td data-end="">{pill(state)}</td>
            <td class="whitespace-nowrap text-quiet" data-label="Synced"><TimeAgo at=synced_at /></td>
        </tr>
    }
}
