use std::{future::Future, pin::Pin};

use calibr_model::{
    FieldError, Role,
    platform::Capability,
    views::{NewPricePush, PricePushView, PriceShift, Rounding, WantedPrices},
};
use leptos::prelude::*;

use crate::{
    api::{self, ApiError},
    components::{
        PageHeader,
        price::{DRAFT, PriceFile},
        ui::{
            Button, Crumb, Crumbs, EmptyState, FileField, Icon, Look, Note, SelectField, TabPanel,
            Tabs, TextArea, TextField,
        },
    },
    routes,
    state::{Address, Ask, Drafts, FormState, Project},
    text::{number::basis_points, words::Tone},
};

const STEM: &str = "prices";
const PASTE: &str = "paste";
const FILE: &str = "file";
const CHANGE: &str = "change";

/// Beyond this the server takes no file.
const LARGEST_FILE: f64 = 64.0 * 1_024.0 * 1_024.0;

/// Beyond this the server takes nothing that is pasted, the rest of the request
/// included.
const LONGEST_PASTE: usize = 900 * 1_024;

/// A preview under way, however it was asked for.
type Preview = Pin<Box<dyn Future<Output = Result<PricePushView, ApiError>>>>;

/// `/p/{slug}/prices/new`: says which prices are wanted, in one of three ways.
#[component]
pub(crate) fn NewPrices() -> impl IntoView {
    let project = expect_context::<Project>();
    let home = routes::prices(project.slug().as_str());
    expect_context::<Crumbs>().0.set(vec![
        Crumb::to("Prices", home.clone()),
        Crumb::here("Set prices"),
    ]);
    let about = || "Nothing is sent before you have seen what would change.";
    let body = if project.allows(Role::Editor) {
        view! { <Form home /> }.into_any()
    } else {
        view! {
            <EmptyState
                icon=Icon::Tag
                title="You can look at prices, not set them"
                advice="Ask the owner of the project for the role of an editor."
            />
        }
        .into_any()
    };
    view! {
        <PageHeader title="Set prices" about />
        <section class="card max-w-3xl p-5 sm:p-6">{body}</section>
    }
}

