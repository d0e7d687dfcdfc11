//! Rules of the forms, applied in the browser before sending and on the server
//! before anything is done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    platform::{Field, PlatformId},
    problem::FieldError,
    slug::ProjectSlug,
};

/// Shortest password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// Longest password, in characters: argon2 takes any length, a request must not.
pub const PASSWORD_MAX_CHARS: usize = 256;

/// First start: makes the owner and their first project.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetupForm {
    /// The owner's name.
    pub name: String,
    /// The owner's email address: the name to sign in with.
    pub email: String,
    /// The owner's password.
    pub password: String,
    /// The business's name.
    pub project_name: String,
    /// The project's address; suggested from the name where empty.
    #[serde(default)]
    pub project_slug: String,
    /// The business's time zone, an IANA name such as `Europe/Berlin`.
    pub time_zone: String,
}

/// Signs in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginForm {
    /// Email address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Connects a store by hand.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectForm {
    /// The platform's word.
    pub platform: PlatformId,
    /// What the merchant calls this store; the store's own name where empty.
    #[serde(default)]
    pub name: String,
    /// Values of the platform's `config_fields`.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Values of the platform's `credential_fields`.
    #[serde(default)]
    pub credentials: BTreeMap<String, String>,
}

impl std::fmt::Debug for ConnectForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectForm")
            .field("platform", &self.platform)
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Other credentials for a connected store, field by field.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CredentialsForm {
    /// Values of the platform's `credential_fields`: a text replaces what is
    /// saved, `null` removes it, and what is left out stays.
    #[serde(default)]
    pub credentials: BTreeMap<String, Option<String>>,
    /// Values of the platform's `config_fields` that are to change: addresses
    /// alone.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

impl std::fmt::Debug for CredentialsForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialsForm")
            .field("fields", &self.credentials.keys().collect::<Vec<_>>())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

fn say(errors: &mut Vec<FieldError>, field: &str, message: impl Into<String>) {
    errors.push(FieldError {
        field: field.to_owned(),
        message: message.into(),
    });
}

/// Longest name of a person, a project or a store, in characters.
pub const NAME_MAX_CHARS: usize = 100;

/// What is wrong with a name, if anything. `label` begins the sentence.
pub fn name_fault(label: &str, name: &str) -> Option<String> {
    let chars = name.trim().chars().count();
    if chars == 0 {
        Some(format!("{label} is needed."))
    } else if chars > NAME_MAX_CHARS {
        Some(format!(
            "{label} is too long; at most {NAME_MAX_CHARS} characters."
        ))
    } else if name.chars().any(char::is_control) {
        Some(format!("{label} holds a control character; type it again."))
    } else {
        None
    }
}

fn check_name(errors: &mut Vec<FieldError>, field: &str, label: &str, value: &str) {
    if let Some(fault) = name_fault(label, value) {
        say(errors, field, fault);
    }
}

/// Whether a text can be an email address: one `@`, something on both sides, no
/// spaces, at most 254 characters. Whether mail arrives there only mail tells.
pub fn is_email(text: &str) -> bool {
    let text = text.trim();
    let admitted = |c: char| !c.is_whitespace() && !c.is_control();
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !local.contains('@')
                && domain.len() >= 3
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && text.len() <= 254
                && text.chars().all(admitted)
        }
        None => false,
    }
}

/// What is wrong with a new password, if anything.
pub fn password_fault(password: &str) -> Option<String> {
    let chars = password.chars().count();
    if chars < PASSWORD_MIN_CHARS {
        Some(format!(
            "The password is too short; at least {PASSWORD_MIN_CHARS} characters."
        ))
    } else if chars > PASSWORD_MAX_CHARS {
        Some(format!(
            "The password is too long; at most {PASSWORD_MAX_CHARS} characters."
        ))
    } else {
        None
    }
}

impl SetupForm {
    /// What is wrong with it; empty where nothing is. The time zone's existence
    /// is checked on the server, which knows them all.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        check_name(&mut errors, "name", "Your name", &self.name);
        if !is_email(&self.email) {
            say(
                &mut errors,
                "email",
                "Give an email address such as you@shop.example.",
            );
        }
        if let Some(fault) = password_fault(&self.password) {
            say(&mut errors, "password", fault);
        }
        check_name(
            &mut errors,
            "project_name",
            "The business's name",
            &self.project_name,
        );
        if !self.project_slug.trim().is_empty()
            && let Err(error) = self.project_slug.trim().parse::<ProjectSlug>()
        {
            say(&mut errors, "project_slug", format!("{error}."));
        }
        if self.time_zone.trim().is_empty() {
            say(
                &mut errors,
                "time_zone",
                "Choose the time zone your business keeps.",
            );
        }
        errors
    }
}

impl LoginForm {
    /// What is wrong with it before any account is looked at.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if !is_email(&self.email) {
            say(
                &mut errors,
                "email",
                "Give the email address you sign in with.",
            );
        }
        if self.password.is_empty() {
            say(&mut errors, "password", "Give your password.");
        } else if self.password.chars().count() > PASSWORD_MAX_CHARS {
            say(
                &mut errors,
                "password",
                "That password is too long to be yours.",
            );
        }
        errors
    }
}

/// Applies every field's rules to what was typed: the trimmed values that are
/// there, or all faults. `prefix` (`config`, `credentials`) names the fields in
/// the faults; a value for a field that does not exist is a fault too.
pub fn check_fields(
    prefix: &str,
    fields: &[Field],
    typed: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Vec<FieldError>> {
    let mut values = BTreeMap::new();
    let mut errors = Vec::new();
    for field in fields {
        match field.check(typed.get(&field.name).map(String::as_str)) {
            Ok(Some(value)) => {
                values.insert(field.name.clone(), value);
            }
            Ok(None) => {}
            Err(message) => say(&mut errors, &format!("{prefix}.{}", field.name), message),
        }
    }
    for name in typed.keys() {
        if !fields.iter().any(|field| field.name == *name) {
            let shown: String = name.chars().take(60).collect();
            say(
                &mut errors,
                &format!("{prefix}.{shown}"),
                format!("There is no field \"{shown}\" here; remove it."),
            );
        }
    }
    if errors.is_empty() {
        Ok(values)
    } else {
        Err(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        for good in ["a@b.co", "owner@demo.calibr.example", "ä+b@shop.example"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "", "a", "a@", "@b.co", "a@b", "a b@c.de", "a@@b.co", "a@.co",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn every_fault_of_the_setup_is_named() {
        let fields: Vec<_> = SetupForm {
            project_slug: "No Good".into(),
            ..SetupForm::default()
        }
        .faults()
        .into_iter()
        .map(|error| error.field)
        .collect();
        assert_eq!(
            fields,
            [
                "name",
                "email",
                "password",
                "project_name",
                "project_slug",
                "time_zone"
            ]
        );
    }

    #[test]
    fn credentials_do_not_show_in_debug() {
        let form = ConnectForm {
            platform: "shopify".parse().unwrap(),
            name: String::new(),
            config: BTreeMap::new(),
            credentials: [("access_token".to_owned(), "shpat_secret".to_owned())].into(),
        };
        assert!(!format!("{form:?}").contains("shpat_secret"));
    }
}
