//! How an integration is synced and called: the settings, their rules, and how a
//! save that lost a race is told.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    form::name_fault,
    platform::{Bounds, PlatformInfo},
    problem::FieldError,
    status::words,
};

words!(
    /// How often the clock starts a run.
    Frequency ("frequency") {
        /// Never: a person or the store itself does.
        Manual = "manual",
        /// Once an hour, at a minute of the integration's own.
        Hourly = "hourly",
        /// Every six hours, likewise.
        SixHourly = "six_hourly",
        /// Once a day at a time of day in the project's time zone.
        Daily = "daily",
    }
);

words!(
    /// How often a run by the clock reads everything: only that finds what was
    /// deleted where the store does not tell.
    FullSync ("full sync") {
        /// Once a day.
        Daily = "daily",
        /// Once a week.
        Weekly = "weekly",
        /// Only when a person asks.
        Never = "never",
    }
);

words!(
    /// Who is right where a field was changed on both sides.
    ConflictPolicy ("conflict policy") {
        /// The store.
        Platform = "platform",
        /// Calibr.
        Calibr = "calibr",
        /// A person decides each.
        Manual = "manual",
    }
);

/// A time of day to the minute, written `HH:MM`, in the project's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "03:00"))]
#[serde(into = "String", try_from = "String")]
pub struct TimeOfDay(u16);

/// A text that is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a time of day; write it as 03:30 or 15:00")]
pub struct TimeOfDayError(String);

impl TimeOfDay {
    /// A time by minutes after midnight, 0 to 1439.
    pub const fn of_minutes(minutes: u16) -> Option<Self> {
        if minutes < 24 * 60 {
            Some(Self(minutes))
        } else {
            None
        }
    }

    /// Minutes after midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        let wrong = || TimeOfDayError(text.chars().take(20).collect());
        let (hours, minutes) = text.trim().split_once(':').ok_or_else(wrong)?;
        let number = |digits: &str, most: u16| {
            let fits =
                (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            let number = digits.parse::<u16>().ok().filter(|_| fits)?;
            (number <= most).then_some(number)
        };
        // `3:5` is more likely a slip than five past three.
        let minutes = number(minutes, 59).filter(|_| minutes.len() == 2);
        match (number(hours, 23), minutes) {
            (Some(hours), Some(minutes)) => Ok(Self(hours * 60 + minutes)),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = TimeOfDayError;

    fn try_from(text: String) -> Result<Self, TimeOfDayError> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// How a store is called. What is `null` is the connector's own choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Tuning {
    /// Records asked for at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// Calls a minute at most, over all replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<u32>,
    /// How long one call may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_timeout_seconds: Option<u32>,
    /// Certificates in PEM that are trusted for this store beside the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
}

/// Longest certificates, in characters.
const CA_MAX_CHARS: usize = 65_536;

/// The settings of an integration that people choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settings {
    /// What the merchant calls the store.
    pub name: String,
    /// How often the clock starts a run.
    pub frequency: Frequency,
    /// When, where that is daily.
    pub daily_at: TimeOfDay,
    /// How often such a run reads everything.
    pub full_sync: FullSync,
    /// Whether runs that nobody asked for read the catalogue.
    pub sync_products: bool,
    /// Whether runs that nobody asked for send prices that are wanted.
    pub sync_prices: bool,
    /// Who is right where both sides changed a field.
    pub conflict_policy: ConflictPolicy,
    /// Whether prices are only checked and never sent.
    pub dry_run: bool,
    /// How the store is called.
    pub tuning: Tuning,
}

/// What to change of an integration's settings: what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// The version that was looked at.
    pub version: i64,
    /// What the merchant calls the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How often the clock starts a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// When, where that is daily: `HH:MM` in the project's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_at: Option<TimeOfDay>,
    /// How often such a run reads everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_sync: Option<FullSync>,
    /// Whether runs that nobody asked for read the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_products: Option<bool>,
    /// Whether runs that nobody asked for send prices that are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_prices: Option<bool>,
    /// Who is right where both sides changed a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_policy: Option<ConflictPolicy>,
    /// Whether prices are only checked and never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// How the store is called, as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
}

