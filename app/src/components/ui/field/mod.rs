//! Inputs of a form, each with its label, a line of help and its fault.

mod area;
mod checkbox;
mod choices;
mod file;
mod secret;
mod select;
mod switch;
mod text;

pub(crate) use area::TextArea;
pub(crate) use checkbox::Checkbox;
pub(crate) use choices::{Choice, Choices};
pub(crate) use file::FileField;
pub(crate) use secret::SecretField;
pub(crate) use select::SelectField;
pub(crate) use switch::Switch;
pub(crate) use text::TextField;

use leptos::prelude::*;

use super::{Glyph, Icon, unique_id};
use crate::state::FormState;

/// What surrounds an input: its label, a line of help, and what is wrong.
#[derive(Clone)]
pub(super) struct Surroundings {
    /// The input's id.
    pub(super) id: String,
    label: String,
    help: String,
    optional: bool,
    error: Signal<Option<String>>,
}

impl Surroundings {
    pub(super) fn new(
        form: FormState,
        name: &str,
        label: String,
        help: String,
        optional: bool,
    ) -> Self {
        form.has_field(name);
        let field = name.to_owned();
        let error = Signal::derive(move || form.error_of(&field));
        Self {
            id: unique_id("field"),
            label,
            help,
            optional,
            error,
        }
    }

    /// The ids of the texts that describe the input.
    pub(super) fn described_by(&self) -> impl Fn() -> Option<String> + Send + Sync + 'static {
        let Self { id, error, .. } = self.clone();
        let has_help = !self.help.is_empty();
        move || match (has_help, error.with(Option::is_some)) {
            (true, true) => Some(format!("{id}-help {id}-fault")),
            (true, false) => Some(format!("{id}-help")),
            (false, true) => Some(format!("{id}-fault")),
            (false, false) => None,
        }
    }

    /// Whether the input is at fault, for `aria-invalid`.
    pub(super) fn is_invalid(&self) -> impl Fn() -> Option<&'static str> + Send + Sync + 'static {
        let error = self.error;
        move || error.with(Option::is_some).then_some("true")
    }

    /// Puts all of it around the input.
    pub(super) fn around(self, input: AnyView) -> impl IntoView {
        let Self {
            id,
            label,
            help,
            optional,
            error,
        } = self;
        let fault_id = format!("{id}-fault");
        let help = (!help.is_empty())
            .then(|| view! { <p id=format!("{id}-help") class="help">{help}</p> });
        let fault = fault_line(fault_id, error);
        view! {
            <div class="grid gap-1.5">
                <label class="label" for=id>
                    {label}
                    {optional.then(|| view! { <span class="font-normal text-faint">" (optional)"</span> })}
                </label>
                {input}
                {help}
                {fault}
            </div>
        }
    }
}

/// What is wrong with a field, where something is.
pub(super) fn fault_line(id: String, error: Signal<Option<String>>) -> AnyView {
    (move || {
        error.get().map(|message| {
            view! {
                <p id=id.clone() class="fault">
                    <Glyph icon=Icon::Alert />
                    <span>{message}</span>
                </p>
            }
        })
    })
    .into_any()
}
