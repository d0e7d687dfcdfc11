use std::{fs, num::NonZeroU32, path::PathBuf, str::FromStr as _};

use calibr_connectors::transport::{AllowList, Outbound};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::{
    Environment, Networks, Variable,
    variables::{
        AMAZON_API_URL, AMAZON_APPLICATION_ID, AMAZON_CLIENT_ID, AMAZON_CLIENT_SECRET,
        AMAZON_LWA_URL, DATABASE_URL, ENCRYPTION_KEY, ENCRYPTION_KEY_FILE, ENCRYPTION_KEYS, LOG,
        OUTBOUND_ALLOW, OUTBOUND_CA_FILE, PUBLIC_URL, REQUESTS_PER_MINUTE, SHOPIFY_API_KEY,
        SHOPIFY_API_SECRET, SHOPIFY_BASE_URL, SIGN_INS_PER_MINUTE, TRUSTED_PROXIES,
    },
};

/// Logged where `LOG` is not set: the libraries' own events are of use to their makers alone.
const DEFAULT_LOG: &str = "info,sqlx=warn,graphile_worker=warn,graphile_worker_migrations=warn,tower_sessions=error,\
                           tower_sessions_core=error,hyper=warn";

/// A variable that holds what it must not.
#[derive(Debug, thiserror::Error)]
#[error("{} {problem}. It takes {}", variable.name, variable.example)]
pub(crate) struct SettingError {
    variable: &'static Variable,
    problem: String,
}

impl SettingError {
    /// `problem` follows the variable's name in a sentence and tells nothing of a secret.
    pub(super) fn new(variable: &'static Variable, problem: impl Into<String>) -> Self {
        Self {
            variable,
            problem: problem.into(),
        }
    }
}

/// All settings, read and checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The database; `None` runs the embedded one.
    pub(crate) database: Option<PgConnectOptions>,
    /// Where the master keys are.
    pub(crate) keys: KeySettings,
    /// Where people reach the console, without a path; `None` for the address listened on.
    pub(crate) public_url: Option<Url>,
    /// The proxies in front.
    pub(crate) trusted_proxies: Networks,
    /// How often somebody may ask.
    pub(crate) rates: RateSettings,
    /// Shopify's texts; the connector reads them.
    pub(crate) shopify: ShopifyTexts,
    /// Amazon's texts, likewise.
    pub(crate) amazon: AmazonTexts,
    /// Calls to the outside.
    pub(crate) outbound: Outbound,
    /// What is logged.
    pub(crate) log: EnvFilter,
}

/// How often somebody may ask, a minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateSettings {
    /// Requests of a person or address.
    pub(crate) requests: NonZeroU32,
    /// Sign-ins of an address.
    pub(crate) sign_ins: NonZeroU32,
}

/// Where the master keys are.
#[derive(Debug, Default)]
pub(crate) struct KeySettings {
    /// `ENCRYPTION_KEYS`.
    pub(crate) several: Option<SecretString>,
    /// `ENCRYPTION_KEY`.
    pub(crate) single: Option<SecretString>,
    /// `ENCRYPTION_KEY_FILE`.
    pub(crate) file: Option<PathBuf>,
}

impl KeySettings {
    /// Whether the operator has named any key.
    pub(crate) fn any(&self) -> bool {
        self.several.is_some() || self.single.is_some() || self.file.is_some()
    }
}

/// What the operator set for Shopify, not looked at yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShopifyTexts {
    /// `SHOPIFY_API_KEY`.
    pub(crate) api_key: Option<String>,
    /// `SHOPIFY_API_SECRET`.
    pub(crate) api_secret: Option<SecretString>,
    /// `SHOPIFY_BASE_URL`.
    pub(crate) base_url: Option<String>,
}

/// What the operator set for Amazon, not looked at yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct AmazonTexts {
    /// `AMAZON_APPLICATION_ID`.
    pub(crate) application_id: Option<String>,
    /// `AMAZON_CLIENT_ID`.
    pub(crate) client_id: Option<String>,
    /// `AMAZON_CLIENT_SECRET`.
    pub(crate) client_secret: Option<SecretString>,
    /// `AMAZON_LWA_URL`.
    pub(crate) lwa_url: Option<String>,
    /// `AMAZON_API_URL`.
    pub(crate) api_url: Option<String>,
}

impl Settings {
    /// Reads every variable.
    ///
    /// # Errors
    /// [`SettingError`] for the first one that is wrong.
    pub(crate) fn read(environment: &Environment<'_>) -> Result<Self, SettingError> {
        let database = environment.secret(&DATABASE_URL)?;
        let public_url = environment.text(&PUBLIC_URL)?;
        let trusted_proxies = environment.text(&TRUSTED_PROXIES)?.unwrap_or_default();
        Ok(Self {
            database: database.as_ref().map(database_options).transpose()?,
            keys: KeySettings {
                several: environment.secret(&ENCRYPTION_KEYS)?,
                single: environment.secret(&ENCRYPTION_KEY)?,
                file: environment.text(&ENCRYPTION_KEY_FILE)?.map(PathBuf::from),
            },
            public_url: public_url.as_deref().map(read_public_url).transpose()?,
            trusted_proxies: trusted_proxies.parse().map_err(|problem: String| {
                SettingError::new(&TRUSTED_PROXIES, format!("is wrong: {problem}"))
            })?,
            rates: RateSettings {
                requests: read_rate(environment, &REQUESTS_PER_MINUTE)?,
                sign_ins: read_rate(environment, &SIGN_INS_PER_MINUTE)?,
            },
            shopify: ShopifyTexts {
                api_key: environment.text(&SHOPIFY_API_KEY)?,
                api_secret: environment.secret(&SHOPIFY_API_SECRET)?,
                base_url: environment.text(&SHOPIFY_BASE_URL)?,
            },
            amazon: AmazonTexts {
                application_id: environment.text(&AMAZON_APPLICATION_ID)?,
                client_id: environment.text(&AMAZON_CLIENT_ID)?,
                client_secret: environment.secret(&AMAZON_CLIENT_SECRET)?,
                lwa_url: environment.text(&AMAZON_LWA_URL)?,
                api_url: environment.text(&AMAZON_API_URL)?,
            },
            outbound: read_outbound(environment)?,
            log: read_log(environment)?,
        })
    }
}