impl SettingsPatch {
    /// What turns `before` into `after`, for the version that `before` is.
    pub fn between(version: i64, before: &Settings, after: &Settings) -> Self {
        fn changed<T: PartialEq + Clone>(before: &T, after: &T) -> Option<T> {
            (before != after).then(|| after.clone())
        }
        Self {
            version,
            name: changed(&before.name, &after.name),
            frequency: changed(&before.frequency, &after.frequency),
            daily_at: changed(&before.daily_at, &after.daily_at),
            full_sync: changed(&before.full_sync, &after.full_sync),
            sync_products: changed(&before.sync_products, &after.sync_products),
            sync_prices: changed(&before.sync_prices, &after.sync_prices),
            conflict_policy: changed(&before.conflict_policy, &after.conflict_policy),
            dry_run: changed(&before.dry_run, &after.dry_run),
            tuning: changed(&before.tuning, &after.tuning),
        }
    }

    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        let nothing = Self {
            version: self.version,
            ..Self::default()
        };
        *self == nothing
    }
}

impl Settings {
    /// These settings with a patch applied.
    #[must_use]
    pub fn with(mut self, patch: SettingsPatch) -> Self {
        fn put<T>(into: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *into = value;
            }
        }
        put(
            &mut self.name,
            patch.name.map(|name| name.trim().to_owned()),
        );
        put(&mut self.frequency, patch.frequency);
        put(&mut self.daily_at, patch.daily_at);
        put(&mut self.full_sync, patch.full_sync);
        put(&mut self.sync_products, patch.sync_products);
        put(&mut self.sync_prices, patch.sync_prices);
        put(&mut self.conflict_policy, patch.conflict_policy);
        put(&mut self.dry_run, patch.dry_run);
        put(&mut self.tuning, patch.tuning);
        self
    }

    /// The rules, for the browser before it sends and for the server before it
    /// saves: what is wrong, by field, in words for the person who typed it.
    pub fn faults(&self, platform: &PlatformInfo) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut say = |field: &str, message: Option<String>| {
            faults.extend(message.map(|message| FieldError {
                field: field.to_owned(),
                message,
            }));
        };
        say("name", name_fault("The store's name", &self.name));
        let tuning = &self.tuning;
        let limits = &platform.tuning;
        for (field, label, value, bounds) in [
            (
                "tuning.page_size",
                "The page size",
                tuning.page_size,
                limits.page_size,
            ),
            (
                "tuning.calls_per_minute",
                "The rate cap",
                tuning.calls_per_minute,
                Some(limits.calls_per_minute),
            ),
            (
                "tuning.request_timeout_seconds",
                "The request timeout",
                tuning.request_timeout_seconds,
                Some(limits.request_timeout_seconds),
            ),
        ] {
            say(field, number_fault(label, &platform.name, value, bounds));
        }
        say(
            "tuning.ca_pem",
            ca_fault(platform, tuning.ca_pem.as_deref()),
        );
        faults
    }
}

fn number_fault(
    label: &str,
    platform: &str,
    value: Option<u32>,
    bounds: Option<Bounds>,
) -> Option<String> {
    match (value, bounds) {
        (None, _) => None,
        (Some(_), None) => Some(format!("{label} is fixed for {platform}; leave it empty.")),
        (Some(value), Some(bounds)) if (bounds.least..=bounds.most).contains(&value) => None,
        (Some(_), Some(Bounds { least, most, .. })) => Some(format!(
            "{label} is a whole number from {least} to {most}; leave it empty for the usual one."
        )),
    }
}

fn ca_fault(platform: &PlatformInfo, pem: Option<&str>) -> Option<String> {
    let pem = pem?;
    if !platform.tuning.custom_ca {
        return Some(format!(
            "{} has certificates that everybody trusts; leave this empty.",
            platform.name
        ));
    }
    if pem.chars().count() > CA_MAX_CHARS {
        return Some(format!(
            "That is too long for certificates; at most {CA_MAX_CHARS} characters."
        ));
    }
    if pem.contains("PRIVATE KEY") {
        return Some(
            "This holds a private key, which must stay on the store's own server. Paste the \
             certificate alone."
                .to_owned(),
        );
    }
    let is_one =
        pem.contains("-----BEGIN CERTIFICATE-----") && pem.contains("-----END CERTIFICATE-----");
    (!is_one).then(|| {
        "Paste the certificate in PEM form, from -----BEGIN CERTIFICATE----- to -----END \
         CERTIFICATE-----."
            .to_owned()
    })
}

