use calibr_model::{
    form::{ConnectForm, check_fields},
    platform::PlatformInfo,
    views::{ConnectionTest, IntegrationView},
};
use leptos::prelude::*;

use super::{TestOutcome, inputs};
use crate::{
    api,
    components::ui::{Button, Icon, Look, Note, TextField},
    state::{Ask, Draft, FormState, Project, Toast, Toasts},
    text::words::Tone,
};

/// Connects with credentials that the merchant made in the store. They can be
/// tested first, and are tested in any case.
#[component]
pub(super) fn ByHand(
    platform: PlatformInfo,
    reconnect: Option<IntegrationView>,
    draft: Draft,
    open: RwSignal<bool>,
    autofocus: bool,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let form = FormState::new();
    let testing = RwSignal::new(false);
    let tested: RwSignal<Option<ConnectionTest>> = RwSignal::new(None);
    let name = draft.field("name");
    let is_new = reconnect.is_none();

    let config = inputs(form, draft, "config", &platform.config_fields, autofocus);
    let credentials = inputs(
        form,
        draft,
        "credentials",
        &platform.credential_fields,
        false,
    );

    // What was typed, or nothing where a rule is broken: then it is said.
    let checked = StoredValue::new({
        let platform = platform.clone();
        move || {
            form.reset();
            tested.set(None);
            let config = check_fields("config", &platform.config_fields, &draft.values("config"));
            let credentials = check_fields(
                "credentials",
                &platform.credential_fields,
                &draft.values("credentials"),
            );
            match (config, credentials) {
                (Ok(config), Ok(credentials)) => Some(ConnectForm {
                    platform: platform.id.clone(),
                    name: name.get_untracked().trim().to_owned(),
                    config,
                    credentials,
                }),
                (config, credentials) => {
                    let faults = [config.err(), credentials.err()];
                    form.refuse(faults.into_iter().flatten().flatten().collect());
                    None
                }
            }
        }
    });
    let idle = move || !form.busy.get_untracked() && !testing.get_untracked();

    let test = move || {
        let Some(typed) = idle()
            .then(|| checked.with_value(|checked| checked()))
            .flatten()
        else {
            return;
        };
        testing.set(true);
        ask.send(
            api::integrations::test_connection(project.slug(), typed),
            move |answer| {
                testing.set(false);
                match answer {
                    Ok(outcome) => tested.set(Some(outcome)),
                    Err(problem) => form.fail(problem),
                }
            },
        );
    };

    let reconnect_id = reconnect.map(|integration| integration.id);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(typed) = idle()
            .then(|| checked.with_value(|checked| checked()))
            .flatten()
        else {
            return;
        };
        let slug = project.slug();
        let then = move |integration: IntegrationView| {
            toasts.show(
                Toast::good(format!("{} is connected", integration.name))
                    .detail("Its catalogue is on the way."),
            );
            project.take(integration);
            project.integrations.refetch();
            draft.clear();
            open.set(false);
        };
        match reconnect_id {
            Some(id) => {
                let request = api::integrations::reconnect_integration(slug, id, typed);
                form.send(ask, request, then);
            }
            None => {
                let request = api::integrations::connect_integration(slug, typed);
                form.send(ask, request, then);
            }
        }
    };
    let cancel = move || {
        draft.clear();
        open.set(false);
    };

    view! {
        <form class="grid gap-4" novalidate=true autocomplete="off" on:submit=send>
            {config}
            {credentials}
            {is_new
                .then(|| {
                    view! {
                        <TextField
                            form
                            name="name"
                            label="Name in this console"
                            help="How you tell it from your other stores. The store's own name where empty."
                            value=name
                            optional=true
                        />
                    }
                })}
            <div aria-live="polite" class="empty:hidden">
                {move || {
                    form.problem.get().map(|problem| view! { <Note tone=Tone::Bad>{problem.detail}</Note> })
                }}
                {move || tested.get().map(|outcome| view! { <TestOutcome outcome /> })}
            </div>
            <div class="flex flex-wrap justify-end gap-2">
                <div class="grid w-full sm:mr-auto sm:w-auto">
                    <Button label="Test connection" icon=Icon::Bolt busy=testing on_click=test />
                </div>
                <Button label="Cancel" look=Look::Quiet on_click=cancel />
                <Button
                    label=if is_new { "Connect" } else { "Reconnect" }
                    look=Look::Primary
                    submit=true
                    busy=form.busy
                />
            </div>
        </form>
    }
}
