//! Connecting by consent on Shopify's own page.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use url::Url;

use super::{
    CONFIG_SHOP,
    settings::ShopifyApp,
    shop::{BaseUrl, Shop},
    signature::{self, Disbelief, single},
    token::{self, Grant},
};
use crate::{
    connector::Config,
    error::{ConnectorError, Fault},
    one_click::{Connection, OneClick, OneClickCallback, OneClickRequest},
    transport::Transport,
};

/// Consent for one app.
pub(super) struct Consent {
    pub(super) app: ShopifyApp,
    pub(super) base: BaseUrl,
    pub(super) transport: Transport,
}

#[async_trait]
impl OneClick for Consent {
    fn start(&self, request: &OneClickRequest) -> Result<Url, ConnectorError> {
        let shop = shop_of(&request.fields)?;
        let mut page = self.base.at(&shop, "/admin/oauth/authorize")?;
        page.query_pairs_mut()
            .append_pair("client_id", &self.app.api_key)
            .append_pair("scope", &self.app.scopes.joined())
            .append_pair("redirect_uri", request.redirect_uri.as_str())
            .append_pair("state", &request.state);
        Ok(page)
    }

    async fn complete(&self, callback: &OneClickCallback) -> Result<Connection, ConnectorError> {
        let started_with = shop_of(&callback.started_with)?;
        let (shop, code) = self.believe(callback, &started_with)?;
        let now: DateTime<Utc> = callback.received_at;
        let grant = Grant::Code(code);
        let issued =
            token::trade(&self.transport, &self.base, &shop, &self.app, grant, now).await?;
        let missing = self.app.scopes.missing_in(&issued.scopes);
        if !missing.is_empty() {
            return Err(ConnectorError::new(
                Fault::MissingScope,
                format!(
                    "{shop} did not permit everything Calibr needs: {} is missing. Begin to \
                     connect again and permit it.",
                    missing.join(", ")
                ),
            ));
        }
        Ok(Connection {
            config: Config::from([(CONFIG_SHOP.to_owned(), shop.domain().to_owned())]),
            credentials: issued.credentials,
        })
    }
}

impl Consent {
    /// Shop and code of a callback that is genuine, fresh, a yes, and from the
    /// shop that was asked.
    fn believe<'a>(
        &self,
        callback: &'a OneClickCallback,
        started_with: &Shop,
    ) -> Result<(Shop, &'a str), ConnectorError> {
        let refuse = |message: String| ConnectorError::new(Fault::ConsentRefused, message);
        let query = &callback.query;
        signature::verify(query, &self.app.api_secret, callback.received_at).map_err(
            |disbelief| {
                refuse(match disbelief {
                    Disbelief::Forged => {
                        "This answer does not come from Shopify, or was changed on the way; \
                         nothing was connected. Begin to connect again."
                            .to_owned()
                    }
                    Disbelief::Stale => {
                        "Shopify's answer is too old; nothing was connected. Begin to connect \
                         again. If this repeats, the clock of this server is wrong."
                            .to_owned()
                    }
                })
            },
        )?;
        if let Some(error) = single(query, "error") {
            return Err(refuse(if error == "access_denied" {
                format!(
                    "You declined the connection on Shopify's page; {started_with} was not \
                     connected."
                )
            } else {
                format!("Shopify did not go through with the connection of {started_with}.")
            }));
        }
        let shop = single(query, "shop").and_then(|shop| Shop::read(shop).ok());
        let shop = shop.filter(|shop| shop == started_with).ok_or_else(|| {
            refuse(format!(
                "Another store than {started_with} answered; nothing was connected. Sign in to the \
                 right store in Shopify and begin again."
            ))
        })?;
        let code = single(query, "code")
            .filter(|code| !code.is_empty())
            .ok_or_else(|| {
                refuse("Shopify's answer holds no code. Begin to connect again.".to_owned())
            })?;
        Ok((shop, code))
    }
}

