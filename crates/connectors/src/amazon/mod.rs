//! Amazon, by its Selling Partner API.
//!
//! Rules and names come from Amazon's documentation at
//! <https://developer-docs.amazon.com/sp-api> and its published models; requests
//! are checked against these in the tests.

mod api;
mod catalogue;
mod changes;
mod competitors;
mod document;
mod estimate;
mod failure;
mod feed;
mod items;
mod marketplace;
mod one_click;
mod operations;
mod order;
mod orders;
mod prices;
mod rates;
mod record;
mod report;
mod report_line;
mod settings;
mod store;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use calibr_model::{
    platform::PlatformIdError,
    platform::{Capability, Field, FieldKind, PlatformInfo, TuningLimits},
};
use chrono::{DateTime, Utc};

pub use self::settings::{AmazonApp, AmazonHosts, AmazonSettings, Client};
use self::{
    api::{Api, Parts},
    marketplace::{Marketplace, Region},
    one_click::Consent,
    rates::{Buckets, Told},
    store::AmazonStore,
    token::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, Grant, REFRESH_TOKEN},
};
use crate::{
    budget::RateBudget,
    calls::CallSettings,
    connector::{Config, Connector, Store},
    credentials::{CredentialSet, CredentialSource},
    error::{ConnectorError, Fault},
    estimate::{CallsEstimate, Workload},
    one_click::OneClick,
    transport::{AllowList, Transport},
};

/// The config fields.
const CONFIG_MARKETPLACE: &str = "marketplace_id";
const CONFIG_SELLER: &str = "seller_id";
const CONFIG_REGION: &str = "region";

/// Amazon as this installation is set up for it.
pub struct AmazonConnector {
    info: PlatformInfo,
    settings: AmazonSettings,
    transport: Transport,
    consent: Option<Consent>,
    budget: Arc<dyn RateBudget>,
    told: Told,
}

impl std::fmt::Debug for AmazonConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AmazonConnector")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl AmazonConnector {
    /// Amazon by the operator's settings; `budget` is shared by all who call
    /// with the same credentials. Hosts that the operator named may be called
    /// wherever they are.
    ///
    /// # Errors
    /// [`Fault::Config`] where the settings cannot be used.
    pub fn new(
        settings: AmazonSettings,
        transport: &Transport,
        budget: Arc<dyn RateBudget>,
    ) -> Result<Self, ConnectorError> {
        let hosts: AllowList = settings.hosts.named().parse()?;
        let transport = if hosts == AllowList::default() {
            transport.clone()
        } else {
            transport.allowing(hosts)?
        };
        let consent = settings.app.clone().and_then(|app| {
            Some(Consent {
                application_id: app.application_id.clone()?,
                app,
                hosts: settings.hosts.clone(),
                transport: transport.clone(),
            })
        });
        Ok(Self {
            info: info(settings.app.is_some(), consent.is_some())
                .map_err(|error| ConnectorError::new(Fault::Config, error.to_string()))?,
            settings,
            transport,
            consent,
            budget,
            told: Told::default(),
        })
    }
}

#[async_trait]
impl Connector for AmazonConnector {
    fn info(&self) -> &PlatformInfo {
        &self.info
    }

    fn normalise(&self, config: Config) -> Result<Config, ConnectorError> {
        let marketplace = marketplace_of(&config)?;
        let seller = seller_of(text(&config, CONFIG_SELLER))?;
        let region = text(&config, CONFIG_REGION);
        if !region.is_empty() && Region::read(region) != Some(marketplace.region) {
            return Err(ConnectorError::new(
                Fault::Config,
                format!(
                    "{} belongs to the region {} ({}), not to \"{}\".",
                    marketplace.domain,
                    marketplace.region,
                    marketplace.region.name(),
                    region.chars().take(20).collect::<String>()
                ),
            ));
        }
        Ok(config_of(marketplace, &seller))
    }

    fn address(&self, config: &Config) -> String {
        let seller = text(config, CONFIG_SELLER);
        match Marketplace::of_id(text(config, CONFIG_MARKETPLACE)) {
            Some(marketplace) => format!("{} ({seller})", marketplace.domain),
            None => seller.to_owned(),
        }
    }

    fn store_key(&self, config: &Config) -> String {
        format!(
            "{}@{}",
            text(config, CONFIG_SELLER),
            text(config, CONFIG_MARKETPLACE)
        )
    }

