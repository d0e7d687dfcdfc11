//! Connecting by consent in Seller Central
//! ([website authorization](https://developer-docs.amazon.com/sp-api/docs/website-authorization-workflow)).

use async_trait::async_trait;
use url::Url;

use super::{
    config_of, marketplace_of, seller_of,
    settings::{AmazonApp, AmazonHosts},
    token::{self, ACCESS_TOKEN, Grant, REFRESH_TOKEN},
};
use crate::{
    credentials::CredentialSet,
    error::{ConnectorError, Fault},
    one_click::{Connection, OneClick, OneClickCallback, OneClickRequest},
    transport::Transport,
};

/// Consent for one application.
pub(super) struct Consent {
    pub(super) app: AmazonApp,
    pub(super) application_id: String,
    pub(super) hosts: AmazonHosts,
    pub(super) transport: Transport,
}

#[async_trait]
impl OneClick for Consent {
    fn start(&self, request: &OneClickRequest) -> Result<Url, ConnectorError> {
        let marketplace = marketplace_of(&request.fields)?;
        let mut page = self.hosts.consent(marketplace)?;
        page.query_pairs_mut()
            .append_pair("application_id", &self.application_id)
            .append_pair("state", &request.state)
            .append_pair("redirect_uri", request.redirect_uri.as_str());
        Ok(page)
    }

    async fn complete(&self, callback: &OneClickCallback) -> Result<Connection, ConnectorError> {
        let marketplace = marketplace_of(&callback.started_with)?;
        let answer = read(&callback.query)?;
        let seller = seller_of(answer.seller)?;
        let grant = Grant::Code {
            code: answer.code,
            redirect_uri: &callback.redirect_uri,
        };
        let issued = token::trade(&self.transport, &self.hosts, &self.app.client, grant).await?;
        let Some(refresh) = issued.refresh else {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "Amazon gave no refresh token, so the connection would end in an hour. Begin to \
                 connect again.",
            ));
        };
        let fields = [
            (ACCESS_TOKEN.to_owned(), issued.access),
            (REFRESH_TOKEN.to_owned(), refresh),
        ];
        Ok(Connection {
            config: config_of(marketplace, &seller),
            credentials: CredentialSet::new(fields, issued.expires_at),
        })
    }
}

struct Answer<'a> {
    code: &'a str,
    seller: &'a str,
}

fn read(query: &[(String, String)]) -> Result<Answer<'_>, ConnectorError> {
    let single = |name: &str| {
        let mut values = query.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) if !value.is_empty() => Some(value.as_str()),
            _ => None,
        }
    };
    match (single("spapi_oauth_code"), single("selling_partner_id")) {
        (Some(code), Some(seller)) => Ok(Answer { code, seller }),
        _ => Err(ConnectorError::new(
            Fault::ConsentRefused,
            if single("error").is_some() {
                "The authorisation was declined on Amazon's page; nothing was connected."
            } else {
                "Amazon's answer holds no code or names no seller; nothing was connected. Begin \
                 to connect again."
            },
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(query: &[(&str, &str)]) -> Option<Fault> {
        let query: Vec<(String, String)> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        read(&query).err().map(|error| error.fault)
    }

    #[test]
    fn an_answer_names_code_and_seller_once() {
        let code = ("spapi_oauth_code", "c");
        let seller = ("selling_partner_id", "A1");
        assert_eq!(fault(&[code, seller, ("state", "s")]), None);
        for query in [
            vec![code],
            vec![seller],
            vec![code, code, seller],
            vec![("error", "access_denied")],
        ] {
            assert_eq!(fault(&query), Some(Fault::ConsentRefused), "{query:?}");
        }
    }
}