/// The settings of an integration as people see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettingsView {
    /// Counts up with each save; a save names the one it began with.
    pub version: i64,
    /// Who saved them last; `null` while nobody has.
    pub saved_by: Option<String>,
    /// When, in UTC.
    pub saved_at: Option<DateTime<Utc>>,
    /// When the next run is due, in UTC; `null` where only a person starts one.
    pub next_sync_at: Option<DateTime<Utc>>,
    /// When a run last read everything the store has, in UTC.
    pub full_sync_at: Option<DateTime<Utc>>,
    /// The project's time zone, an IANA name: `daily_at` is in it.
    pub time_zone: String,
    /// The version of the platform's API that answered last.
    pub api_version: Option<String>,
    /// What is set.
    #[serde(flatten)]
    pub settings: Settings,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::TuningLimits;

    fn platform() -> PlatformInfo {
        PlatformInfo {
            id: "shopify".parse().unwrap(),
            name: "Shopify".to_owned(),
            description: String::new(),
            capabilities: Vec::new(),
            one_click_fields: Vec::new(),
            one_click_ready: false,
            config_fields: Vec::new(),
            credential_fields: Vec::new(),
            tuning: TuningLimits::default(),
        }
    }

    fn settings() -> Settings {
        Settings {
            name: "Acme".to_owned(),
            frequency: Frequency::Hourly,
            daily_at: TimeOfDay(180),
            full_sync: FullSync::Weekly,
            sync_products: true,
            sync_prices: false,
            conflict_policy: ConflictPolicy::Manual,
            dry_run: false,
            tuning: Tuning::default(),
        }
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        for (text, minutes) in [
            ("00:00", 0),
            ("3:05", 185),
            ("02:30", 150),
            (" 23:59 ", 1_439),
        ] {
            assert_eq!(
                text.parse::<TimeOfDay>().map(TimeOfDay::minutes),
                Ok(minutes)
            );
        }
        for text in [
            "", "24:00", "12:60", "3:5", "-1:00", "+3:00", "3.30", "3:30pm", "003:00",
        ] {
            let error = text.parse::<TimeOfDay>().unwrap_err();
            assert!(error.to_string().contains("03:30"), "{text}: {error}");
        }
        assert_eq!(TimeOfDay(185).to_string(), "03:05");
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        let before = settings();
        let after = Settings {
            frequency: Frequency::Daily,
            dry_run: true,
            ..before.clone()
        };
        let patch = SettingsPatch::between(7, &before, &after);
        let sent = serde_json::to_value(&patch).unwrap();
        assert_eq!(
            sent,
            serde_json::json!({ "version": 7, "frequency": "daily", "dry_run": true })
        );
        assert!(!patch.is_empty());
        assert_eq!(before.clone().with(patch), after);
        assert!(SettingsPatch::between(7, &before, &before).is_empty());
    }

    #[test]
    fn unknown_settings_are_refused() {
        let text = r#"{ "version": 1, "frequancy": "daily" }"#;
        let error = serde_json::from_str::<SettingsPatch>(text).unwrap_err();
        assert!(error.to_string().contains("frequancy"), "{error}");
    }

    #[test]
    fn bounds_and_certificates_are_checked() {
        let faulty = Settings {
            name: " ".to_owned(),
            tuning: Tuning {
                page_size: Some(50),
                calls_per_minute: Some(0),
                request_timeout_seconds: Some(100_000),
                ca_pem: Some("-----BEGIN PRIVATE KEY-----".to_owned()),
            },
            ..settings()
        };
        let fields = |platform: &PlatformInfo| {
            let faults = faulty.faults(platform);
            faults
                .into_iter()
                .map(|fault| fault.field)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            fields(&platform()),
            [
                "name",
                "tuning.page_size",
                "tuning.calls_per_minute",
                "tuning.request_timeout_seconds",
                "tuning.ca_pem"
            ]
        );
        assert!(settings().faults(&platform()).is_empty());
        let mut self_hosted = platform();
        self_hosted.tuning.custom_ca = true;
        let fault = ca_fault(&self_hosted, Some("-----BEGIN PRIVATE KEY-----")).unwrap();
        assert!(fault.contains("private key"), "{fault}");
        let pem = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
        assert_eq!(ca_fault(&self_hosted, Some(pem)), None);
        assert!(ca_fault(&self_hosted, Some("MII=")).is_some());
    }
}
