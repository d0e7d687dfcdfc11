//! The settings as texts in a form, and back.

use std::{fmt::Display, str::FromStr};

use calibr_model::{
    FieldError,
    platform::PlatformInfo,
    settings::{Frequency, Settings, Tuning},
};

use crate::{
    routes::SettingsTab,
    text::{
        number::counted,
        words::{conflict_policy, frequency, full_sync},
    },
};

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    Name,
    Frequency,
    DailyAt,
    FullSync,
    SyncProducts,
    SyncPrices,
    ConflictPolicy,
    DryRun,
    PageSize,
    CallsPerMinute,
    RequestTimeout,
    CaPem,
}

/// What stands in the form, in the order of [`Item::ALL`].
pub(super) type Texts = [String; Item::ALL.len()];

impl Item {
    pub(super) const ALL: [Self; 12] = [
        Self::Name,
        Self::Frequency,
        Self::DailyAt,
        Self::FullSync,
        Self::SyncProducts,
        Self::SyncPrices,
        Self::ConflictPolicy,
        Self::DryRun,
        Self::PageSize,
        Self::CallsPerMinute,
        Self::RequestTimeout,
        Self::CaPem,
    ];

    /// Its name in the faults.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Frequency => "frequency",
            Self::DailyAt => "daily_at",
            Self::FullSync => "full_sync",
            Self::SyncProducts => "sync_products",
            Self::SyncPrices => "sync_prices",
            Self::ConflictPolicy => "conflict_policy",
            Self::DryRun => "dry_run",
            Self::PageSize => "tuning.page_size",
            Self::CallsPerMinute => "tuning.calls_per_minute",
            Self::RequestTimeout => "tuning.request_timeout_seconds",
            Self::CaPem => "tuning.ca_pem",
        }
    }

    /// The words over it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name in this console",
            Self::Frequency => "How often",
            Self::DailyAt => "Time of day",
            Self::FullSync => "Read everything",
            Self::SyncProducts => "Sync products by itself",
            Self::SyncPrices => "Send prices by itself",
            Self::ConflictPolicy => "Who is right",
            Self::DryRun => "Send no prices",
            Self::PageSize => "Records in one call",
            Self::CallsPerMinute => "Calls a minute, at most",
            Self::RequestTimeout => "Seconds to wait for an answer",
            Self::CaPem => "Certificate in PEM form",
        }
    }

    /// Where it stands.
    pub(super) const fn tab(self) -> SettingsTab {
        match self {
            Self::Frequency
            | Self::DailyAt
            | Self::FullSync
            | Self::SyncProducts
            | Self::SyncPrices
            | Self::ConflictPolicy => SettingsTab::Sync,
            _ => SettingsTab::Advanced,
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.name() == name)
    }

    /// What a text of it means to a person.
    pub(super) fn words(self, text: &str) -> String {
        let worded = match self {
            Self::Frequency => text.parse().ok().map(frequency),
            Self::FullSync => text.parse().ok().map(full_sync),
            Self::ConflictPolicy => text.parse().ok().map(conflict_policy),
            Self::SyncProducts | Self::SyncPrices | Self::DryRun => {
                Some(if is_on(text) { "On" } else { "Off" })
            }
            Self::CaPem if text.is_empty() => Some("None"),
            Self::PageSize | Self::CallsPerMinute | Self::RequestTimeout if text.is_empty() => {
                Some("As usual")
            }
            _ => None,
        };
        match (self, worded) {
            (_, Some(words)) => words.to_owned(),
            (Self::CaPem, None) => certificate(text),
            (_, None) => text.to_owned(),
        }
    }
}

/// Enough of a certificate to tell it from another.
fn certificate(pem: &str) -> String {
    let chars = i64::try_from(pem.chars().count()).unwrap_or(i64::MAX);
    let body: Vec<char> = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::chars)
        .collect();
    let end: String = body[body.len().saturating_sub(8)..].iter().collect();
    format!(
        "{}, ends in …{end}",
        counted(chars, "character", "characters")
    )
}

