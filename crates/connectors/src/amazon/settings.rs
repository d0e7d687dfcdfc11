//! What the operator sets for Amazon.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::marketplace::{Marketplace, Region};
use crate::{
    error::{ConnectorError, Fault},
    transport::AddressSetting,
};

/// The operator's settings for Amazon.
#[derive(Debug, Clone, Default)]
pub struct AmazonSettings {
    /// The application that sellers consent to; without it sellers bring the
    /// client id and secret of a private application.
    pub app: Option<AmazonApp>,
    /// Where Amazon is, if not at Amazon.
    pub hosts: AmazonHosts,
}

impl AmazonSettings {
    /// Settings from the operator's texts (`AMAZON_APPLICATION_ID`,
    /// `AMAZON_CLIENT_ID`, `AMAZON_CLIENT_SECRET`, `AMAZON_LWA_URL`,
    /// `AMAZON_API_URL`), empty ones counting as not set.
    ///
    /// # Errors
    /// [`Fault::Config`] where one is wrong, or comes without those it needs.
    pub fn read(
        application_id: Option<String>,
        client_id: Option<String>,
        client_secret: Option<SecretString>,
        lwa_url: Option<&str>,
        api_url: Option<&str>,
    ) -> Result<Self, ConnectorError> {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let application_id = filled(application_id);
        let client_id = filled(client_id);
        let client_secret =
            client_secret.filter(|secret| !secret.expose_secret().trim().is_empty());
        let missing = |missing: &str| {
            Err(ConnectorError::new(
                Fault::Config,
                format!(
                    "{missing} is not set, although others of the application are. Set \
                     AMAZON_CLIENT_ID and AMAZON_CLIENT_SECRET together, as Amazon's developer \
                     console shows them; AMAZON_APPLICATION_ID beside them for one-click connect."
                ),
            ))
        };
        let app = match (client_id, client_secret) {
            (Some(client_id), Some(client_secret)) => Some(AmazonApp {
                application_id,
                client: Client {
                    id: client_id,
                    secret: client_secret,
                },
            }),
            (None, None) if application_id.is_none() => None,
            (Some(_), None) => return missing("AMAZON_CLIENT_SECRET"),
            (None, _) => return missing("AMAZON_CLIENT_ID"),
        };
        Ok(Self {
            app,
            hosts: AmazonHosts::read(lwa_url, api_url)?,
        })
    }
}

/// The application as it is registered with Amazon.
#[derive(Debug, Clone)]
pub struct AmazonApp {
    /// Its id on the consent page (`amzn1.sp.solution.…`); `None` leaves
    /// connecting by hand.
    pub application_id: Option<String>,
    /// What signs it in.
    pub client: Client,
}

/// What signs an application in at Login with Amazon.
#[derive(Clone)]
pub struct Client {
    /// The client id (`amzn1.application-oa2-client.…`).
    pub id: String,
    /// The client secret. Amazon lets it run out after 180 days.
    pub secret: SecretString,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Where Amazon is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AmazonHosts {
    /// In place of `https://api.amazon.com`, and then of Seller Central too:
    /// its consent page is asked for below the same address.
    lwa: Option<Url>,
    /// In place of `https://sellingpartnerapi-{region}.amazon.com`.
    api: Option<String>,
}

const PLACEHOLDER: &str = "{region}";

impl AmazonHosts {
    /// Reads `AMAZON_LWA_URL` and `AMAZON_API_URL`; `{region}` in the latter
    /// stands for `na`, `eu` or `fe`.
    ///
    /// # Errors
    /// [`Fault::Config`] where one is no address.
    pub fn read(lwa: Option<&str>, api: Option<&str>) -> Result<Self, ConnectorError> {
        let filled = |text: Option<&str>| {
            text.map(|text| text.trim().trim_end_matches('/').to_owned())
                .filter(|text| !text.is_empty())
        };
        let lwa = filled(lwa)
            .map(|text| checked("AMAZON_LWA_URL", &text))
            .transpose()?;
        let api = filled(api);
        if let Some(template) = &api {
            checked("AMAZON_API_URL", &template.replace(PLACEHOLDER, "eu"))?;
        }
        Ok(Self { lwa, api })
    }

    /// The hosts the operator named, for the list of what may be called.
    pub(super) fn named(&self) -> String {
        let api = self.api.iter().flat_map(|template| {
            [Region::NorthAmerica, Region::Europe, Region::FarEast]
                .map(|region| template.replace(PLACEHOLDER, region.code()))
        });
        let hosts = api
            .filter_map(|address| address.parse::<Url>().ok())
            .chain(self.lwa.clone())
            .filter_map(|url| url.host_str().map(str::to_owned));
        let mut hosts: Vec<String> = hosts.collect();
        hosts.sort();
        hosts.dedup();
        hosts.join(",")
    }

