use calibr_model::{
    Page, ProductId, Role,
    platform::Capability,
    views::{ListingLedgerView, ListingSales, ListingView, ProductRow, StoreSales},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        PageHeader,
        platform_mark::PlatformMark,
        price::{LedgerLine, PriceDialogs, PriceDialogsView},
        product::{OrdersCounted, SoldOfLate, Thumbnail},
        ui::{
            Button, Column, Crumb, Crumbs, Each, EmptyState, GhostTable, Icon, Loaded, Look, Size,
            Table, TimeAgo, pill,
        },
    },
    routes,
    state::{Cache, Project, Query, query},
    text::number::{counted, grouped},
};

const COLUMNS: &[Column] = &[
    Column::text("Variant, SKU"),
    Column::number("Price"),
    Column::text("Sold"),
    Column::number("Stock"),
    Column::text("State"),
    Column::text("Synced"),
    Column::text("Actions"),
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
        {
            let slug = slug.clone();
            move || api::products::list_listings(slug.clone(), id)
        },
    );
    let ledgers: Query<Vec<ListingLedgerView>> = query(
        {
            let key = format!("{slug}/price ledgers of {id}");
            move || Some(key.clone())
        },
        {
            let slug = slug.clone();
            move || api::prices::list_price_ledgers(slug.clone(), id)
        },
    );
    let sales: Query<Vec<StoreSales>> = query(
        {
            let key = format!("{slug}/sales of {id}");
            move || Some(key.clone())
        },
        {
            let slug = slug.clone();
            move || api::products::product_sales(slug.clone(), id)
        },
    );
    for shown in [listings.loading, ledgers.loading, sales.loading] {
        project.follow_products(shown);
    }
    let dialogs = PriceDialogs::new();
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
    let store = move |id| view! { <StoreListings id listings ledgers sales dialogs /> }.into_any();
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
        <PriceDialogsView dialogs listings ledgers />
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
fn StoreListings(
    id: u128,
    listings: Query<Vec<ListingView>>,
    ledgers: Query<Vec<ListingLedgerView>>,
    sales: Query<Vec<StoreSales>>,
    dialogs: PriceDialogs,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let own = Memo::new(move |_| {
        listings.with(|all| {
            let own = |listing: &&ListingView| listing.integration_id.0.as_u128() == id;
            let all = all.into_iter().flatten().filter(own);
            all.map(|listing| listing.id.0.as_u128())
                .collect::<Vec<_>>()
        })
    });
    let first = listings.with_untracked(|all| {
        let mut all = all?.iter();
        all.find(|listing| listing.integration_id.0.as_u128() == id)
            .cloned()
    })?;
    let caption = format!("Listings on {}", first.integration_name);
    let may_set = {
        let platform = first.platform.clone();
        Memo::new(move |_| project.allows(Role::Editor) && project.takes_prices(&platform))
    };
    let sold = Memo::new(move |_| {
        sales.with(|all| {
            all?.iter()
                .find(|one| one.integration_id.0.as_u128() == id)
                .cloned()
        })
    });
    let platform = first.platform.clone();
    let has_orders = move || project.can(&platform, Capability::Orders);
    let row = move |id| {
        let listing = Memo::new(move |_| {
            listings.with(|all| all?.iter().find(|one| one.id.0.as_u128() == id).cloned())
        });
        let ledger = Memo::new(move |_| {
            ledgers.with(|all| {
                all?.iter()
                    .find(|one| one.listing_id.0.as_u128() == id)
                    .cloned()
            })
        });
        let sold = Memo::new(move |_| {
            sold.with(|sold| {
                let StoreSales {
                    as_of, listings, ..
                } = sold.as_ref()?;
                let own = listings
                    .iter()
                    .filter(|one| one.listing_id.0.as_u128() == id);
                let own: Vec<ListingSales> = own.copied().collect();
                // Nothing sold is only known where orders were read.
                (as_of.is_some() || !own.is_empty()).then_some(own)
            })
        });
        view! { <Row listing ledger sold may_set dialogs /> }.into_any()
    };
    let count = move || i64::try_from(own.with(Vec::len)).unwrap_or(i64::MAX);
    Some(view! {
        <section class="card overflow-clip">
            <header class="flex items-center gap-2.5 px-4 py-4 sm:px-5">
                <PlatformMark platform=first.platform />
                <h2 class="min-w-0 text-lg wrap-anywhere" dir="auto">{first.integration_name}</h2>
                <p class="ml-auto whitespace-nowrap text-sm text-quiet">
                    {move || counted(count(), "listing", "listings")}
                </p>
            </header>
            <Show when=has_orders>
                <OrdersCounted sold sales />
            </Show>
            <Table caption columns=COLUMNS>
                <Each ids=own view=row />
            </Table>
        </section>
    })
}

