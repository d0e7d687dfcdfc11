use calibr_model::{
    Role, platform::PlatformInfo, status::IntegrationStatus, views::ConnectionTest,
};
use leptos::prelude::*;

use super::{
    AccessForm, SettingsForm,
    access::Part,
    expiry::Expiry,
    secret::SecretRow,
    section::{Fields, Section},
};
use crate::{
    api,
    components::{
        connect::{Connect, TestOutcome},
        ui::{Button, Icon, Note, TextField},
    },
    state::{Ask, Project},
    text::words::Tone,
};

/// What signs in to a store, and where it is.
#[component]
pub(crate) fn Credentials() -> impl IntoView {
    let form = expect_context::<AccessForm>();
    let platform = expect_context::<SettingsForm>().platform();
    let project = expect_context::<Project>();
    let id = form.id;
    let status = Memo::new(move |_| project.integration(id).map(|store| store.status));
    let is_gone = Memo::new(move |_| status.get() == Some(IntegrationStatus::Disconnected));
    let name = platform.name.clone();
    let about = format!(
        "What this console signs in to {name} with. It is sealed when it is saved, and never shown again."
    );
    let may_change = project.allows(Role::Admin);
    let rows = {
        let name = name.clone();
        move || {
            let secrets = form.secrets.get_value();
            secrets
                .into_iter()
                .map(|secret| {
                    view! { <SecretRow form secret platform=name.clone() may_change /> }
                })
                .collect_view()
        }
    };
    let saved = move || {
        if is_gone.get() {
            view! {
                <p>"Nothing is saved: the store was disconnected. Reconnect it to sync again."</p>
            }
            .into_any()
        } else {
            view! { <div class="divide-y divide-line">{rows()}</div> }.into_any()
        }
    };
    let refused = move || {
        form.state.problem.get().map(|problem| {
            view! {
                <Note tone=Tone::Bad alert=true>
                    <p class="font-medium">"Nothing was saved"</p>
                    <p dir="auto">{problem.detail}</p>
                </Note>
            }
        })
    };
    view! {
        <Section title="Credentials" about>
            {refused}
            <Expiry form platform=name.clone() />
            {saved}
            <Connection form platform=platform.clone() is_gone />
        </Section>
        <Fields>
            <Section title="Store" about="Where it is, as it was entered.">
                {form
                    .parts
                    .get_value()
                    .into_iter()
                    .map(|part| view! { <PartField form part /> })
                    .collect_view()}
            </Section>
        </Fields>
    }
}

/// One part of where the store is.
#[component]
fn PartField(form: AccessForm, part: Part) -> AnyView {
    let name = part.name();
    let field = part.field.clone();
    let value = part.text.mine;
    if part.may_change() {
        let help = "Where the store moved to. It must be the same store: it is asked before this \
                    is saved.";
        return view! {
            <TextField
                form=form.state
                name
                label=field.label
                help
                placeholder=field.placeholder
                kind="url"
                value
            />
        }
        .into_any();
    }
    let text = move || match value.get() {
        empty if empty.is_empty() => "Not set".to_owned(),
        text => text,
    };
    view! {
        <dl>
            <dt class="label">{field.label}</dt>
            <dd class="wrap-anywhere" dir="auto">{text}</dd>
            <dd class="help">"Another one would be another store: connect that beside this one."</dd>
        </dl>
    }
    .into_any()
}

/// Trying what is saved, and connecting anew.
#[component]
fn Connection(form: AccessForm, platform: PlatformInfo, is_gone: Memo<bool>) -> impl IntoView {
    let project = expect_context::<Project>();
    let connect = expect_context::<Connect>();
    let ask = Ask::here();
    let id = form.id;
    let busy = RwSignal::new(false);
    let tested = RwSignal::new(None::<ConnectionTest>);
    let problem = RwSignal::new(None);
    let test = move || {
        busy.set(true);
        tested.set(None);
        problem.set(None);
        let request = api::integrations::test_integration(project.slug(), id);
        ask.send(request, move |answer| {
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(outcome) => tested.set(Some(outcome)),
                Err(refused) => problem.set(Some(refused)),
            }
            project.integrations.refetch();
        });
    };
    let reconnect = move || {
        if let Some(store) = untrack(|| project.integration(id)) {
            connect.anew(project, store);
        }
    };
    let reconnect_label = if platform.one_click_fields.is_empty() {
        "Reconnect".to_owned()
    } else {
        format!("Reconnect with {}", platform.name)
    };
    let may_connect = project.allows(Role::Admin);
    view! {
        <div class="grid grid-cols-1 gap-3 border-t border-line pt-4">
            <div class="flex flex-wrap gap-2">
                {project
                    .allows(Role::Editor)
                    .then(|| {
                        view! {
                            <Show when=move || !is_gone.get()>
                                <Button label="Test connection" icon=Icon::Bolt busy on_click=test />
                            </Show>
                        }
                    })}
                {may_connect
                    .then(|| view! { <Button label=reconnect_label icon=Icon::Plug on_click=reconnect /> })}
            </div>
            <div aria-live="polite" class="empty:hidden">
                {move || tested.get().map(|outcome| view! { <TestOutcome outcome /> })}
                {move || {
                    problem
                        .get()
                        .map(|problem: calibr_model::Problem| {
                            view! { <Note tone=Tone::Bad>{problem.detail}</Note> }
                        })
                }}
            </div>
        </div>
    }
}
