use calibr_model::{IntegrationId, views::WebhookDeliveryView};
use leptos::prelude::*;

use super::words;
use crate::{
    api,
    components::ui::{CopyButton, Dialog, GhostLines, Loaded, pill},
    state::{Project, Query, query},
    text::{
        json::indented,
        number::grouped,
        time::{Style, written},
    },
};

/// One message, with what is kept of its body.
#[component]
pub(super) fn DeliveryDialog(
    /// The store.
    id: IntegrationId,
    /// The message that is shown; closing empties it.
    open: RwSignal<Option<WebhookDeliveryView>>,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    Effect::new(move |_| is_open.set(open.with(Option::is_some)));
    Effect::new(move |_| {
        if !is_open.get() && open.with_untracked(Option::is_some) {
            open.set(None);
        }
    });
    view! {
        <Dialog open=is_open title="Webhook delivery">
            {move || open.get_untracked().map(|delivery| view! { <Content id delivery /> })}
        </Dialog>
    }
}

#[component]
fn Content(id: IntegrationId, delivery: WebhookDeliveryView) -> impl IntoView {
    let project = expect_context::<Project>();
    let zone = project.time_zone();
    let slug = project.slug();
    let payload: Query<Option<String>> = query(
        {
            let key = format!("{slug}/payload of {}", delivery.id);
            move || Some(key.clone())
        },
        move || api::webhooks::delivery_payload(slug.clone(), id, delivery.id),
    );
    let fact = |label: &'static str, value: String| {
        view! {
            <div class="flex flex-wrap justify-between gap-x-4">
                <dt class="text-quiet">{label}</dt>
                <dd class="min-w-0 wrap-anywhere">{value}</dd>
            </div>
        }
    };
    let happened = delivery
        .happened_at
        .map(|at| fact("Happened", written(at, &zone, Style::Exact)));
    let body = move || {
        match payload.get().flatten() {
            Some(payload) => {
                let readable = indented(&payload);
                view! {
                    <div class="relative">
                        <div class="absolute top-1 right-1"><CopyButton text=payload what="body" /></div>
                        <pre
                            class="max-h-80 overflow-auto rounded-control bg-shape p-3 pr-10 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
                            tabindex="0"
                        >
                            {readable}
                        </pre>
                    </div>
                }
                .into_any()
            }
            None => view! {
                <p class="text-quiet">
                    "Nothing is kept of this body: orders name people, and what was not taken is not kept."
                </p>
            }
            .into_any(),
        }
    };
    view! {
        <div class="grid grid-cols-1 gap-4 overflow-y-auto px-6 pb-6">
            <dl class="grid grid-cols-1 gap-1.5">
                {fact("Topic", delivery.topic.unwrap_or_else(|| "Unknown".to_owned()))}
                <div class="flex justify-between gap-4">
                    <dt class="text-quiet">"State"</dt>
                    <dd>{pill(delivery.state)}</dd>
                </div>
                {fact("Signature", words::signature(delivery.signature).to_owned())}
                {fact("Received", written(delivery.received_at, &zone, Style::Exact))}
                {happened}
                {fact("Size", format!("{} bytes", grouped(delivery.size_bytes)))}
            </dl>
            <section class="grid grid-cols-1 gap-2">
                <h3 class="font-semibold">"Body, without secrets"</h3>
                <Loaded loading=payload.loading skeleton=|| view! { <GhostLines lines=4 /> }>{body}</Loaded>
            </section>
        </div>
    }
}