/// What a switch writes.
pub(super) const fn switched(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

/// Whether a switch that wrote this is on.
pub(super) fn is_on(text: &str) -> bool {
    text == switched(true)
}

/// Settings as they stand in the form.
pub(super) fn written(settings: &Settings) -> Texts {
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let tuning = &settings.tuning;
    Item::ALL.map(|item| match item {
        Item::Name => settings.name.clone(),
        Item::Frequency => settings.frequency.as_str().to_owned(),
        Item::DailyAt => settings.daily_at.to_string(),
        Item::FullSync => settings.full_sync.as_str().to_owned(),
        Item::SyncProducts => switched(settings.sync_products).to_owned(),
        Item::SyncPrices => switched(settings.sync_prices).to_owned(),
        Item::ConflictPolicy => settings.conflict_policy.as_str().to_owned(),
        Item::DryRun => switched(settings.dry_run).to_owned(),
        Item::PageSize => number(tuning.page_size),
        Item::CallsPerMinute => number(tuning.calls_per_minute),
        Item::RequestTimeout => number(tuning.request_timeout_seconds),
        Item::CaPem => tuning.ca_pem.clone().unwrap_or_default(),
    })
}

/// What the form says, and what of it cannot be read. `before` stands in for
/// that, and for what the form does not show now.
pub(super) fn parsed(texts: &Texts, before: &Settings) -> (Settings, Vec<FieldError>) {
    let mut faults = Vec::new();
    let text = |item: Item| texts[item as usize].trim();
    let number = |item| match text(item) {
        "" => None,
        // What is no number breaks the same rule as one that is too large.
        typed => Some(typed.parse().unwrap_or(u32::MAX)),
    };
    let frequency = chosen(Item::Frequency, texts, before.frequency, &mut faults);
    let daily_at = match frequency {
        Frequency::Daily => chosen(Item::DailyAt, texts, before.daily_at, &mut faults),
        _ => text(Item::DailyAt).parse().unwrap_or(before.daily_at),
    };
    let full_sync = chosen(Item::FullSync, texts, before.full_sync, &mut faults);
    let policy = before.conflict_policy;
    let settings = Settings {
        name: text(Item::Name).to_owned(),
        frequency,
        daily_at,
        full_sync,
        sync_products: is_on(text(Item::SyncProducts)),
        sync_prices: is_on(text(Item::SyncPrices)),
        conflict_policy: chosen(Item::ConflictPolicy, texts, policy, &mut faults),
        dry_run: is_on(text(Item::DryRun)),
        tuning: Tuning {
            page_size: number(Item::PageSize),
            calls_per_minute: number(Item::CallsPerMinute),
            request_timeout_seconds: number(Item::RequestTimeout),
            ca_pem: Some(text(Item::CaPem))
                .filter(|pem| !pem.is_empty())
                .map(str::to_owned),
        },
    };
    (settings, faults)
}

/// What the form says, where it keeps the rules; all that is wrong otherwise.
pub(super) fn read(
    texts: &Texts,
    before: &Settings,
    platform: &PlatformInfo,
) -> Result<Settings, Vec<FieldError>> {
    let (settings, mut faults) = parsed(texts, before);
    faults.extend(settings.faults(platform));
    if faults.is_empty() {
        Ok(settings)
    } else {
        Err(faults)
    }
}

/// One that is chosen or typed; `before` and a fault where it cannot be read.
fn chosen<T: FromStr<Err: Display>>(
    item: Item,
    texts: &Texts,
    before: T,
    faults: &mut Vec<FieldError>,
) -> T {
    texts[item as usize]
        .parse()
        .unwrap_or_else(|error: T::Err| {
            faults.push(FieldError {
                field: item.name().to_owned(),
                message: format!("{error}."),
            });
            before
        })
}

#[cfg(test)]
pub(super) mod tests {
    use calibr_model::{
        platform::TuningLimits,
        settings::{ConflictPolicy, FullSync, TimeOfDay},
    };

    use super::*;

    fn platform() -> PlatformInfo {
        PlatformInfo {
            id: "vendure".parse().unwrap(),
            name: "Vendure".to_owned(),
            description: String::new(),
            capabilities: Vec::new(),
            one_click_fields: Vec::new(),
            one_click_ready: false,
            config_fields: Vec::new(),
            credential_fields: Vec::new(),
            tuning: TuningLimits::default().pages_of(100),
        }
    }

    pub(in super::super) fn settings() -> Settings {
        Settings {
            name: "Acme".to_owned(),
            frequency: Frequency::Daily,
            daily_at: TimeOfDay::of_minutes(185).unwrap(),
            full_sync: FullSync::Weekly,
            sync_products: true,
            sync_prices: false,
            conflict_policy: ConflictPolicy::Manual,
            dry_run: true,
            tuning: Tuning {
                page_size: Some(50),
                ..Tuning::default()
            },
        }
    }

    fn typed(changes: &[(Item, &str)]) -> Texts {
        let mut texts = written(&settings());
        for (item, text) in changes {
            texts[*item as usize] = (*text).to_owned();
        }
        texts
    }

    fn faults(changes: &[(Item, &str)]) -> Vec<(String, String)> {
        let faults = read(&typed(changes), &settings(), &platform()).unwrap_err();
        let pair = |fault: FieldError| (fault.field, fault.message);
        faults.into_iter().map(pair).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let read = read(&written(&settings()), &settings(), &platform());
        assert_eq!(read, Ok(settings()));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_its_field() {
        let wrong = faults(&[
            (Item::Name, " "),
            (Item::DailyAt, ""),
            (Item::PageSize, "many"),
            (Item::CallsPerMinute, "0"),
        ]);
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        let expected = [
            Item::DailyAt,
            Item::Name,
            Item::PageSize,
            Item::CallsPerMinute,
        ];
        assert_eq!(fields, expected.map(Item::name));
        let (_, page_size) = &wrong[2];
        assert!(page_size.contains("from 1 to 100"), "{page_size}");
        for (field, _) in &wrong {
            assert!(Item::of(field).is_some(), "{field}");
        }
    }

    #[test]
    fn a_time_that_is_not_asked_for_breaks_no_rule() {
        let texts = typed(&[(Item::Frequency, "hourly"), (Item::DailyAt, "")]);
        let read = read(&texts, &settings(), &platform()).unwrap();
        assert_eq!(read.daily_at, settings().daily_at);
    }

    #[test]
    fn values_are_told_in_words() {
        let pem = "-----BEGIN CERTIFICATE-----\nMIIBabcdefgh\n-----END CERTIFICATE-----";
        for (item, text, words) in [
            (Item::Frequency, "six_hourly", "Every 6 hours"),
            (Item::SyncPrices, "false", "Off"),
            (Item::PageSize, "", "As usual"),
            (Item::PageSize, "50", "50"),
            (Item::CaPem, "", "None"),
            (Item::CaPem, pem, "66 characters, ends in …abcdefgh"),
        ] {
            assert_eq!(item.words(text), words);
        }
    }
}
