use calibr_model::{
    IntegrationId, Role,
    views::{SubscriptionState, WebhooksView},
};
use leptos::prelude::*;

use super::{Deliveries, Subscriptions};
use crate::{
    api,
    components::{
        settings::SettingsForm,
        ui::{Button, Icon, Size},
    },
    state::{Ask, Project, Query, Toast, Toasts, query},
    text::number::counted,
};

/// What a store is asked to send, and what it sent.
#[component]
pub(crate) fn Webhooks() -> impl IntoView {
    let id = expect_context::<SettingsForm>().id;
    let project = expect_context::<Project>();
    let slug = project.slug();
    let webhooks: Query<WebhooksView> = query(
        {
            let key = format!("{slug}/webhooks of {id}");
            move || Some(key.clone())
        },
        move || api::webhooks::get_webhooks(slug.clone(), id),
    );
    project.follow_changes(webhooks.loading);
    view! {
        <Subscriptions webhooks>
            <Recreate id webhooks />
        </Subscriptions>
        <Deliveries id />
    }
}

/// Makes all subscriptions anew, where that can be.
#[component]
fn Recreate(id: IntegrationId, webhooks: Query<WebhooksView>) -> impl IntoView {
    let project = expect_context::<Project>();
    let ask = Ask::here();
    let toasts = expect_context::<Toasts>();
    let busy = RwSignal::new(false);
    let can_come = Memo::new(move |_| {
        webhooks.with(|webhooks| webhooks.is_some_and(|webhooks| webhooks.notice.is_none()))
    });
    let recreate = move || {
        busy.set(true);
        let request = api::webhooks::recreate_webhooks(project.slug(), id);
        ask.send(request, move |answer| {
            busy.try_set(false);
            match answer {
                Ok(now) => {
                    toasts.show(outcome(&now));
                    webhooks.amend(|shown| *shown = now);
                }
                Err(problem) => {
                    toasts.show(Toast::bad("The webhooks stay as they are", problem.detail));
                }
            }
        });
    };
    (move || {
        (can_come.get() && project.allows(Role::Editor)).then(|| {
            view! { <Button label="Re-create" icon=Icon::Sync size=Size::Small busy on_click=recreate /> }
        })
    })
    .into_any()
}

fn outcome(now: &WebhooksView) -> Toast {
    let amiss = now
        .subscriptions
        .iter()
        .filter(|one| one.state != SubscriptionState::Active)
        .count();
    match i64::try_from(amiss).unwrap_or(i64::MAX) {
        0 => Toast::good("The webhooks were made anew"),
        amiss => Toast::bad(
            "Not every webhook could be made",
            format!(
                "{} missing. What the store said stands with each.",
                counted(amiss, "topic is", "topics are")
            ),
        ),
    }
}
