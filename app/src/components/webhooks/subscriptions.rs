use calibr_model::views::{WebhookSubscriptionView, WebhooksView};
use leptos::prelude::*;

use crate::{
    components::ui::{
        Column, CopyButton, EmptyState, GhostTable, Icon, Loaded, Note, Table, TimeAgo, pill,
    },
    state::Query,
    text::{number::counted, words::Tone},
};

const COLUMNS: &[Column] = &[
    Column::text("Topic"),
    Column::text("At the store"),
    Column::text("Last delivery"),
    Column::text("Checked"),
];

/// The wanted topics, and how the platform stands to each.
#[component]
pub(crate) fn Subscriptions(
    /// What is known of them.
    webhooks: Query<WebhooksView>,
    /// What can be done with them.
    children: Children,
) -> impl IntoView {
    let content = move || webhooks.get().map(|view| view! { <Content view /> });
    view! {
        <section class="card overflow-clip">
            <div class="flex flex-wrap items-center justify-between gap-2 px-4 py-4 sm:px-5">
                <h2 class="text-lg">"Subscriptions"</h2>
                {children()}
            </div>
            <Loaded loading=webhooks.loading skeleton=|| view! { <GhostTable rows=4 /> }>
                {content}
            </Loaded>
        </section>
    }
}

#[component]
fn Content(view: WebhooksView) -> AnyView {
    let WebhooksView {
        address,
        notice,
        refused_last_day,
        subscriptions,
        ..
    } = view;
    if let Some(notice) = notice {
        return view! { <EmptyState icon=Icon::Bolt title="No webhooks" advice=notice /> }
            .into_any();
    }
    let refused = (refused_last_day > 0).then(|| {
        let words = format!(
            "{} refused in the last 24 hours: not signed as it should be, too old, or not to be \
             read. Nothing was done.",
            counted(refused_last_day, "message was", "messages were")
        );
        view! { <div class="px-4 pb-4 sm:px-5"><Note tone=Tone::Warn>{words}</Note></div> }
    });
    let rows = subscriptions
        .into_iter()
        .map(|one| view! { <Row one /> }.into_any())
        .collect_view();
    view! {
        {address
            .map(|address| {
                view! {
                    <p class="flex items-center gap-1 px-4 pb-4 text-sm text-quiet sm:px-5">
                        <span class="shrink-0">"Sent to"</span>
                        <code class="min-w-0 truncate font-mono text-xs">{address.clone()}</code>
                        <CopyButton text=address what="address" />
                    </p>
                }
            })}
        {refused}
        <Table caption="Webhook subscriptions" columns=COLUMNS>{rows}</Table>
    }
    .into_any()
}

#[component]
fn Row(one: WebhookSubscriptionView) -> impl IntoView {
    let ago = |at: Option<_>, never: &'static str| match at {
        Some(at) => view! { <TimeAgo at /> }.into_any(),
        None => never.into_any(),
    };
    view! {
        <tr>
            <td class="font-mono text-sm wrap-anywhere">{one.topic}</td>
            <td data-end="" class="md:max-w-80">{pill(one.state)}</td>
            <td data-wide="" class="text-quiet" data-label="Last delivery">{ago(one.last_delivery_at, "none yet")}</td>
            <td data-wide="" class="text-quiet" data-label="Checked">{ago(one.checked_at, "not yet")}</td>
        </tr>
        {one
            .error
            .map(|error| {
                view! {
                    <tr>
                        <td data-wide="" colspan="4"><Note tone=Tone::Warn>{error}</Note></td>
                    </tr>
                }
            })}
    }
}