/// What a connection URL's parser says may quote the password, so none of it is repeated.
fn database_options(url: &SecretString) -> Result<PgConnectOptions, SettingError> {
    let url = url.expose_secret();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(SettingError::new(
            &DATABASE_URL,
            "does not begin with postgres://",
        ));
    }
    PgConnectOptions::from_str(url).map_err(|_| {
        SettingError::new(
            &DATABASE_URL,
            "cannot be read (a password with / @ : # or ? in it must have them percent-encoded)",
        )
    })
}

fn read_public_url(text: &str) -> Result<Url, SettingError> {
    let wrong = |problem: &str| SettingError::new(&PUBLIC_URL, problem);
    let url: Url = text.parse().map_err(|_| wrong("is not a web address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("does not begin with http:// or https:// and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user name or password"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(
            "holds more than a host: the console cannot be put below a path",
        ));
    }
    Ok(url)
}

fn read_outbound(environment: &Environment<'_>) -> Result<Outbound, SettingError> {
    let mut outbound = Outbound::default();
    if let Some(allowed) = environment.text(&OUTBOUND_ALLOW)? {
        outbound.allow = allowed.parse::<AllowList>().map_err(|error| {
            SettingError::new(&OUTBOUND_ALLOW, format!("is wrong: {}", error.message))
        })?;
    }
    if let Some(path) = environment.text(&OUTBOUND_CA_FILE)? {
        let content = fs::read(&path).map_err(|error| {
            SettingError::new(
                &OUTBOUND_CA_FILE,
                format!("names {path}, which cannot be read ({error})"),
            )
        })?;
        outbound.ca_pem = Some(content);
    }
    Ok(outbound)
}

fn read_rate(
    environment: &Environment<'_>,
    variable: &'static Variable,
) -> Result<NonZeroU32, SettingError> {
    let text = environment.text(variable)?;
    let number = text.as_deref().unwrap_or(variable.default);
    number
        .parse()
        .map_err(|_| SettingError::new(variable, "is not a number of requests"))
}

fn read_log(environment: &Environment<'_>) -> Result<EnvFilter, SettingError> {
    let text = environment.text(&LOG)?;
    EnvFilter::try_new(text.as_deref().unwrap_or(DEFAULT_LOG))
        .map_err(|error| SettingError::new(&LOG, format!("cannot be read ({error})")))
}

#[cfg(test)]
mod tests {
    use std::env::VarError;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::read(&Environment::new(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found
                .map(|(_, value)| (*value).to_owned())
                .ok_or(VarError::NotPresent)
        }))
    }

    fn complaint(name: &str, value: &str) -> String {
        read(&[(name, value)]).unwrap_err().to_string()
    }

    #[test]
    fn nothing_has_to_be_set() {
        let settings = read(&[]).unwrap();
        assert!(
            settings.database.is_none() && settings.public_url.is_none() && !settings.keys.any()
        );
        assert_eq!(
            (settings.rates.requests.get(), settings.rates.sign_ins.get()),
            (100, 10)
        );
    }

    #[test]
    fn blank_is_the_same_as_not_set() {
        let settings = read(&[
            ("DATABASE_URL", " "),
            ("ENCRYPTION_KEY", ""),
            ("PUBLIC_URL", "\t"),
        ])
        .unwrap();
        assert!(
            settings.database.is_none() && settings.public_url.is_none() && !settings.keys.any()
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_what_is_right() {
        for (name, value, expected) in [
            ("PUBLIC_URL", "calibr.example", "is not a web address"),
            (
                "PUBLIC_URL",
                "https://calibr.example/console",
                "below a path",
            ),
            (
                "PUBLIC_URL",
                "ftp://calibr.example",
                "does not begin with http://",
            ),
            (
                "TRUSTED_PROXIES",
                "10.0.0.0/8,proxy",
                "\"proxy\" is neither",
            ),
            ("OUTBOUND_ALLOW", "http://a", "is a web address"),
            (
                "OUTBOUND_CA_FILE",
                "/nowhere/ca.pem",
                "/nowhere/ca.pem, which cannot be read",
            ),
            ("REQUESTS_PER_MINUTE", "0", "is not a number"),
            ("SIGN_INS_PER_MINUTE", "many", "is not a number"),
            ("LOG", "calibr=loud", "cannot be read"),
            (
                "DATABASE_URL",
                "mysql://db",
                "does not begin with postgres://",
            ),
        ] {
            let complaint = complaint(name, value);
            assert!(complaint.starts_with(name), "{complaint}");
            assert!(complaint.contains(expected), "{complaint}");
            assert!(complaint.contains("It takes "), "{complaint}");
        }
    }

    #[test]
    fn a_secret_is_never_repeated() {
        let complaint = complaint("DATABASE_URL", "postgres://calibr:hush/hush@db:port/calibr");
        assert!(!complaint.contains("hush"), "{complaint}");
        let settings = read(&[
            ("ENCRYPTION_KEYS", "k1:hush"),
            ("SHOPIFY_API_SECRET", "hush"),
            ("AMAZON_CLIENT_SECRET", "hush"),
        ])
        .unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