/// The shop that a config names.
pub(super) fn shop_of(config: &Config) -> Result<Shop, ConnectorError> {
    Shop::read(
        config
            .get(CONFIG_SHOP)
            .map(String::as_str)
            .unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use calibr_model::Sources;
    use chrono::TimeDelta;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;
    use crate::transport::Outbound;

    fn consent() -> Consent {
        Consent {
            app: ShopifyApp::new("the key".into(), "hush".into()),
            base: BaseUrl::default(),
            transport: Transport::new(Outbound::default(), Sources::system()).unwrap(),
        }
    }

    fn config(shop: &str) -> Config {
        Config::from([("shop".to_owned(), shop.to_owned())])
    }

    fn redirect_uri() -> Url {
        "https://calibr.example/api/oauth/shopify/callback"
            .parse()
            .unwrap()
    }

    fn received_at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_782_900_000, 0).unwrap()
    }

    /// A callback as the shop would sign it.
    fn callback(parameters: &[(&str, &str)]) -> OneClickCallback {
        let mut query: Vec<(String, String)> = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        query.push(("timestamp".into(), received_at().timestamp().to_string()));
        query.sort();
        let message = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&query)
            .finish();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
        mac.update(message.as_bytes());
        query.push(("hmac".into(), hex::encode(mac.finalize().into_bytes())));
        OneClickCallback {
            query,
            started_with: config("acme.myshopify.com"),
            redirect_uri: redirect_uri(),
            received_at: received_at(),
            delivered: None,
        }
    }

    fn believe(callback: &OneClickCallback) -> Result<String, String> {
        let started_with = Shop::read("acme").unwrap();
        match consent().believe(callback, &started_with) {
            Ok((_, code)) => Ok(code.to_owned()),
            Err(error) => {
                assert_eq!(error.fault, Fault::ConsentRefused);
                Err(error.message)
            }
        }
    }

    #[test]
    fn the_browser_is_sent_to_the_shops_consent_page() {
        let page = consent()
            .start(&OneClickRequest {
                fields: config("ACME"),
                redirect_uri: redirect_uri(),
                state: "s1".into(),
            })
            .unwrap();
        insta::assert_snapshot!(page, @"https://acme.myshopify.com/admin/oauth/authorize?client_id=the+key&scope=write_products%2Cread_orders&redirect_uri=https%3A%2F%2Fcalibr.example%2Fapi%2Foauth%2Fshopify%2Fcallback&state=s1");
    }

    #[test]
    fn a_genuine_fresh_yes_of_the_right_shop_is_believed() {
        let yes = callback(&[
            ("shop", "acme.myshopify.com"),
            ("code", "c0de"),
            ("state", "s1"),
        ]);
        assert_eq!(believe(&yes), Ok("c0de".into()));
    }

    #[test]
    fn a_no_is_called_a_no() {
        let no = callback(&[("shop", "acme.myshopify.com"), ("error", "access_denied")]);
        insta::assert_snapshot!(believe(&no).unwrap_err(), @"You declined the connection on Shopify's page; acme.myshopify.com was not connected.");
    }

    #[test]
    fn forged_stale_and_foreign_answers_are_told_apart() {
        let good = [("shop", "acme.myshopify.com"), ("code", "c0de")];
        let mut forged = callback(&good);
        forged
            .query
            .iter_mut()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1 = "other".into();
        assert!(
            believe(&forged)
                .unwrap_err()
                .contains("does not come from Shopify")
        );
        let mut stale = callback(&good);
        stale.received_at += TimeDelta::minutes(2);
        assert!(believe(&stale).unwrap_err().contains("too old"));
        let foreign = callback(&[("shop", "other.myshopify.com"), ("code", "c0de")]);
        assert!(believe(&foreign).unwrap_err().contains("Another store"));
        let codeless = callback(&[("shop", "acme.myshopify.com")]);
        assert!(believe(&codeless).unwrap_err().contains("no code"));
    }
}
