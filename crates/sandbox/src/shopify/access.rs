//! Who may ask a shop for what: registered apps, authorization codes, access and refresh tokens.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// Lifetimes that Shopify documents for expiring offline tokens, and for codes.
const ACCESS: TimeDelta = TimeDelta::minutes(60);
const REFRESH: TimeDelta = TimeDelta::days(90);
const CODE: TimeDelta = TimeDelta::minutes(10);

/// An app as its maker registered it.
#[derive(Clone, Serialize, Deserialize)]
pub struct App {
    /// Also called API key.
    pub client_id: String,
    /// Signs what the shop sends to the app, and signs the app in.
    #[serde(skip_serializing)]
    pub client_secret: String,
    /// What the consent page calls it.
    pub name: String,
    /// Beginnings of the addresses it may be called back at.
    pub redirect_prefixes: Vec<String>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("App")
            .field("client_id", &self.client_id)
            .field("name", &self.name)
            .field("redirect_prefixes", &self.redirect_prefixes)
            .finish_non_exhaustive()
    }
}

/// A token of a custom app: made in the shop's settings, never expires.
#[derive(Clone, Deserialize)]
pub struct StaticToken {
    /// The token, `shpat_…`.
    pub token: String,
    /// Scopes such as `read_products`.
    pub scopes: Vec<String>,
}

impl std::fmt::Debug for StaticToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StaticToken")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Access scopes; a `write_` scope carries its `read_` scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a list separated by commas or spaces.
    pub(crate) fn parse(text: &str) -> Self {
        text.split([',', ' '])
            .filter(|scope| !scope.is_empty())
            .collect()
    }

    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
            || scope
                .strip_prefix("read_")
                .is_some_and(|of| self.0.contains(&format!("write_{of}")))
    }

    /// All of them, the implied ones included.
    pub(crate) fn handles(&self) -> Vec<String> {
        let implied = self
            .0
            .iter()
            .filter_map(|scope| scope.strip_prefix("write_"));
        let all: BTreeSet<String> = implied
            .map(|of| format!("read_{of}"))
            .chain(self.0.iter().cloned())
            .collect();
        all.into_iter().collect()
    }

    /// As the token endpoint lists them: without those that others imply.
    pub(crate) fn listed(&self) -> String {
        let implied = |scope: &&String| {
            scope
                .strip_prefix("read_")
                .is_some_and(|of| self.0.contains(&format!("write_{of}")))
        };
        let listed: Vec<&str> = self
            .0
            .iter()
            .filter(|scope| !implied(scope))
            .map(String::as_str)
            .collect();
        listed.join(",")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }
}

/// What the bearer of a good token is.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The client id, or the name of a custom app.
    pub(crate) app: String,
    /// What merchants know the app as.
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
}

struct Expiring {
    grant: Grant,
    expires_at: Option<DateTime<Utc>>,
}

impl Expiring {
    fn good(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// What the token endpoint answers with.
#[derive(Serialize)]
pub(crate) struct Issued {
    access_token: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<i64>,
}

/// Codes and tokens of one shop.
pub(crate) struct Access {
    dice: Dice,
    tokens: HashMap<String, Expiring>,
    refreshes: HashMap<String, Expiring>,
    codes: HashMap<String, Expiring>,
}

impl Access {
    pub(crate) fn new(seed: u64, tokens: Vec<StaticToken>) -> Self {
        let mut access = Self {
            dice: Dice::of(seed, 0xACCE55),
            tokens: HashMap::new(),
            refreshes: HashMap::new(),
            codes: HashMap::new(),
        };
        for (place, token) in tokens.into_iter().enumerate() {
            access.add_static(format!("custom-app-{}", place + 1), token);
        }
        access
    }

    pub(crate) fn add_static(&mut self, app: String, token: StaticToken) {
        let grant = Grant {
            name: app.clone(),
            app,
            scopes: token.scopes.into_iter().collect(),
        };
        self.tokens.insert(
            token.token,
            Expiring {
                grant,
                expires_at: None,
            },
        );
    }

    /// The grant of an access token that is good now.
    pub(crate) fn grant(&self, token: &str, now: DateTime<Utc>) -> Option<Grant> {
        self.tokens
            .get(token)
            .filter(|token| token.good(now))
            .map(|token| token.grant.clone())
    }

    /// A new single-use code for an app that was given scopes.
    pub(crate) fn issue_code(&mut self, grant: Grant, now: DateTime<Utc>) -> String {
        let code = self.dice.hex(16);
        self.codes.insert(
            code.clone(),
            Expiring {
                grant,
                expires_at: Some(now + CODE),
            },
        );
        code
    }

    /// Redeems a code; `None` if it was used, is too old, or is another app's.
    pub(crate) fn exchange(
        &mut self,
        app: &str,
        code: &str,
        expiring: bool,
        now: DateTime<Utc>,
    ) -> Option<Issued> {
        if self.codes.get(code)?.grant.app != app {
            return None;
        }
        let code = self.codes.remove(code).filter(|code| code.good(now))?;
        Some(self.issue(code.grant, expiring, now))
    }

    /// Trades a refresh token for a new pair; `None` if it was used, is too old, or is another
    /// app's. The access token before stays good until its own end.
    pub(crate) fn refresh(&mut self, app: &str, token: &str, now: DateTime<Utc>) -> Option<Issued> {
        if self.refreshes.get(token)?.grant.app != app {
            return None;
        }
        let refresh = self
            .refreshes
            .remove(token)
            .filter(|token| token.good(now))?;
        Some(self.issue(refresh.grant, true, now))
    }

    fn issue(&mut self, grant: Grant, expiring: bool, now: DateTime<Utc>) -> Issued {
        let access_token = format!("shpat_{}", self.dice.hex(16));
        let scope = grant.scopes.listed();
        let token = Expiring {
            grant: grant.clone(),
            expires_at: expiring.then(|| now + ACCESS),
        };
        self.tokens.insert(access_token.clone(), token);
        let refresh_token = expiring.then(|| {
            let token = format!("shprt_{}", self.dice.hex(16));
            let refresh = Expiring {
                grant,
                expires_at: Some(now + REFRESH),
            };
            self.refreshes.insert(token.clone(), refresh);
            token
        });
        Issued {
            access_token,
            scope,
            expires_in: expiring.then(|| ACCESS.num_seconds()),
            refresh_token,
            refresh_token_expires_in: expiring.then(|| REFRESH.num_seconds()),
        }
    }

    /// Takes every access and refresh token away, as uninstalling the app does.
    pub(crate) fn revoke(&mut self) {
        self.tokens.clear();
        self.refreshes.clear();
    }

    /// Lets the access tokens that can expire do so now; refresh tokens stay good.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        for token in self
            .tokens
            .values_mut()
            .filter(|token| token.expires_at.is_some())
        {
            token.expires_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_implies_reading() {
        let scopes = Scopes::parse("write_products,read_products read_locations");
        assert!(scopes.contains("read_products"));
        assert!(!scopes.contains("write_locations"));
        assert_eq!(scopes.listed(), "read_locations,write_products");
        assert_eq!(
            scopes.handles(),
            ["read_locations", "read_products", "write_products"]
        );
    }

    #[test]
    fn secrets_are_not_in_debug_output() {
        let app = App {
            client_id: "id".to_owned(),
            client_secret: "hush".to_owned(),
            name: "App".to_owned(),
            redirect_prefixes: Vec::new(),
        };
        assert!(!format!("{app:?}").contains("hush"));
    }
}
