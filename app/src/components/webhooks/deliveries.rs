use calibr_model::{
    IntegrationId, Page, PageRequest, Role,
    views::{MeaningKind, WebhookDeliveryView},
};
use leptos::prelude::*;

use super::{delivery_dialog::DeliveryDialog, words};
use crate::{
    api,
    components::ui::{
        Button, Column, EmptyState, GhostTable, Icon, Loaded, Look, Pagination, Size, Table, pill,
    },
    routes,
    state::{Ask, Paging, Project, Query, Toast, Toasts, query},
    text::time::{Style, written},
};

const COLUMNS: &[Column] = &[
    Column::text("Received"),
    Column::text("Topic"),
    Column::text("State"),
    Column::text("What it did"),
    Column::text("Actions"),
];

/// The log of what a store sent, newest first.
#[component]
pub(crate) fn Deliveries(
    /// The store.
    id: IntegrationId,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let paging = Paging::here();
    let deliveries: Query<Page<WebhookDeliveryView>> = query(
        {
            let slug = slug.clone();
            move || {
                let cursor = paging.cursor.get();
                Some(format!("{slug}/deliveries of {id}?{cursor}"))
            }
        },
        move || {
            let page = PageRequest {
                limit: None,
                cursor: paging.request(),
            };
            api::webhooks::list_deliveries(slug.clone(), id, page)
        },
    );
    project.follow_changes(deliveries.loading);

    let open: RwSignal<Option<WebhookDeliveryView>> = RwSignal::new(None);
    let rows = move || {
        let items = deliveries.get().map(|page| page.items).unwrap_or_default();
        items
            .into_iter()
            .map(|delivery| view! { <Row id delivery open list=deliveries /> }.into_any())
            .collect_view()
    };
    let is_empty =
        Memo::new(move |_| deliveries.with(|page| page.is_none_or(|page| page.items.is_empty())));
    let nothing = || {
        view! {
            <EmptyState
                icon=Icon::Bolt
                title="No delivery yet"
                advice="What the store sends stands here for 30 days."
            />
        }
    };
    view! {
        <section class="card overflow-clip">
            <h2 class="px-4 py-4 text-lg sm:px-5">"Deliveries"</h2>
            <Loaded loading=deliveries.loading skeleton=|| view! { <GhostTable /> }>
                <Show when=move || !is_empty.get() fallback=nothing>
                    <Table caption="Webhook deliveries" columns=COLUMNS stale=deliveries.loading.fetching>
                        {rows}
                    </Table>
                </Show>
                <Pagination
                    paging
                    next=Signal::derive(move || {
                        deliveries.with(|page| page?.next_cursor.clone())
                    })
                    what="deliveries"
                />
            </Loaded>
        </section>
        <DeliveryDialog id open />
    }
}

#[component]
fn Row(
    id: IntegrationId,
    delivery: WebhookDeliveryView,
    open: RwSignal<Option<WebhookDeliveryView>>,
    list: Query<Page<WebhookDeliveryView>>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let received = written(delivery.received_at, &project.time_zone(), Style::Short);
    let topic = delivery.topic.clone();
    let topic = topic.unwrap_or_else(|| "Unknown".to_owned());
    let did = did(&delivery);
    let run = delivery.run_id.map(|run| {
        let href = routes::run(project.slug().as_str(), id, run);
        view! { " " <a class="link whitespace-nowrap" href=href>"Open sync"</a> }
    });
    let replayed = delivery
        .replay_of
        .is_some()
        .then(|| view! { <span class="text-sm text-quiet">"Redelivered by hand"</span> });
    let may_be_repeated = project.allows(Role::Editor) && delivery.means.is_some();
    let shown = delivery.clone();
    view! {
        <tr>
            <td class="whitespace-nowrap">{received}</td>
            <td data-end="">
                <span class="grid grid-cols-1 gap-0.5 max-md:justify-items-end">
                    <code class="font-mono text-sm wrap-anywhere">{topic}</code>
                    <span class="text-sm text-quiet">{words::signature(delivery.signature)}</span>
                </span>
            </td>
            <td data-wide="">{pill(delivery.state)}</td>
            <td data-wide="" class="md:max-w-80">
                <span class="grid grid-cols-1 gap-0.5">
                    <span>{did} {run}</span>
                    {replayed}
                </span>
            </td>
            <td data-wide="">
                <span class="flex flex-wrap gap-2 md:justify-end">
                    <Button
                        label="Details"
                        look=Look::Quiet
                        size=Size::Small
                        on_click=move || open.set(Some(shown.clone()))
                    />
                    {may_be_repeated.then(|| view! { <Redeliver id delivery list /> })}
                </span>
            </td>
        </tr>
    }
}

/// What a message led to, or why to nothing.
fn did(delivery: &WebhookDeliveryView) -> String {
    let about = delivery.means.as_ref().and_then(|means| {
        let id = means.external_id.as_ref()?;
        match means.kind {
            MeaningKind::CatalogueChanged | MeaningKind::ProductDeleted => {
                Some(format!("Product {id}"))
            }
            MeaningKind::OrdersChanged => Some(format!("Order {id}")),
            _ => None,
        }
    });
    let what = match (delivery.effect, &delivery.error) {
        (_, Some(error)) => error.clone(),
        (Some(effect), None) => words::effect(effect).to_owned(),
        (None, None) => "Waits for a worker".to_owned(),
    };
    match about {
        Some(about) => format!("{about} · {what}"),
        None => what,
    }
}

#[component]
fn Redeliver(
    id: IntegrationId,
    delivery: WebhookDeliveryView,
    list: Query<Page<WebhookDeliveryView>>,
) -> impl IntoView {
    let ask = Ask::here();
    let toasts = expect_context::<Toasts>();
    let slug = expect_context::<Project>().slug();
    let busy = RwSignal::new(false);
    let again = move || {
        busy.set(true);
        let request = api::webhooks::redeliver(slug.clone(), id, delivery.id);
        ask.send(request, move |answer| {
            busy.try_set(false);
            match answer {
                Ok(_) => {
                    toasts.show(
                        Toast::good("Redelivered").detail("What it says is being done again."),
                    );
                    list.refetch();
                }
                Err(problem) => {
                    toasts.show(Toast::bad("That could not be redelivered", problem.detail));
                }
            }
        });
    };
    view! { <Button label="Redeliver" icon=Icon::Sync size=Size::Small busy on_click=again /> }
}