    fn open_tuned(
        &self,
        config: &Config,
        calls: &CallSettings,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Arc<dyn Store>, ConnectorError> {
        let marketplace = marketplace_of(config)?;
        let seller = seller_of(text(config, CONFIG_SELLER))?;
        let prefix = format!("amazon:{}:{seller}", marketplace.region);
        let api = Api::new(Parts {
            transport: self.transport.tuned(calls)?,
            hosts: self.settings.hosts.clone(),
            client: self.settings.app.as_ref().map(|app| app.client.clone()),
            marketplace,
            seller,
            credentials,
            buckets: Buckets::new(Arc::clone(&self.budget), prefix, Arc::clone(&self.told)),
        })?;
        Ok(Arc::new(AmazonStore::new(api)?))
    }

    fn estimate(&self, work: &Workload) -> CallsEstimate {
        estimate::estimate(work)
    }

    /// The refresh token stays as it is, so a refresh that is lost does no harm.
    async fn refresh(
        &self,
        _config: &Config,
        credentials: &CredentialSet,
        _now: DateTime<Utc>,
    ) -> Result<Option<CredentialSet>, ConnectorError> {
        let Some(refresh_token) = credentials.get(REFRESH_TOKEN) else {
            return Ok(None);
        };
        let operators = self.settings.app.as_ref().map(|app| &app.client);
        let client = token::client(credentials, operators)?;
        let grant = Grant::Refresh(refresh_token);
        let issued = token::trade(&self.transport, &self.settings.hosts, &client, grant).await?;
        let kept = credentials
            .iter()
            .map(|(field, secret)| (field.to_owned(), secret.clone()));
        // Later fields replace earlier ones of the same name.
        let renewed = [
            issued
                .refresh
                .map(|token| (REFRESH_TOKEN.to_owned(), token)),
            Some((ACCESS_TOKEN.to_owned(), issued.access)),
        ];
        Ok(Some(CredentialSet::new(
            kept.chain(renewed.into_iter().flatten()),
            issued.expires_at,
        )))
    }

    fn renews(&self, fields: &[&str]) -> bool {
        fields.contains(&REFRESH_TOKEN)
    }

    fn one_click(&self) -> Option<&dyn OneClick> {
        self.consent
            .as_ref()
            .map(|consent| consent as &dyn OneClick)
    }
}

fn text<'a>(config: &'a Config, field: &str) -> &'a str {
    config.get(field).map(String::as_str).unwrap_or_default()
}

fn marketplace_of(config: &Config) -> Result<&'static Marketplace, ConnectorError> {
    Marketplace::read(text(config, CONFIG_MARKETPLACE))
}

/// A seller's id, also called merchant token, in capitals.
fn seller_of(typed: &str) -> Result<String, ConnectorError> {
    let id = typed.trim().to_ascii_uppercase();
    let fits = (8..=24).contains(&id.len())
        && id.starts_with('A')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits {
        return Ok(id);
    }
    let shown: String = typed.chars().take(40).filter(|c| !c.is_control()).collect();
    Err(ConnectorError::new(
        Fault::Config,
        format!(
            "\"{shown}\" is not a seller id. It begins with A, such as A2EXAMPLE1234; Seller \
             Central shows it under Account Info as merchant token."
        ),
    ))
}

fn config_of(marketplace: &Marketplace, seller: &str) -> Config {
    Config::from([
        (CONFIG_MARKETPLACE.to_owned(), marketplace.id.to_owned()),
        (CONFIG_REGION.to_owned(), marketplace.region.to_string()),
        (CONFIG_SELLER.to_owned(), seller.to_owned()),
    ])
}

fn info(has_app: bool, one_click_ready: bool) -> Result<PlatformInfo, PlatformIdError> {
    let field = |name: &str, label: &str, help: &str, placeholder: &str, kind, required| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        help: help.to_owned(),
        placeholder: placeholder.to_owned(),
        kind,
        required,
    };
    let marketplace = field(
        CONFIG_MARKETPLACE,
        "Amazon store",
        "The store you sell on: its address, country or marketplace id.",
        "amazon.de",
        FieldKind::Text,
        true,
    );
    let seller = field(
        CONFIG_SELLER,
        "Seller id",
        "Seller Central shows it under Account Info as merchant token.",
        "A2EXAMPLE1234",
        FieldKind::Text,
        true,
    );
    let app_help = if has_app {
        "Only of a private application of your own; leave it empty to use this installation's."
    } else {
        "Of your private application, as Amazon's developer console shows it."
    };
    let credential_fields = vec![
        field(
            REFRESH_TOKEN,
            "Refresh token",
            "Made when you authorise the application in Seller Central. It runs out after a year.",
            "Atzr|…",
            FieldKind::Secret,
            true,
        ),
        field(
            CLIENT_ID,
            "Client id",
            app_help,
            "amzn1.application-oa2-client.…",
            FieldKind::Text,
            !has_app,
        ),
        field(
            CLIENT_SECRET,
            "Client secret",
            &format!("{app_help} Amazon lets it run out after 180 days."),
            "amzn1.oa2-cs.v1.…",
            FieldKind::Secret,
            !has_app,
        ),
    ];
    Ok(PlatformInfo {
        id: "amazon".parse()?,
        name: "Amazon".to_owned(),
        description: "Listings, prices, orders and competing offers of a seller on Amazon."
            .to_owned(),
        capabilities: vec![
            Capability::Catalogue,
            Capability::OneClickConnect,
            Capability::BulkImport,
            Capability::IncrementalImport,
            Capability::PricePush,
            Capability::DryRun,
            Capability::Orders,
            Capability::ReadById,
            Capability::CompetitorPrices,
        ],
        one_click_fields: vec![marketplace.clone()],
        one_click_ready,
        config_fields: vec![marketplace, seller],
        credential_fields,
        tuning: TuningLimits::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sellers_ids_are_read_as_people_paste_them() {
        assert_eq!(seller_of(" a2example1234 ").unwrap(), "A2EXAMPLE1234");
        for wrong in [
            "",
            "A1",
            "B2EXAMPLE1234",
            "A2EXAMPLE-1234",
            "amazon.de/seller",
        ] {
            assert_eq!(
                seller_of(wrong).unwrap_err().fault,
                Fault::Config,
                "{wrong}"
            );
        }
    }
}
