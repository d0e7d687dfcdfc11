use std::sync::Arc;

use calibr_services::Services;
use tokio_util::sync::CancellationToken;

use super::{limit::Limits, origin::OwnOrigin};
use crate::config::Networks;

/// What handlers work with.
#[derive(Debug, Clone)]
pub(crate) struct AppState {
    /// What an actor may ask for.
    pub(crate) services: Services,
    /// How this server is reached.
    pub(crate) http: Arc<HttpSettings>,
    /// Who asked how often.
    pub(crate) limits: Limits,
    /// Cancelled when the server is to end: streams end with it.
    pub(crate) stopping: CancellationToken,
}

/// How this server is reached.
#[derive(Debug)]
pub(crate) struct HttpSettings {
    /// Whether people come by https, to this server or to a proxy in front.
    pub(crate) https: bool,
    /// Which pages may write.
    pub(crate) own_origin: OwnOrigin,
    /// Whose X-Forwarded-For is believed.
    pub(crate) trusted_proxies: Networks,
    /// One more origin that pictures may come from.
    pub(crate) pictures_from: Option<String>,
}
