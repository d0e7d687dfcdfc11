use std::future::Future;

use calibr_model::{FieldError, Problem};
use leptos::{ev::SubmitEvent, prelude::*};
use wasm_bindgen::JsCast;

use super::Ask;
use crate::api::ApiError;

/// How a form stands: what is wrong with which field, what is wrong as a
/// whole, and whether it is being sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormState {
    fields: StoredValue<Vec<String>>,
    errors: RwSignal<Vec<FieldError>>,
    /// What went wrong beyond single fields.
    pub(crate) problem: RwSignal<Option<Problem>>,
    /// Whether the server is at work on it.
    pub(crate) busy: RwSignal<bool>,
}

impl FormState {
    /// A form nobody has sent yet.
    pub(crate) fn new() -> Self {
        Self {
            fields: StoredValue::new(Vec::new()),
            errors: RwSignal::new(Vec::new()),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    /// Makes a field known: faults of others are told for the form as a whole.
    pub(crate) fn has_field(self, name: &str) {
        self.fields
            .update_value(|fields| fields.push(name.to_owned()));
    }

    /// What is wrong with one field.
    pub(crate) fn error_of(self, field: &str) -> Option<String> {
        self.errors.with(|errors| {
            let error = errors.iter().find(|error| error.field == field)?;
            Some(error.message.clone())
        })
    }

    /// A field was changed: what was said about it no longer holds.
    pub(crate) fn touched(self, field: &str) {
        let held = self
            .errors
            .with_untracked(|errors| errors.iter().any(|e| e.field == field));
        if held {
            self.errors
                .update(|errors| errors.retain(|error| error.field != field));
        }
    }

    /// Takes a submit in place of the browser: sends the request that was made
    /// of what was typed, or shows what is wrong with it. While one is under way
    /// no other is sent.
    pub(crate) fn submit<T: 'static, R>(
        self,
        event: &SubmitEvent,
        ask: Ask,
        request: impl FnOnce() -> Result<R, Vec<FieldError>>,
        then: impl FnOnce(T) + 'static,
    ) where
        R: Future<Output = Result<T, ApiError>> + 'static,
    {
        event.prevent_default();
        if self.busy.get_untracked() {
            return;
        }
        self.reset();
        match request() {
            Ok(request) => self.send(ask, request, then),
            Err(faults) => self.refuse(faults),
        }
    }

    /// Sends a request and goes on with its answer, or shows what was refused.
    pub(crate) fn send<T: 'static>(
        self,
        ask: Ask,
        request: impl Future<Output = Result<T, ApiError>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        self.busy.set(true);
        ask.send(request, move |answer| {
            self.busy.set(false);
            match answer {
                Ok(answer) => then(answer),
                Err(problem) => self.fail(problem),
            }
        });
    }

    /// Forgets all faults, before a new try.
    pub(crate) fn reset(self) {
        self.errors.set(Vec::new());
        self.problem.set(None);
    }

    /// Shows faults under their fields and leads to the first of them; those of
    /// fields it does not have, for the form as a whole.
    pub(crate) fn refuse(self, errors: Vec<FieldError>) {
        let (own, others): (Vec<_>, Vec<_>) = self.fields.with_value(|fields| {
            errors
                .into_iter()
                .partition(|error| fields.contains(&error.field))
        });
        if !others.is_empty() {
            self.problem.set(Some(Problem::invalid(others)));
        }
        self.errors.set(own);
        focus_first_fault();
    }

    /// Shows what the server refused.
    pub(crate) fn fail(self, problem: Problem) {
        if problem.errors.is_empty() {
            self.problem.set(Some(problem));
        } else {
            self.refuse(problem.errors);
        }
    }
}

/// The fields are marked in the next frame; a dialog's come before the page's.
fn focus_first_fault() {
    request_animation_frame(|| {
        let first = |selector| document().query_selector(selector).ok().flatten();
        let field = first("dialog[open] [aria-invalid='true']")
            .or_else(|| first("[aria-invalid='true']"))
            .and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(field) = field {
            let _focused = field.focus();
        }
    });
}
