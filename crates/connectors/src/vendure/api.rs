//! Calls to one channel of a Vendure server.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Mutex;

use super::{
    access::{Credentials, Pass},
    address::ApiAddress,
    failure,
    operations::{Channel, Operation, SignIn, SignInOutcome},
};
use crate::{
    credentials::{self, CredentialSet, CredentialSource},
    error::{ConnectorError, Fault},
    transport::{
        Request, Transport, graphql_body,
        retry::{self, Patience},
    },
};

/// Vendure's default of `apiOptions.channelTokenKey`.
const CHANNEL_HEADER: HeaderName = HeaderName::from_static("vendure-token");

/// A channel's admin API, signed in to as needed.
pub(super) struct Api {
    transport: Transport,
    address: ApiAddress,
    channel_token: Option<String>,
    credentials: Arc<dyn CredentialSource>,
    /// The session in use, where signing in is by password. Held while one is
    /// opened, so that many calls at once open one.
    session: Mutex<Option<Pass>>,
}

impl Api {
    pub(super) fn new(
        transport: Transport,
        address: ApiAddress,
        channel_token: Option<String>,
        credentials: Arc<dyn CredentialSource>,
    ) -> Self {
        Self {
            transport,
            address,
            channel_token,
            credentials,
            session: Mutex::new(None),
        }
    }

    /// Where the API is.
    pub(super) fn address(&self) -> &ApiAddress {
        &self.address
    }

    /// The channel that is asked for; `None` for the server's default one.
    pub(super) fn channel_token(&self) -> Option<&str> {
        self.channel_token.as_deref()
    }

    /// Asks one thing. Transient faults are retried; credentials that were
    /// replaced meanwhile are taken up.
    ///
    /// # Errors
    /// What went wrong, as [`failure`] has it.
    pub(super) async fn call<O: Operation>(
        &self,
        operation: &O,
        patience: Patience,
    ) -> Result<O::Data, ConnectorError> {
        let set = self.credentials.current().await?;
        match self.call_as(&set, operation, patience).await {
            Err(error) if error.fault == Fault::CredentialsRefused => {
                let newer = credentials::replaced(&*self.credentials, &set, error).await?;
                self.call_as(&newer, operation, patience).await
            }
            outcome => outcome,
        }
    }

    /// Asks with these credentials. Vendure says FORBIDDEN alike of a session
    /// that ran out, of a key that is none and of a missing permission; this
    /// finds out which it is.
    async fn call_as<O: Operation>(
        &self,
        set: &Arc<CredentialSet>,
        operation: &O,
        patience: Patience,
    ) -> Result<O::Data, ConnectorError> {
        match Credentials::read(set)? {
            Credentials::ApiKey(key) => {
                let pass = Pass::by_key(key, set);
                let denied = match self.ask(operation, Some(&pass), patience).await {
                    Err(error) if error.fault == Fault::MissingScope => error,
                    outcome => return outcome.map(|(data, _)| data),
                };
                match self.ask(&Channel, Some(&pass), patience).await {
                    Ok(_) => Err(denied),
                    Err(error) if error.fault == Fault::MissingScope => {
                        Err(failure::key_refused(self.address.place()))
                    }
                    Err(error) => Err(error),
                }
            }
            Credentials::Password { .. } => {
                let (pass, opened_now) = self.session(set, patience).await?;
                match self.ask(operation, Some(&pass), patience).await {
                    Err(error) if error.fault == Fault::MissingScope && !opened_now => {}
                    outcome => return outcome.map(|(data, _)| data),
                }
                self.forget(&pass).await;
                let (pass, _) = self.session(set, patience).await?;
                let outcome = self.ask(operation, Some(&pass), patience).await;
                outcome.map(|(data, _)| data)
            }
        }
    }

    /// The session in use, or a new one; and whether it is new.
    async fn session(
        &self,
        set: &Arc<CredentialSet>,
        patience: Patience,
    ) -> Result<(Pass, bool), ConnectorError> {
        let mut held = self.session.lock().await;
        if let Some(pass) = held.as_ref().filter(|pass| pass.is_made_of(set)) {
            return Ok((pass.clone(), false));
        }
        let pass = self.sign_in(set, patience).await?;
        *held = Some(pass.clone());
        Ok((pass, true))
    }

    async fn forget(&self, pass: &Pass) {
        let mut held = self.session.lock().await;
        if held.as_ref().is_some_and(|held| held.is(pass)) {
            *held = None;
        }
    }

    async fn sign_in(
        &self,
        set: &Arc<CredentialSet>,
        patience: Patience,
    ) -> Result<Pass, ConnectorError> {
        let place = self.address.place();
        let Credentials::Password { username, password } = Credentials::read(set)? else {
            return Err(failure::no_passwords(place));
        };
        let operation = SignIn { username, password };
        let (data, headers) = self.ask(&operation, None, patience).await?;
        match data.login {
            SignInOutcome::CurrentUser => {
                Pass::by_session(&headers, set).ok_or_else(|| failure::no_session(place))
            }
            SignInOutcome::InvalidCredentialsError => Err(failure::password_refused(place)),
            SignInOutcome::NativeAuthStrategyError => Err(failure::no_passwords(place)),
        }
    }

    async fn ask<O: Operation>(
        &self,
        operation: &O,
        pass: Option<&Pass>,
        patience: Patience,
    ) -> Result<(O::Data, HeaderMap), ConnectorError> {
        let request = self.request(operation, pass)?;
        let sources = self.transport.sources();
        retry::run(patience, sources, |_| async {
            let answer = self.transport.send(request.clone()).await?;
            let data = failure::read(&answer, O::NEEDS, self.address.place(), sources.now())?;
            Ok((data, answer.headers))
        })
        .await
    }

    fn request<O: Operation>(
        &self,
        operation: &O,
        pass: Option<&Pass>,
    ) -> Result<Request, ConnectorError> {
        let body = graphql_body(O::DOCUMENT, &operation.variables());
        let mut request = Request::post_json(self.address.url().clone(), &body);
        if let Some(token) = &self.channel_token {
            let token = HeaderValue::from_str(token)
                .map_err(|_| failure::no_such_channel(self.address.place()))?;
            request = request.header(CHANNEL_HEADER, token);
        }
        match pass {
            Some(pass) => pass.show_on(request),
            None => Ok(request),
        }
    }
}
