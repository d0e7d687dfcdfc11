use std::collections::BTreeMap;

use calibr_model::{
    FieldError, IntegrationId,
    credential::CredentialView,
    form::CredentialsForm,
    platform::{Field, FieldKind, PlatformInfo},
    views::IntegrationDetail,
};
use leptos::prelude::*;

use super::edited::Edited;
use crate::{
    api, routes,
    routes::SettingsTab,
    state::{Address, Ask, Drafts, FormState, Project, Query, Toast, Toasts},
};

/// What is to be done with a credential: nothing, while it is empty.
pub(super) const REPLACE: &str = "replace";
/// It is to be removed.
pub(super) const REMOVE: &str = "remove";

/// One credential in the form.
#[derive(Clone)]
pub(super) struct Secret {
    pub(super) field: Field,
    /// What is to be done with it.
    pub(super) plan: RwSignal<String>,
    /// What was typed in its place.
    pub(super) typed: RwSignal<String>,
}

impl Secret {
    /// Its name in the form and in the faults.
    pub(super) fn name(&self) -> String {
        format!("credentials.{}", self.field.name)
    }

    fn is_dirty(&self) -> bool {
        self.plan.with(|plan| plan == REMOVE)
            || self.plan.with(|plan| plan == REPLACE) && !self.typed.with(String::is_empty)
    }

    /// Leaves what is saved as it is.
    pub(super) fn keep(&self) {
        self.plan.set(String::new());
        self.typed.set(String::new());
    }
}

/// One part of where the store is.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) field: Field,
    pub(super) text: Edited,
}

impl Part {
    /// Its name in the form and in the faults.
    pub(super) fn name(&self) -> String {
        format!("config.{}", self.field.name)
    }

    /// Whether it may change: what makes it another store may not.
    pub(super) fn may_change(&self) -> bool {
        self.field.kind == FieldKind::Url
    }
}

/// The form of a store's credentials and address.
#[derive(Clone, Copy)]
pub(crate) struct AccessForm {
    pub(super) id: IntegrationId,
    project: Project,
    address: Address,
    toasts: Toasts,
    ask: Ask,
    pub(super) secrets: StoredValue<Vec<Secret>>,
    pub(super) parts: StoredValue<Vec<Part>>,
    /// What is saved, kept in step.
    pub(super) saved: Query<IntegrationDetail>,
    /// Its faults, and whether it is being sent.
    pub(crate) state: FormState,
    /// Whether something is not saved.
    pub(crate) dirty: Memo<bool>,
}

impl AccessForm {
    /// The form of a store, with what was typed into it before.
    pub(crate) fn open(
        id: IntegrationId,
        platform: &PlatformInfo,
        saved: Query<IntegrationDetail>,
    ) -> Self {
        let draft = expect_context::<Drafts>().of(format!("access {id}"));
        let secret = |field: &Field| Secret {
            plan: draft.field(&format!("plan.{}", field.name)),
            typed: draft.field(&format!("credentials.{}", field.name)),
            field: field.clone(),
        };
        let part = |field: &Field| Part {
            text: Edited::of(draft, &format!("config.{}", field.name)),
            field: field.clone(),
        };
        let secrets: Vec<_> = platform.credential_fields.iter().map(secret).collect();
        let parts: Vec<_> = platform.config_fields.iter().map(part).collect();
        let state = FormState::new();
        secrets.iter().for_each(|one| state.has_field(&one.name()));
        parts.iter().for_each(|one| state.has_field(&one.name()));
        let (secrets, parts) = (StoredValue::new(secrets), StoredValue::new(parts));
        let dirty = Memo::new(move |_| {
            secrets.with_value(|all| all.iter().any(Secret::is_dirty))
                || parts.with_value(|all| all.iter().any(|part| part.text.is_dirty()))
        });
        let this = Self {
            id,
            project: expect_context(),
            address: expect_context(),
            toasts: expect_context(),
            ask: Ask::here(),
            secrets,
            parts,
            saved,
            state,
            dirty,
        };
        Effect::new(move |_| {
            let config = saved.with(|saved| saved.map(|saved| saved.config.clone()));
            this.keep_up(&config.unwrap_or_default());
        });
        this
    }

