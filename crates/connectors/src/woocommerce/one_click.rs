//! Connecting by consent on the store's own page (`wc-auth`,
//! [authentication endpoint](https://woocommerce.github.io/woocommerce-rest-api-docs/#rest-api-keys)).
//!
//! The store posts the keys from server to server while the browser is still on
//! its page, and only then sends the browser back. Nothing signs the delivery:
//! what proves it is the state, which nobody else has seen.

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::{Host, Url};

use super::{CONFIG_URL, CONSUMER_KEY, CONSUMER_SECRET, address::StoreAddress, failure};
use crate::{
    connector::Config,
    credentials::CredentialSet,
    error::{ConnectorError, Fault},
    one_click::{Connection, DeliveredCredentials, OneClick, OneClickCallback, OneClickRequest},
    transport::Transport,
};

/// What the consent page calls this console.
const APP_NAME: &str = "Calibr Console";
/// What is asked for: prices are read and set, webhooks made.
const SCOPE: &str = "read_write";
/// The state goes by this name, there and back.
const STATE: &str = "user_id";

/// Consent at any store.
#[derive(Debug)]
pub(super) struct Consent {
    pub(super) transport: Transport,
}

#[derive(Deserialize)]
struct RawDelivery {
    user_id: Value,
    consumer_key: String,
    consumer_secret: String,
    #[serde(default)]
    key_permissions: Option<String>,
}

#[async_trait]
impl OneClick for Consent {
    /// The keys are posted to the same address that the browser comes back to.
    fn start(&self, request: &OneClickRequest) -> Result<Url, ConnectorError> {
        let address = address_of(&request.fields)?;
        address.must_be_safe(&self.transport)?;
        if request.redirect_uri.scheme() != "https" && !is_loopback(&request.redirect_uri) {
            return Err(ConnectorError::new(
                Fault::Config,
                "WooCommerce hands its keys over to an https:// address only, and this console is \
                 reached by http://. Connect the store by hand with a key, or have the operator \
                 set PUBLIC_URL to an https:// address.",
            ));
        }
        let mut page = address.root().clone();
        page.set_path(&format!("{}wc-auth/v1/authorize", address.root().path()));
        page.query_pairs_mut()
            .append_pair("app_name", APP_NAME)
            .append_pair("scope", SCOPE)
            .append_pair(STATE, &request.state)
            .append_pair("return_url", request.redirect_uri.as_str())
            .append_pair("callback_url", request.redirect_uri.as_str());
        Ok(page)
    }

    fn state_of<'a>(&self, query: &'a [(String, String)]) -> Option<&'a str> {
        single(query, STATE)
    }

    fn receive(&self, body: &[u8]) -> Result<DeliveredCredentials, ConnectorError> {
        let raw: RawDelivery = serde_json::from_slice(body).map_err(|_| {
            ConnectorError::new(Fault::Malformed, "This is no delivery of WooCommerce keys.")
        })?;
        let state = match raw.user_id {
            Value::String(state) => state,
            // WordPress makes a number of what looks like one.
            Value::Number(state) => state.to_string(),
            _ => String::new(),
        };
        let empty = [&state, &raw.consumer_key, &raw.consumer_secret]
            .iter()
            .any(|text| text.trim().is_empty());
        if empty {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "This delivery of WooCommerce keys is not whole.",
            ));
        }
        // Refused here, the store takes the key back and tells the person.
        if raw.key_permissions.is_some_and(|given| given != SCOPE) {
            return Err(failure::missing_permission("the store"));
        }
        Ok(DeliveredCredentials {
            state,
            credentials: CredentialSet::new(
                [
                    (
                        CONSUMER_KEY.to_owned(),
                        SecretString::from(raw.consumer_key),
                    ),
                    (
                        CONSUMER_SECRET.to_owned(),
                        SecretString::from(raw.consumer_secret),
                    ),
                ],
                None,
            ),
        })
    }

    /// Makes no call: whether the keys are the store's own shows when they are
    /// tried.
    async fn complete(&self, callback: &OneClickCallback) -> Result<Connection, ConnectorError> {
        let address = address_of(&callback.started_with)?;
        let place = address.place();
        let refuse = |message: String| Err(ConnectorError::new(Fault::ConsentRefused, message));
        if single(&callback.query, "success") != Some("1") {
            return refuse(format!(
                "You declined the connection on the store's page; {place} was not connected."
            ));
        }
        let Some(credentials) = callback.delivered.clone() else {
            return refuse(format!(
                "{place} agreed but delivered no keys, so it was not connected. The store's server \
                 has to reach {}; connect it again, or by hand with a key.",
                callback.redirect_uri.host_str().unwrap_or("this console")
            ));
        };
        Ok(Connection {
            config: Config::from([(CONFIG_URL.to_owned(), address.root().to_string())]),
            credentials,
        })
    }
}

