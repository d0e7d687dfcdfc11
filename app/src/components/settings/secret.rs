use calibr_model::{credential::CredentialView, platform::FieldKind};
use leptos::prelude::*;

use super::{
    AccessForm,
    access::{REMOVE, REPLACE, Secret},
};
use crate::components::ui::{Button, DayOf, SecretField, Size, TextField, focus_soon, unique_id};

/// One credential: what may be shown of it, and replacing or removing it.
#[component]
pub(super) fn SecretRow(
    /// The form it is in.
    form: AccessForm,
    /// The credential.
    secret: Secret,
    /// The platform's name.
    platform: String,
    /// Whether the person may change it.
    may_change: bool,
) -> impl IntoView {
    let row_id = unique_id("credential");
    let field = secret.field.name.clone();
    let shown = Memo::new(move |_| form.shown(&field));
    let is_set = Memo::new(move |_| shown.with(Option::is_some));
    let plan = secret.plan;
    let press = {
        let (row_id, secret) = (row_id.clone(), secret.clone());
        move |label: &'static str, to: &'static str| {
            let (row_id, secret) = (row_id.clone(), secret.clone());
            let turn = move || {
                secret.keep();
                secret.plan.set(to.to_owned());
                form.state.touched(&secret.name());
                // What was pressed goes: the focus goes to what comes in its place.
                focus_soon(format!("#{row_id} input, #{row_id} button"));
            };
            view! { <Button label size=Size::Small on_click=turn /> }.into_any()
        }
    };
    let label = secret.field.label.clone();
    let line = move |words: AnyView, buttons: AnyView| {
        view! {
            <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
                <div class="min-w-0 flex-1 basis-56">
                    <p class="font-medium">{label.clone()}</p>
                    <p class="text-sm text-quiet">{words}</p>
                </div>
                <div class="flex gap-2">{buttons}</div>
            </div>
        }
        .into_any()
    };
    let group = secret.field.label.clone();
    let is_optional = !secret.field.required;
    let body = move || match plan.get().as_str() {
        REPLACE => {
            let keep = if is_set.get() {
                "Keep what is saved"
            } else {
                "Leave it out"
            };
            view! {
                <div class="grid grid-cols-1 gap-2">
                    {input(form, &secret)} <div>{press(keep, "")}</div>
                </div>
            }
            .into_any()
        }
        REMOVE => line("Is removed when you save.".into_any(), press("Undo", "")),
        _ => {
            let may_remove = may_change && is_optional && is_set.get();
            let verb = if is_set.get() { "Replace" } else { "Add" };
            let buttons = (
                may_change.then(|| press(verb, REPLACE)),
                may_remove.then(|| press("Remove", REMOVE)),
            );
            let platform = platform.clone();
            let words = move || said(shown.get(), &platform);
            line(words.into_any(), buttons.into_any())
        }
    };
    view! {
        <div id=row_id role="group" aria-label=group class="py-4 first:pt-0 last:pb-0">
            {body}
        </div>
    }
}

/// What may be shown of it.
fn said(shown: Option<CredentialView>, platform: &str) -> AnyView {
    let Some(shown) = shown else {
        return "Not set".into_any();
    };
    let ends_in = shown.ends_in.map(|end| {
        view! { ", ends in " <code class="font-mono text-text">"…" {end}</code> }
    });
    let by = match shown.saved_by {
        Some(name) => view! { " · saved by " <bdi>{name}</bdi> }.into_any(),
        None => format!(" · handed over by {platform}").into_any(),
    };
    view! { "Set" {ends_in} {by} ", " <DayOf at=shown.saved_at /> }.into_any()
}

/// What is typed in its place; empty at first.
fn input(form: AccessForm, secret: &Secret) -> AnyView {
    let (form, name, value) = (form.state, secret.name(), secret.typed);
    let field = &secret.field;
    let (label, help, placeholder) = (
        field.label.clone(),
        field.help.clone(),
        field.placeholder.clone(),
    );
    if field.kind == FieldKind::Secret {
        view! { <SecretField form name label value help placeholder /> }.into_any()
    } else {
        view! { <TextField form name label value help placeholder /> }.into_any()
    }
}
