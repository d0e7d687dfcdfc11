//! The one way out: every call to a platform goes through here.
//!
//! [`Transport`] sends a [`Request`] and gives an [`Answer`] or a byte stream,
//! with time-outs, the operator's certificates, and no way into private
//! networks. It never follows a redirect and never tries again by
//! itself; [`retry`] does that around whatever the caller finds safe to repeat.

mod address;
mod failure;
mod guard;
mod operator;
mod outbound;
pub mod redact;
mod request;
pub mod retry;
mod tls;

use std::sync::Arc;

use bytes::BytesMut;
use calibr_model::Sources;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderValue, header};
use url::Url;

use self::guard::Guard;
pub(crate) use self::operator::AddressSetting;
pub use self::{
    outbound::{AllowList, Outbound},
    request::{Answer, Request, Streamed, graphql_body},
};
use crate::{
    calls::{CallSettings, Pace},
    error::{ConnectorError, Fault},
};

/// Sends calls to platforms. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Transport {
    shared: Arc<Shared>,
    pace: Option<Pace>,
    /// Whether stores' own settings may name certificates.
    certificates_by_store: bool,
}

#[derive(Debug)]
struct Shared {
    client: reqwest::Client,
    /// Never asks for packed answers: positions in a stream are those of the
    /// file, so that it can be taken up again.
    raw: reqwest::Client,
    guard: Guard,
    outbound: Outbound,
    sources: Sources,
}

impl Transport {
    /// A transport by the operator's settings.
    ///
    /// # Errors
    /// [`Fault::Config`] where the certificates of the settings cannot be used.
    pub fn new(outbound: Outbound, sources: Sources) -> Result<Self, ConnectorError> {
        let tls = tls::client_config(outbound.ca_pem.as_deref())?;
        let guard = Guard::new(outbound.allow.clone());
        let client = build_client(&outbound, tls.clone(), guard.clone(), true)?;
        let raw = build_client(&outbound, tls, guard.clone(), false)?;
        Ok(Self {
            shared: Arc::new(Shared {
                client,
                raw,
                guard,
                outbound,
                sources,
            }),
            pace: None,
            certificates_by_store: false,
        })
    }

    /// A transport to stores on servers of the merchants' own, whose settings may
    /// name certificates: a certificate that is not trusted is told accordingly.
    #[must_use]
    pub fn to_own_servers(&self) -> Self {
        Self {
            certificates_by_store: true,
            ..self.clone()
        }
    }

    /// A transport for one store, by that store's own settings.
    ///
    /// # Errors
    /// [`Fault::Config`] where its certificates cannot be used.
    pub fn tuned(&self, calls: &CallSettings) -> Result<Self, ConnectorError> {
        let mut tuned = self.clone();
        if calls.request_timeout.is_some() || calls.ca_pem.is_some() {
            let mut outbound = self.shared.outbound.clone();
            if let Some(timeout) = calls.request_timeout {
                outbound.request_timeout = timeout;
                outbound.idle_timeout = outbound.idle_timeout.max(timeout);
            }
            if let Some(own) = &calls.ca_pem {
                tls::check(own).map_err(|why| {
                    ConnectorError::new(
                        Fault::Config,
                        format!(
                            "The store's certificate cannot be used: {why}. Paste it in PEM form."
                        ),
                    )
                })?;
                let pem = outbound.ca_pem.get_or_insert_default();
                pem.push(b'\n');
                pem.extend_from_slice(own);
            }
            tuned = Self {
                certificates_by_store: self.certificates_by_store,
                ..Self::new(outbound, self.shared.sources.clone())?
            };
        }
        tuned.pace.clone_from(&calls.pace);
        Ok(tuned)
    }

    /// A transport with the same settings that may also call `allow`: for hosts
    /// that the operator set by name, which need no second permission.
    ///
    /// # Errors
    /// As [`Transport::new`].
    pub fn allowing(&self, allow: AllowList) -> Result<Self, ConnectorError> {
        let mut outbound = self.shared.outbound.clone();
        outbound.allow = outbound.allow.and(allow);
        Self::new(outbound, self.shared.sources.clone())
    }

    /// Whether the operator allowed this host by its name or address: what is
    /// not for the public internet, such as calls without TLS, is for these alone.
    pub fn is_allowed_by_operator(&self, url: &Url) -> bool {
        self.shared.guard.is_allowed(url)
    }

    /// Where this process takes time and randomness from.
    pub fn sources(&self) -> &Sources {
        &self.shared.sources
    }

    /// Makes one call and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`Fault::Unreachable`], [`Fault::Tls`], [`Fault::BlockedAddress`] or
    /// [`Fault::Server`] where no answer came; [`Fault::Malformed`] where it is
    /// too long to hold.
    pub async fn send(&self, request: Request) -> Result<Answer, ConnectorError> {
        if let Some(pace) = &self.pace {
            pace.wait().await?;
        }
        let url = request.url.clone();
        let timeout = request
            .timeout
            .unwrap_or(self.shared.outbound.request_timeout);
        let builder = self.prepare(&self.shared.client, request)?.timeout(timeout);
        let by_store = self.certificates_by_store;
        let failed = |error: reqwest::Error| failure::from_reqwest(&error, &url, by_store);
        let mut response = builder.send().await.map_err(failed)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let most = self.shared.outbound.max_answer_bytes;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > most {
                return Err(too_long(&url, most));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body: body.freeze(),
            host: host_of(&url),
        })
    }

    /// Makes one call and gives the answer's body as it comes. No time-out over
    /// the whole, but a host that falls silent is given up.
    ///
    /// # Errors
    /// As [`Transport::send`], from here and from the stream.
    pub async fn stream(&self, request: Request) -> Result<Streamed, ConnectorError> {
        let url = request.url.clone();
        let by_store = self.certificates_by_store;
        let identity = HeaderValue::from_static("identity");
        let request = request.header(header::ACCEPT_ENCODING, identity);
        let mut response = self
            .prepare(&self.shared.raw, request)?
            .send()
            .await
            .map_err(|error| failure::from_reqwest(&error, &url, by_store))?;
        Ok(Streamed {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            host: host_of(&url),
            body: response
                .bytes_stream()
                .map_err(move |error| failure::from_reqwest(&error, &url, by_store))
                .boxed(),
        })
    }

    fn prepare(
        &self,
        client: &reqwest::Client,
        request: Request,
    ) -> Result<reqwest::RequestBuilder, ConnectorError> {
        self.shared.guard.check_url(&request.url)?;
        let mut builder = client
            .request(request.method, request.url)
            .headers(request.headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        Ok(builder)
    }
}

/// The only place that makes an HTTP client.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that owns the HTTP client"
)]
fn build_client(
    outbound: &Outbound,
    tls: rustls::ClientConfig,
    guard: Guard,
    unpack: bool,
) -> Result<reqwest::Client, ConnectorError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(guard)
        // A proxy would look names up itself, behind the guard's back.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(outbound.connect_timeout)
        .read_timeout(outbound.idle_timeout)
        .user_agent(&outbound.user_agent)
        .gzip(unpack)
        .brotli(unpack)
        .build()
        .map_err(|error| {
            ConnectorError::new(
                Fault::Config,
                format!("The settings for outgoing calls cannot be used: {error}."),
            )
        })
}

fn too_long(url: &Url, most: usize) -> ConnectorError {
    ConnectorError::new(
        Fault::Malformed,
        format!(
            "{} answered more than {} MiB in one go, which cannot be the API's answer.",
            host_of(url),
            most / (1024 * 1024)
        ),
    )
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("the store").to_owned()
}