#[component]
fn Form(home: String) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let PriceFile(file) = expect_context();
    let ask = Ask::here();
    let form = FormState::new();
    let draft = expect_context::<Drafts>().of(DRAFT);
    let field = |name| draft.field(name);
    let (kept_way, table) = (field("way"), field("table"));
    let (direction, share) = (field("direction"), field("share"));
    let (rounding, search) = (field("rounding"), field("search"));
    let (store, reason) = (field("store"), field("reason"));
    let way = RwSignal::new(match kept_way.get_untracked().as_str() {
        FILE => FILE,
        CHANGE => CHANGE,
        _ => PASTE,
    });
    Effect::new(move |_| kept_way.set(way.get().to_owned()));

    let prices = move || -> Result<WantedPrices, Vec<FieldError>> {
        if way.get_untracked() == CHANGE {
            let typed = share.get_untracked();
            let typed = typed.trim().trim_start_matches('+').trim_end_matches('%');
            let read = basis_points(typed).and_then(|share| i32::try_from(share).ok());
            let Some(share) = read else {
                let message = "Give a number such as 10 or 2.5.";
                return Err(fault("prices.change.basis_points", message));
            };
            let down = !direction.read_untracked().is_empty();
            return Ok(WantedPrices::Change(PriceShift {
                basis_points: if down { -share } else { share },
                rounding: rounding
                    .get_untracked()
                    .parse()
                    .unwrap_or(Rounding::Nearest),
                product_id: None,
                search: search.get_untracked().trim().to_owned(),
            }));
        }
        let table = table.get_untracked();
        if table.trim().is_empty() {
            let message = "Paste at least one line with a SKU and a price.";
            return Err(fault("prices.table", message));
        }
        if table.len() > LONGEST_PASTE {
            let message = "This is too much to paste. Save it as a CSV file and upload that.";
            return Err(fault("prices.table", message));
        }
        Ok(WantedPrices::Table(table))
    };
    let request = move || -> Result<Preview, Vec<FieldError>> {
        let slug = project.slug();
        let reason = reason.get_untracked().trim().to_owned();
        let only = store.get_untracked();
        if way.get_untracked() == FILE {
            let Some(file) = file.get_untracked() else {
                return Err(fault(
                    FILE,
                    "Choose a file with a SKU and a price on each line.",
                ));
            };
            if file.size() > LARGEST_FILE {
                let message = "This file is larger than 64 MB. Divide it and upload the parts.";
                return Err(fault(FILE, message));
            }
            let path = routes::price_import(slug.as_str(), &only, &reason);
            return Ok(Box::pin(async move {
                let answer = api::prices::import_prices(path, file).await;
                answer.map_err(of_the_file)
            }));
        }
        let wanted = NewPricePush {
            reason,
            integration_id: only.parse().ok(),
            prices: prices()?,
        };
        Ok(Box::pin(api::prices::preview_prices(slug, wanted)))
    };
    let send = move |event| {
        form.submit(&event, ask, request, move |push: PricePushView| {
            address.go(&routes::price_push(project.slug().as_str(), push.id));
        });
    };

    let stores = move || {
        let all = project.integrations.get().unwrap_or_default();
        let stores = all
            .into_iter()
            .filter(|store| project.can(&store.platform, Capability::PricePush))
            .map(|store| (store.id.to_string(), store.name));
        let options = [(String::new(), "All stores".to_owned())]
            .into_iter()
            .chain(stores)
            .collect();
        view! { <SelectField form name="integration_id" label="Store" value=store options /> }
    };
    let choices = |all: &[(&str, &str)]| {
        let owned = |(key, words): &(&str, &str)| ((*key).to_owned(), (*words).to_owned());
        all.iter().map(owned).collect::<Vec<_>>()
    };
    view! {
        <form class="grid gap-5" novalidate=true on:submit=send>
            <Tabs
                label="How to say which prices"
                stem=STEM
                tabs=vec![(PASTE, "Paste"), (FILE, "Upload CSV"), (CHANGE, "By per cent")]
                selected=way
            />
            <TabPanel stem=STEM key=PASTE selected=way>
                <TextArea
                    form
                    name="prices.table"
                    label="SKU and price on each line"
                    help="As copied from a spreadsheet, or with a comma or semicolon between. A third column is the struck-through price."
                    placeholder="TENT-2P-GREEN  249.00\nTENT-3P-GREEN  329.00  379.00"
                    value=table
                />
            </TabPanel>
            <TabPanel stem=STEM key=FILE selected=way>
                <FileField
                    form
                    name=FILE
                    label="CSV file"
                    accept=".csv,.tsv,.txt,text/csv"
                    help="SKU and price on each line; a first line may name the columns: sku, price, compare_at, currency."
                    value=file
                />
            </TabPanel>
            <TabPanel stem=STEM key=CHANGE selected=way>
                <div class="grid items-start gap-4 sm:grid-cols-3">
                    <SelectField
                        form
                        name="direction"
                        label="Direction"
                        value=direction
                        options=choices(&[("", "+ Raise"), ("-", "− Lower")])
                    />
                    <TextField
                        form
                        name="prices.change.basis_points"
                        label="Per cent"
                        placeholder="10"
                        value=share
                        inputmode="decimal"
                    />
                    <SelectField
                        form
                        name="rounding"
                        label="Rounding"
                        value=rounding
                        options=choices(
                            &[
                                ("", "To the cent"),
                                ("whole", "To whole amounts"),
                                ("99", "To end in .99"),
                                ("95", "To end in .95"),
                            ],
                        )
                    />
                    <div class="sm:col-span-3">
                        <TextField
                            form
                            name="search"
                            label="Only products with these words"
                            help="In title, vendor or SKU; every product where empty."
                            value=search
                            optional=true
                        />
                    </div>
                </div>
            </TabPanel>
            <div class="grid items-start gap-4 border-t border-line pt-5 sm:grid-cols-[14rem_minmax(0,1fr)]">
                {stores}
                <TextField
                    form
                    name="reason"
                    label="Reason"
                    help="Stands beside each change in the price history."
                    value=reason
                    optional=true
                />
            </div>
            {move || {
                form.problem
                    .get()
                    .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
            }}
            <div class="flex flex-wrap justify-end gap-2">
                <a class=Look::Quiet.class() href=home>"Cancel"</a>
                <Button label="Preview" look=Look::Primary submit=true busy=form.busy />
            </div>
        </form>
    }
}

/// What is wrong with the table is wrong with the file it came in.
fn of_the_file(ApiError(mut problem): ApiError) -> ApiError {
    for error in &mut problem.errors {
        if error.field == "prices.table" {
            FILE.clone_into(&mut error.field);
        }
    }
    ApiError(problem)
}

fn fault(field: &str, message: &str) -> Vec<FieldError> {
    vec![FieldError {
        field: field.to_owned(),
        message: message.to_owned(),
    }]
}
