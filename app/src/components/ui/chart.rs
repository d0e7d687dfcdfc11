use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::Element;

use super::{Button, Look, Size, unique_id};
use crate::charts::ChartView;

/// The element of the page that says where the code is that draws charts.
const WHERE: &str = "app-charts";
/// The element that loads it, once it does.
const LOADER: &str = "app-charts-code";

/// A chart with the table behind it: the same figures for those who would rather
/// read them.
#[component]
pub(crate) fn ChartCard(
    /// The chart, as it stands now.
    #[prop(into)]
    chart: Signal<ChartView>,
) -> impl IntoView {
    let title_id = unique_id("chart");
    let as_table = RwSignal::new(false);
    let unloaded = RwSignal::new(false);
    let part = move |part: fn(&ChartView) -> &String| chart.with(|chart| part(chart).clone());
    let is_empty = Memo::new(move |_| chart.with(|chart| chart.option.is_none()));
    let has_rows = Memo::new(move |_| chart.with(|chart| !chart.rows.is_empty()));
    let title = Memo::new(move |_| part(|chart| &chart.title));
    let button = Signal::derive(move || {
        let words = if as_table.get() {
            "Show as chart"
        } else {
            "Show as table"
        };
        words.to_owned()
    });
    let body = move || {
        if is_empty.get() {
            let nothing = move || {
                let said = part(|chart| &chart.summary);
                if has_rows.get() {
                    said
                } else {
                    "Nothing in this range.".to_owned()
                }
            };
            view! { <p class="grid h-56 place-items-center text-quiet">{nothing}</p> }.into_any()
        } else if as_table.get() || unloaded.get() {
            view! { <Figures chart title /> }.into_any()
        } else {
            load(unloaded);
            let option = move || chart.with(|chart| chart.option.clone());
            let label = move || format!("{}. {}", title.get(), part(|chart| &chart.summary));
            view! {
                <Legend chart />
                <calibr-chart class="block h-56 w-full" label=label option=option></calibr-chart>
            }
            .into_any()
        }
    };
    view! {
        <section class="card h-full min-w-0 p-4 sm:p-5" aria-labelledby=title_id.clone()>
            <header class="mb-3 flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-1">
                <h2 id=title_id.clone() class="text-base">{move || title.get()}</h2>
                <Show when=move || !is_empty.get() && !unloaded.get()>
                    <Button
                        label=button
                        look=Look::Quiet
                        size=Size::Small
                        on_click=move || as_table.update(|shown| *shown = !*shown)
                    />
                </Show>
            </header>
            <Show when=move || unloaded.get() && !is_empty.get()>
                <p class="mb-2 text-sm text-quiet">
                    "The chart could not be loaded. These are its figures."
                </p>
            </Show>
            {body}
        </section>
    }
}

/// What each colour stands for.
#[component]
fn Legend(chart: Signal<ChartView>) -> impl IntoView {
    let entries = Memo::new(move |_| chart.with(|chart| chart.legend.clone()));
    let entry = |(token, name): (String, String)| {
        view! {
            <li class="flex items-center gap-1.5">
                <span
                    class="size-2.5 rounded-full"
                    style:background-color=format!("var(--{token})")
                ></span>
                {name}
            </li>
        }
    };
    view! {
        <Show when=move || !entries.read().is_empty()>
            <ul class="mb-1 flex flex-wrap gap-x-4 gap-y-1 text-sm text-quiet">
                {move || entries.get().into_iter().map(entry).collect_view()}
            </ul>
        </Show>
    }
}

/// The table behind a chart.
#[component]
fn Figures(chart: Signal<ChartView>, title: Memo<String>) -> impl IntoView {
    let numeric = |index: usize| (index > 0).then_some("num");
    let head = move || {
        let head = chart.with(|chart| chart.head.clone());
        let cell = |(index, words): (usize, String)| {
            view! { <th scope="col" class=numeric(index)>{words}</th> }
        };
        head.into_iter().enumerate().map(cell).collect_view()
    };
    let rows = move || {
        let rows = chart.with(|chart| chart.rows.clone());
        let row = |cells: Vec<String>| {
            let mut cells = cells.into_iter();
            let name = cells.next();
            let figures = cells.map(|cell| view! { <td class="num">{cell}</td> });
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    {figures.collect_view()}
                </tr>
            }
        };
        rows.into_iter().map(row).collect_view()
    };
    view! {
        <div
            class="max-h-64 overflow-auto rounded-control border border-line"
            role="region"
            aria-label=move || format!("{}, as a table", title.get())
            tabindex="0"
        >
            <table class="table figures">
                <caption class="sr-only">{move || title.get()}</caption>
                <thead><tr>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// Loads what draws charts, where it is not there yet. Where it cannot be loaded
/// (a cut line, a version put in place a moment ago) `unloaded` is set; the next
/// chart tries again.
fn load(unloaded: RwSignal<bool>) {
    let Some(loader) = loader() else {
        return unloaded.set(true);
    };
    let failed = Closure::<dyn FnMut(web_sys::Event)>::new({
        let loader = loader.clone();
        move |_| {
            loader.remove();
            unloaded.try_set(true);
        }
    });
    let function = failed.as_ref().unchecked_ref();
    let _listens = loader.add_event_listener_with_callback("error", function);
    on_cleanup({
        let failed = send_wrapper::SendWrapper::new((loader, failed));
        move || {
            let (loader, failed) = &*failed;
            let function = failed.as_ref().unchecked_ref();
            let _gone = loader.remove_event_listener_with_callback("error", function);
        }
    });
}

/// The element that loads it; made where there is none.
fn loader() -> Option<Element> {
    let page = document();
    if let Some(loader) = page.get_element_by_id(LOADER) {
        return Some(loader);
    }
    let address = page.get_element_by_id(WHERE)?.get_attribute("content")?;
    let loader = page.create_element("script").ok()?;
    for (name, value) in [("id", LOADER), ("type", "module"), ("src", &address)] {
        loader.set_attribute(name, value).ok()?;
    }
    page.body()?.append_child(&loader).ok()?;
    Some(loader)
}