#[component]
fn Row(
    listing: Memo<Option<ListingView>>,
    ledger: Memo<Option<ListingLedgerView>>,
    sold: Memo<Option<Vec<ListingSales>>>,
    may_set: Memo<bool>,
    dialogs: PriceDialogs,
) -> impl IntoView {
    // One memo a cell: what did not change keeps its place and focus.
    let text = move |of: fn(&ListingView) -> Option<String>| {
        let words = Memo::new(move |_| listing.with(|listing| of(listing.as_ref()?)));
        move || words.get().unwrap_or_else(|| "–".to_owned())
    };
    let first = listing.get_untracked()?;
    // The store shows another price than the one that is wanted: one of its open
    // conflicts.
    let project = expect_context::<Project>();
    let drifted = move || ledger.with(|held| held.as_ref().is_some_and(|held| held.ledger.drifted));
    let store = first.integration_id;
    let in_conflict = Memo::new(move |_| drifted() && project.open_conflicts(Some(store)) > 0);
    let conflicts = {
        let words = first.sku.as_ref().unwrap_or(&first.product_title);
        routes::conflicts_with(project.slug().as_str(), words)
    };
    let name = match first.variant_title.as_str() {
        "" => first.product_title,
        title => title.to_owned(),
    };
    let state = Memo::new(move |_| listing.with(|listing| Some(listing.as_ref()?.state)));
    let synced = Memo::new(move |_| listing.with(|listing| Some(listing.as_ref()?.synced_at)));
    let has_price = Memo::new(move |_| listing.with(|listing| listing.as_ref()?.price).is_some());
    let compare_at = Memo::new(move |_| listing.with(|listing| listing.as_ref()?.compare_at));
    let price = text(|listing| listing.price.map(|price| price.to_string()));
    let no_price = || view! { <span class="text-quiet">"No price"</span> };
    Some(view! {
        <tr>
            <td data-wide="" class="md:w-1/3">
                <p dir="auto" class="font-medium wrap-anywhere">
                    {text(|listing| Some(listing.variant_title.clone()))}
                </p>
                <p class="font-mono text-sm text-quiet wrap-anywhere">
                    {text(|listing| listing.sku.clone())}
                </p>
            </td>
            <td class="num whitespace-nowrap" data-label="Price">
                <Show when=move || has_price.get() fallback=no_price>
                    {price}
                </Show>
                {move || {
                    compare_at
                        .get()
                        .map(|price| {
                            view! {
                                <span class="text-sm text-quiet md:block">
                                    <span class="sr-only">" Compare at "</span>
                                    <s class="max-md:ml-2">{price.to_string()}</s>
                                </span>
                            }
                        })
                }}
                {move || ledger.get().map(|held| view! { <LedgerLine held /> })}
                <Show when=move || in_conflict.get()>
                    <a class="link text-xs" href=conflicts.clone()>"Resolve conflict"</a>
                </Show>
            </td>
            <td data-wide="" class="text-sm md:min-w-32 xl:whitespace-nowrap" data-label="Sold">
                {move || match sold.get() {
                    Some(sold) => view! { <SoldOfLate sold /> }.into_any(),
                    None => "–".into_any(),
                }}
            </td>
            <td class="num" data-label="Stock">{text(|listing| listing.stock.map(grouped))}</td>
            <td data-end="">{move || state.get().map(pill)}</td>
            <td class="whitespace-nowrap text-quiet" data-label="Synced">
                {move || synced.get().map(|at| view! { <TimeAgo at /> })}
            </td>
            <td data-end="">
                <span class="flex justify-end gap-1">
                    <Button
                        label=format!("Price history of {name}")
                        icon=Icon::History
                        icon_only=true
                        look=Look::Quiet
                        size=Size::Small
                        on_click=move || dialogs.history(listing.get_untracked())
                    />
                    <Show when=move || may_set.get() && has_price.get()>
                        <Button
                            label=format!("Set price of {name}")
                            icon=Icon::Pencil
                            icon_only=true
                            look=Look::Quiet
                            size=Size::Small
                            on_click=move || dialogs.set(listing.get_untracked())
                        />
                    </Show>
                </span>
            </td>
        </tr>
    })
}
