//! What a call carries to be let in.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName, header};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    credentials::CredentialSet,
    error::{ConnectorError, Fault},
    transport::Request,
};

/// Credential: a key made in Vendure's dashboard.
pub(super) const API_KEY: &str = "api_key";
/// Credential: an administrator's name.
pub(super) const USERNAME: &str = "username";
/// Credential: their password.
pub(super) const PASSWORD: &str = "password";

/// Vendure's default of `authOptions.apiKeyHeaderKey`.
const API_KEY_HEADER: HeaderName = HeaderName::from_static("vendure-api-key");
/// Vendure's default of `authOptions.authTokenHeaderKey`.
const SESSION_HEADER: &str = "vendure-auth-token";

/// The two ways to sign in.
pub(super) enum Credentials<'a> {
    /// By API key.
    ApiKey(&'a SecretString),
    /// By name and password.
    Password {
        username: &'a SecretString,
        password: &'a SecretString,
    },
}

impl<'a> Credentials<'a> {
    /// Finds which way was filled in.
    ///
    /// # Errors
    /// [`Fault::Config`] where it is not exactly one.
    pub(super) fn read(set: &'a CredentialSet) -> Result<Self, ConnectorError> {
        let filled = |field| {
            set.get(field)
                .filter(|secret| !secret.expose_secret().trim().is_empty())
        };
        let wrong = |message: &str| Err(ConnectorError::new(Fault::Config, message));
        match (filled(API_KEY), filled(USERNAME), filled(PASSWORD)) {
            (Some(key), None, None) => Ok(Self::ApiKey(key)),
            (None, Some(username), Some(password)) => Ok(Self::Password { username, password }),
            (None, None, None) => wrong(
                "Nothing is given to sign in with. Enter an API key, or a username and password.",
            ),
            (Some(_), _, _) => wrong(
                "Both an API key and a username or password are given. Keep the one that is to be \
                 used and remove the other.",
            ),
            (None, Some(_), None) => wrong("The password is missing beside the username."),
            (None, None, Some(_)) => wrong("The username is missing beside the password."),
        }
    }
}

/// A header that lets calls in. Clones share the secret.
#[derive(Clone)]
pub(super) struct Pass(Arc<Inner>);

struct Inner {
    header: HeaderName,
    prefix: &'static str,
    secret: SecretString,
    /// The credentials it was made of.
    made_of: Arc<CredentialSet>,
}

impl Pass {
    fn new(
        header: HeaderName,
        prefix: &'static str,
        secret: SecretString,
        made_of: &Arc<CredentialSet>,
    ) -> Self {
        Self(Arc::new(Inner {
            header,
            prefix,
            secret,
            made_of: Arc::clone(made_of),
        }))
    }

    /// By API key.
    pub(super) fn by_key(key: &SecretString, made_of: &Arc<CredentialSet>) -> Self {
        Self::new(API_KEY_HEADER, "", key.clone(), made_of)
    }

    /// By the session that a sign-in has opened. Servers hand it over as a
    /// token (`tokenMethod: 'bearer'`) or, by Vendure's default, in cookies.
    pub(super) fn by_session(answer: &HeaderMap, made_of: &Arc<CredentialSet>) -> Option<Self> {
        let token = answer
            .get(SESSION_HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|token| !token.is_empty());
        if let Some(token) = token {
            let token = SecretString::from(token);
            return Some(Self::new(header::AUTHORIZATION, "Bearer ", token, made_of));
        }
        let cookies: Vec<_> = answer
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .map(str::trim)
            .filter(|cookie| cookie.contains('='))
            .collect();
        if cookies.is_empty() {
            return None;
        }
        let cookies = SecretString::from(cookies.join("; "));
        Some(Self::new(header::COOKIE, "", cookies, made_of))
    }

    /// The call with the header.
    ///
    /// # Errors
    /// [`Fault::Config`] where the secret cannot stand in a header.
    pub(super) fn show_on(&self, request: Request) -> Result<Request, ConnectorError> {
        request.secret_header(self.0.header.clone(), self.0.prefix, &self.0.secret)
    }

    /// Whether it was made of these credentials.
    pub(super) fn is_made_of(&self, set: &CredentialSet) -> bool {
        self.0.made_of.same_secrets(set)
    }

    /// Whether both are one and the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass")
            .field("header", &self.0.header)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn set<const N: usize>(fields: [(&str, &str); N]) -> CredentialSet {
        CredentialSet::new(
            fields.map(|(name, secret)| (name.to_owned(), secret.into())),
            None,
        )
    }

    #[test]
    fn exactly_one_way_must_be_filled_in() {
        let key = set([("api_key", "k"), ("username", ""), ("password", " ")]);
        assert!(matches!(
            Credentials::read(&key),
            Ok(Credentials::ApiKey(_))
        ));
        let password = set([("username", "u"), ("password", "p")]);
        assert!(matches!(
            Credentials::read(&password),
            Ok(Credentials::Password { .. })
        ));
        let refused = |set: CredentialSet| match Credentials::read(&set) {
            Ok(_) => panic!("it must be refused"),
            Err(error) => (error.fault, error.message),
        };
        for (set, words) in [
            (set([]), "Nothing is given to sign in with"),
            (set([("username", "u")]), "The password is missing"),
            (set([("password", "p")]), "The username is missing"),
            (
                set([("api_key", "k"), ("password", "p")]),
                "Both an API key and",
            ),
        ] {
            let (fault, message) = refused(set);
            assert_eq!(fault, Fault::Config);
            assert!(message.starts_with(words), "{message}");
        }
    }

    fn shown(answer: &[(HeaderName, &'static str)]) -> Option<String> {
        let headers = answer
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        let pass = Pass::by_session(&headers, &Arc::new(set([])))?;
        let request = Request::get("https://shop.example".parse().unwrap());
        let request = pass.show_on(request).unwrap();
        let (name, value) = request.headers.iter().next().unwrap();
        assert!(value.is_sensitive());
        Some(format!("{name}: {}", value.to_str().unwrap()))
    }

    #[test]
    fn a_session_is_carried_as_the_server_hands_it_over() {
        let bearer = HeaderName::from_static("vendure-auth-token");
        assert_eq!(
            shown(&[(bearer.clone(), "t0ken"), (header::SET_COOKIE, "a=b")]).as_deref(),
            Some("authorization: Bearer t0ken")
        );
        assert_eq!(
            shown(&[
                (header::SET_COOKIE, "session=eyJ9; path=/; httponly"),
                (header::SET_COOKIE, "session.sig=s1g; path=/; httponly"),
            ])
            .as_deref(),
            Some("cookie: session=eyJ9; session.sig=s1g")
        );
        assert_eq!(shown(&[(bearer, "")]), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let pass = Pass::by_key(&"s3cret".into(), &Arc::new(set([("api_key", "s3cret")])));
        assert!(!format!("{pass:?}").contains("s3cret"));
    }
}
