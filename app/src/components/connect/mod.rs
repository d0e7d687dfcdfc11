//! Connecting a store, and connecting one anew: the dialog with its two ways.

mod by_hand;
mod dialog;
mod one_click;
mod test_outcome;

pub(crate) use dialog::{Connect, ConnectDialog};
pub(crate) use test_outcome::TestOutcome;

use std::collections::BTreeMap;

use calibr_model::{
    platform::{Field, FieldKind},
    views::IntegrationView,
};
use leptos::prelude::*;

use super::ui::{SecretField, TextField};
use crate::state::{Draft, FormState};

/// The inputs for what a platform asks for.
fn inputs(
    form: FormState,
    draft: Draft,
    prefix: &str,
    fields: &[Field],
    autofocus: bool,
) -> AnyView {
    let input = |(index, field): (usize, &Field)| {
        let name = format!("{prefix}.{}", field.name);
        let value = draft.field(&name);
        let label = field.label.clone();
        let help = field.help.clone();
        let placeholder = field.placeholder.clone();
        let optional = !field.required;
        let kind = match field.kind {
            FieldKind::Url => "url",
            FieldKind::Text | FieldKind::Host | FieldKind::Secret => "text",
        };
        if field.kind == FieldKind::Secret {
            view! { <SecretField form name label value help placeholder optional /> }.into_any()
        } else {
            let autofocus = autofocus && index == 0;
            view! { <TextField form name label value help placeholder optional kind autofocus /> }
                .into_any()
        }
    };
    fields
        .iter()
        .enumerate()
        .map(input)
        .collect_view()
        .into_any()
}

/// Fills in what an integration was connected with.
fn prefill(draft: Draft, prefix: &str, fields: &[Field], config: &BTreeMap<String, String>) {
    for field in fields {
        if let Some(known) = config.get(&field.name) {
            let value = draft.field(&format!("{prefix}.{}", field.name));
            if value.read_untracked().is_empty() {
                value.set(known.clone());
            }
        }
    }
}

/// The draft of connecting a platform, or of connecting one store anew.
fn draft_name(platform: &str, reconnect: Option<&IntegrationView>) -> String {
    match reconnect {
        Some(integration) => format!("reconnect {}", integration.id),
        None => format!("connect {platform}"),
    }
}
