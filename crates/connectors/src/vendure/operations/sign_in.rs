//! Opening a session with username and password.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Operation;

/// Signs in; the session's token comes in the answer's headers.
pub(in crate::vendure) struct SignIn<'a> {
    /// Who.
    pub(in crate::vendure) username: &'a SecretString,
    /// Their password.
    pub(in crate::vendure) password: &'a SecretString,
}

impl Operation for SignIn<'_> {
    const DOCUMENT: &'static str = "mutation CalibrSignIn($username: String!, $password: String!) {
  login(username: $username, password: $password) { __typename }
}";
    type Data = SignInData;

    fn variables(&self) -> Value {
        json!({
            "username": self.username.expose_secret(),
            "password": self.password.expose_secret(),
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct SignInData {
    pub(in crate::vendure) login: SignInOutcome,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "__typename")]
pub(in crate::vendure) enum SignInOutcome {
    /// Signed in.
    CurrentUser,
    /// No such administrator, or another password.
    InvalidCredentialsError,
    /// The server signs nobody in by password.
    NativeAuthStrategyError,
}