/// The store that a config names.
pub(super) fn address_of(config: &Config) -> Result<StoreAddress, ConnectorError> {
    StoreAddress::from_entered(
        config
            .get(CONFIG_URL)
            .map(String::as_str)
            .unwrap_or_default(),
    )
}

/// The one value of a parameter; `None` where it is missing or there are
/// several.
fn single<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = query.iter().filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// Whether the console runs on the machine of the person who connects, as
/// while it is tried out against a sandbox.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use calibr_model::Sources;
    use chrono::DateTime;
    use futures::executor::block_on;

    use super::*;
    use crate::transport::Outbound;

    fn consent() -> Consent {
        Consent {
            transport: Transport::new(Outbound::default(), Sources::system()).unwrap(),
        }
    }

    fn start(url: &str, back: &str) -> Result<Url, ConnectorError> {
        consent().start(&OneClickRequest {
            fields: Config::from([("url".to_owned(), url.to_owned())]),
            redirect_uri: back.parse().unwrap(),
            state: "s-1".to_owned(),
        })
    }

    const BACK: &str = "https://calibr.example/api/oauth/woocommerce/callback";

    #[test]
    fn the_browser_is_sent_to_the_stores_consent_page() {
        let page = start("https://shop.example/eu/wp-admin/", BACK).unwrap();
        insta::assert_snapshot!(page, @"https://shop.example/eu/wc-auth/v1/authorize?app_name=Calibr+Console&scope=read_write&user_id=s-1&return_url=https%3A%2F%2Fcalibr.example%2Fapi%2Foauth%2Fwoocommerce%2Fcallback&callback_url=https%3A%2F%2Fcalibr.example%2Fapi%2Foauth%2Fwoocommerce%2Fcallback");
    }

    #[test]
    fn keys_travel_by_https_only() {
        let console = start("https://shop.example", "http://calibr.example/cb").unwrap_err();
        assert!(console.message.contains("PUBLIC_URL"), "{console}");
        assert!(start("https://shop.example", "http://127.0.0.1:8080/cb").is_ok());
        let store = start("http://shop.example", BACK).unwrap_err();
        assert!(
            store.message.contains("OUTBOUND_ALLOW=shop.example"),
            "{store}"
        );
    }

    #[test]
    fn a_delivery_names_its_connect_and_holds_the_keys() {
        let body = br#"{"key_id":1,"user_id":"s-1","consumer_key":"ck_a","consumer_secret":"cs_b","key_permissions":"read_write"}"#;
        let delivered = consent().receive(body).unwrap();
        assert_eq!(delivered.state, "s-1");
        assert!(delivered.credentials.get("consumer_key").is_some());
        assert!(!format!("{delivered:?}").contains("ck_a"));
        for (body, fault) in [
            (&b"webhook_id=1"[..], Fault::Malformed),
            (
                br#"{"user_id":"","consumer_key":"a","consumer_secret":"b"}"#,
                Fault::Malformed,
            ),
            (
                br#"{"user_id":null,"consumer_key":"a","consumer_secret":"b"}"#,
                Fault::Malformed,
            ),
            (
                br#"{"user_id":"s","consumer_key":"a","consumer_secret":"b","key_permissions":"read"}"#,
                Fault::MissingScope,
            ),
        ] {
            assert_eq!(consent().receive(body).unwrap_err().fault, fault);
        }
    }

    fn completed(query: &[(&str, &str)], delivered: bool) -> Result<Connection, ConnectorError> {
        let body = br#"{"user_id":"s-1","consumer_key":"ck_a","consumer_secret":"cs_b"}"#;
        let callback = OneClickCallback {
            query: query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            started_with: Config::from([("url".to_owned(), "shop.example".to_owned())]),
            redirect_uri: BACK.parse().unwrap(),
            received_at: DateTime::UNIX_EPOCH,
            delivered: delivered.then(|| consent().receive(body).unwrap().credentials),
        };
        assert_eq!(consent().state_of(&callback.query), Some("s-1"));
        block_on(consent().complete(&callback))
    }

    #[test]
    fn a_yes_with_keys_is_a_connection_and_everything_else_says_why_not() {
        let yes = completed(&[("success", "1"), ("user_id", "s-1")], true).unwrap();
        assert_eq!(yes.config["url"], "https://shop.example/");
        let no = completed(&[("success", "0"), ("user_id", "s-1")], true).unwrap_err();
        assert_eq!(no.fault, Fault::ConsentRefused);
        assert!(no.message.contains("declined"), "{no}");
        let empty = completed(&[("success", "1"), ("user_id", "s-1")], false).unwrap_err();
        insta::assert_snapshot!(empty, @"shop.example agreed but delivered no keys, so it was not connected. The store's server has to reach calibr.example; connect it again, or by hand with a key.");
    }
}