    /// Shows where the store is now, where nothing was typed that it would
    /// replace.
    fn keep_up(self, config: &BTreeMap<String, String>) {
        self.parts.with_value(|parts| {
            for part in parts {
                let text = config.get(&part.field.name).map(String::as_str);
                if !untrack(|| part.text.is_dirty()) {
                    part.text.take(text.unwrap_or_default());
                }
            }
        });
    }

    /// What may be shown of a saved credential. Tracked.
    pub(super) fn shown(self, field: &str) -> Option<CredentialView> {
        self.saved.with(|saved| {
            let mut all = saved?.credentials.iter();
            all.find(|one| one.field == field).cloned()
        })
    }

    /// Forgets what was typed.
    pub(crate) fn discard(self) {
        self.state.reset();
        self.secrets
            .with_value(|all| all.iter().for_each(Secret::keep));
        self.parts
            .with_value(|all| all.iter().for_each(|part| part.text.discard()));
    }

    /// Has the store try what was entered, and saves it where it does.
    pub(crate) fn save(self) {
        if self.state.busy.get_untracked() {
            return;
        }
        self.state.reset();
        let form = match self.entered() {
            Ok(form) => form,
            Err(faults) => {
                self.lead_here();
                return self.state.refuse(faults);
            }
        };
        let request = api::settings::put_credentials(self.project.slug(), self.id, form);
        let toasts = self.toasts;
        self.state.busy.set(true);
        self.ask.send(request, move |answer| {
            if self.state.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(saved) => {
                    toasts.show(
                        Toast::good("Credentials saved").detail("The store answered to them."),
                    );
                    self.discard();
                    self.parts.with_value(|parts| {
                        for part in parts {
                            let now = saved.config.get(&part.field.name);
                            part.text.take(now.map(String::as_str).unwrap_or_default());
                        }
                    });
                    self.project.take(saved.integration.clone());
                    self.saved.amend(|shown| *shown = saved);
                }
                Err(problem) => {
                    self.lead_here();
                    self.state.fail(problem);
                }
            }
        });
    }

    /// Opens the tab of this form: what is wrong must be seen.
    fn lead_here(self) {
        let slug = self.project.slug();
        let here = routes::settings_tab(slug.as_str(), self.id, SettingsTab::Credentials);
        if self.address.path.get_untracked() != here {
            self.address.go(&here);
        }
    }

    /// What was entered, where it keeps the fields' rules.
    fn entered(self) -> Result<CredentialsForm, Vec<FieldError>> {
        let mut form = CredentialsForm::default();
        let mut faults = Vec::new();
        let mut refuse = |field: String, message| faults.push(FieldError { field, message });
        self.secrets.with_value(|secrets| {
            for secret in secrets {
                let plan = secret.plan.get_untracked();
                let typed = secret.typed.get_untracked();
                let name = secret.field.name.clone();
                match secret.field.check(Some(&typed)) {
                    _ if plan == REMOVE => {
                        form.credentials.insert(name, None);
                    }
                    _ if plan != REPLACE => {}
                    Ok(Some(value)) => {
                        form.credentials.insert(name, Some(value));
                    }
                    Ok(None) => refuse(
                        secret.name(),
                        format!(
                            "{} is empty. Type it, or keep what is saved.",
                            secret.field.label
                        ),
                    ),
                    Err(message) => refuse(secret.name(), message),
                }
            }
        });
        self.parts.with_value(|parts| {
            for part in parts.iter().filter(|part| untrack(|| part.text.is_dirty())) {
                match part.field.check(Some(&part.text.mine.get_untracked())) {
                    Ok(value) => {
                        let value = value.unwrap_or_default();
                        form.config.insert(part.field.name.clone(), value);
                    }
                    Err(message) => refuse(part.name(), message),
                }
            }
        });
        if faults.is_empty() {
            Ok(form)
        } else {
            Err(faults)
        }
    }
}
