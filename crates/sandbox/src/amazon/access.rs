//! Who may ask Amazon for what: applications, codes, refresh and access tokens.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// Lifetimes that Amazon documents.
const ACCESS: TimeDelta = TimeDelta::hours(1);
const CODE: TimeDelta = TimeDelta::minutes(5);
/// How old a client secret may become.
const SECRET: TimeDelta = TimeDelta::days(180);

/// An application as its maker registered it.
#[derive(Clone, Serialize, Deserialize)]
pub struct AmazonApp {
    /// Its id on the consent page, `amzn1.sp.solution.…`.
    pub application_id: String,
    /// Its id at Login with Amazon.
    pub client_id: String,
    /// Signs the application in.
    #[serde(skip_serializing)]
    pub client_secret: String,
    /// What the consent page calls it.
    pub name: String,
    /// Beginnings of the addresses that sellers may be sent back to.
    pub redirect_prefixes: Vec<String>,
    /// When the secret was made: it works for 180 days. Always, if `None`.
    #[serde(default)]
    pub secret_made_at: Option<DateTime<Utc>>,
}

impl AmazonApp {
    pub(super) fn signs_in(&self, secret: &str, now: DateTime<Utc>) -> bool {
        self.client_secret == secret && self.secret_made_at.is_none_or(|made| now < made + SECRET)
    }
}

impl std::fmt::Debug for AmazonApp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AmazonApp")
            .field("application_id", &self.application_id)
            .field("client_id", &self.client_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Whom a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) seller: String,
    pub(super) client_id: String,
}

/// What a token is found to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Good(Grant),
    Expired,
    Unknown,
}

/// What the token endpoint answers with.
#[derive(Serialize)]
pub(super) struct Issued {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: i64,
}

struct Code {
    grant: Grant,
    redirect_uri: String,
    expires_at: DateTime<Utc>,
}

/// Everything that was issued.
pub(super) struct Access {
    dice: Dice,
    codes: HashMap<String, Code>,
    refresh: HashMap<String, Grant>,
    access: HashMap<String, (Grant, DateTime<Utc>)>,
}

impl Access {
    pub(super) fn new() -> Self {
        Self {
            dice: Dice::of(0xA3A2, 1),
            codes: HashMap::new(),
            refresh: HashMap::new(),
            access: HashMap::new(),
        }
    }

    pub(super) fn add_refresh_token(&mut self, token: String, grant: Grant) {
        self.refresh.insert(token, grant);
    }

    pub(super) fn issue_code(
        &mut self,
        grant: Grant,
        redirect_uri: String,
        now: DateTime<Utc>,
    ) -> String {
        let code = self.dice.hex(10);
        let issued = Code {
            grant,
            redirect_uri,
            expires_at: now + CODE,
        };
        self.codes.insert(code.clone(), issued);
        code
    }

    /// Trades a code, which works once.
    pub(super) fn exchange(
        &mut self,
        client_id: &str,
        code: &str,
        redirect_uri: &str,
        now: DateTime<Utc>,
    ) -> Option<(Issued, Grant)> {
        let code = self.codes.remove(code)?;
        if now >= code.expires_at
            || code.grant.client_id != client_id
            || code.redirect_uri != redirect_uri
        {
            return None;
        }
        let refresh = format!("Atzr|{}", self.dice.hex(40));
        self.refresh.insert(refresh.clone(), code.grant.clone());
        Some((self.issue(code.grant.clone(), refresh, now), code.grant))
    }

    /// Gives an access token for a refresh token, which stays as it is.
    pub(super) fn refresh(
        &mut self,
        client_id: &str,
        refresh: &str,
        now: DateTime<Utc>,
    ) -> Option<(Issued, Grant)> {
        let grant = self.refresh.get(refresh)?.clone();
        if grant.client_id != client_id {
            return None;
        }
        Some((self.issue(grant.clone(), refresh.to_owned(), now), grant))
    }

    fn issue(&mut self, grant: Grant, refresh_token: String, now: DateTime<Utc>) -> Issued {
        let access_token = format!("Atza|{}", self.dice.hex(40));
        self.access
            .insert(access_token.clone(), (grant, now + ACCESS));
        Issued {
            access_token,
            refresh_token,
            token_type: "bearer",
            expires_in: ACCESS.num_seconds(),
        }
    }

    pub(super) fn find(&self, token: &str, now: DateTime<Utc>) -> Found {
        match self.access.get(token) {
            Some((grant, end)) if now < *end => Found::Good(grant.clone()),
            Some(_) => Found::Expired,
            None => Found::Unknown,
        }
    }

    /// Lets the access tokens of a seller run out; refresh tokens stay good.
    pub(super) fn expire(&mut self, seller: &str, now: DateTime<Utc>) {
        for (grant, end) in self.access.values_mut() {
            if grant.seller == seller {
                *end = now.min(*end);
            }
        }
    }

    /// Takes everything away, as a seller does who disables the application.
    pub(super) fn revoke(&mut self, seller: &str) {
        self.codes.retain(|_, code| code.grant.seller != seller);
        self.refresh.retain(|_, grant| grant.seller != seller);
        self.access.retain(|_, (grant, _)| grant.seller != seller);
    }
}