    /// The token endpoint of Login with Amazon.
    pub(super) fn token(&self) -> Result<Url, ConnectorError> {
        let base = self
            .lwa
            .as_ref()
            .map_or("https://api.amazon.com", Url::as_str);
        joined(base, "/auth/o2/token")
    }

    /// The consent page of a store's sellers.
    pub(super) fn consent(&self, marketplace: &Marketplace) -> Result<Url, ConnectorError> {
        match &self.lwa {
            Some(base) => joined(base.as_str(), "/apps/authorize/consent"),
            None => joined(
                &format!("https://{}", marketplace.seller_central),
                "/apps/authorize/consent",
            ),
        }
    }

    /// The API of a region.
    pub(super) fn api(&self, region: Region) -> Result<Url, ConnectorError> {
        match &self.api {
            Some(template) => joined(&template.replace(PLACEHOLDER, region.code()), "/"),
            None => joined(
                &format!("https://sellingpartnerapi-{region}.amazon.com"),
                "/",
            ),
        }
    }
}

fn joined(base: &str, path: &str) -> Result<Url, ConnectorError> {
    format!("{}{path}", base.trim_end_matches('/'))
        .parse()
        .map_err(|_| ConnectorError::new(Fault::Config, "Amazon's address is not one."))
}

fn checked(name: &'static str, address: &str) -> Result<Url, ConnectorError> {
    let setting = AddressSetting {
        name,
        shown: address,
        example: "http://127.0.0.1:4010",
    };
    setting.read(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        application: Option<&str>,
        id: Option<&str>,
        secret: Option<&str>,
    ) -> Result<AmazonSettings, ConnectorError> {
        AmazonSettings::read(
            application.map(str::to_owned),
            id.map(str::to_owned),
            secret.map(SecretString::from),
            None,
            Some(" "),
        )
    }

    #[test]
    fn an_application_comes_whole() {
        assert!(read(None, None, None).unwrap().app.is_none());
        assert!(read(None, Some(""), Some(" ")).unwrap().app.is_none());
        let private = read(None, Some("id"), Some("hush")).unwrap().app.unwrap();
        assert_eq!(private.application_id, None);
        insta::assert_snapshot!(
            read(Some("amzn1"), Some("id"), None).unwrap_err(),
            @"AMAZON_CLIENT_SECRET is not set, although others of the application are. Set AMAZON_CLIENT_ID and AMAZON_CLIENT_SECRET together, as Amazon's developer console shows them; AMAZON_APPLICATION_ID beside them for one-click connect."
        );
        assert!(read(Some("amzn1"), None, None).is_err());
        assert!(read(None, None, Some("hush")).is_err());
    }

    #[test]
    fn the_secret_is_not_shown() {
        let settings = read(None, Some("id"), Some("hush")).unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }

    #[test]
    fn amazon_is_at_amazon_unless_the_operator_says_otherwise() {
        let germany = Marketplace::read("DE").unwrap();
        let hosts = AmazonHosts::default();
        assert_eq!(
            hosts.token().unwrap().as_str(),
            "https://api.amazon.com/auth/o2/token"
        );
        assert_eq!(
            hosts.api(Region::FarEast).unwrap().as_str(),
            "https://sellingpartnerapi-fe.amazon.com/"
        );
        assert_eq!(
            hosts.consent(germany).unwrap().as_str(),
            "https://sellercentral-europe.amazon.com/apps/authorize/consent"
        );
        assert_eq!(hosts.named(), "");
        let hosts =
            AmazonHosts::read(Some("http://lwa.test/"), Some("http://{region}.test:4/sp")).unwrap();
        assert_eq!(
            hosts.consent(germany).unwrap().as_str(),
            "http://lwa.test/apps/authorize/consent"
        );
        assert_eq!(
            hosts.api(Region::Europe).unwrap().as_str(),
            "http://eu.test:4/sp/"
        );
        assert_eq!(hosts.named(), "eu.test,fe.test,lwa.test,na.test");
        for wrong in ["amazon", "ftp://x", "http://x?y", "http://a:b@x"] {
            assert!(AmazonHosts::read(Some(wrong), None).is_err(), "{wrong}");
            assert!(AmazonHosts::read(None, Some(wrong)).is_err(), "{wrong}");
        }
    }
}
