//! Calls to one store's REST API.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;
use zeroize::Zeroizing;

use super::{
    CONSUMER_KEY, CONSUMER_SECRET,
    address::StoreAddress,
    failure,
    operations::{Call, Index, Operation, Reply},
};
use crate::{
    credentials::{self, CredentialSet, CredentialSource},
    error::{ConnectorError, Fault},
    text::filled,
    transport::{
        Answer, Request, Transport,
        retry::{self, Patience},
    },
};

/// Calls that may be under way at one store at once, by all who work with it in
/// this process: a shop's cheap hosting has a handful of PHP workers, and they
/// serve its customers too.
pub(super) const AT_ONCE: usize = 4;

/// A store's REST API.
pub(super) struct Api {
    transport: Transport,
    address: StoreAddress,
    credentials: Arc<dyn CredentialSource>,
    room: Arc<Semaphore>,
    site: OnceCell<Site>,
}

/// What is found out about the WordPress before anything is asked of the shop.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Where the REST API is found.
    routes: Routes,
    /// The site's name, where it tells.
    pub(super) name: Option<String>,
    /// The site's time zone, an IANA name, where it has one.
    pub(super) time_zone: Option<String>,
}

/// The two ways in which WordPress offers its REST API
/// ([routes](https://developer.wordpress.org/rest-api/extending-the-rest-api/routes-and-endpoints/)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Routes {
    /// `…/wp-json/wc/v3/products`.
    Pretty,
    /// `…/?rest_route=/wc/v3/products`, where permalinks are plain.
    Plain,
}

impl Api {
    pub(super) fn new(
        transport: Transport,
        address: StoreAddress,
        credentials: Arc<dyn CredentialSource>,
        room: Arc<Semaphore>,
    ) -> Self {
        Self {
            transport,
            address,
            credentials,
            room,
            site: OnceCell::new(),
        }
    }

    /// The store for people.
    pub(super) fn place(&self) -> &str {
        self.address.place()
    }

    /// What the WordPress says of itself; asked for once.
    ///
    /// # Errors
    /// [`Fault::WrongVersion`] where there is none, or none with WooCommerce.
    pub(super) async fn site(&self, patience: Patience) -> Result<&Site, ConnectorError> {
        self.site.get_or_try_init(|| self.discover(patience)).await
    }

    /// Asks one thing. Transient faults are tried again; keys that were
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

    async fn call_as<O: Operation>(
        &self,
        set: &CredentialSet,
        operation: &O,
        patience: Patience,
    ) -> Result<O::Data, ConnectorError> {
        let routes = self.site(patience).await?.routes;
        let request = self.request(&operation.call(), routes, Some(set))?;
        let sources = self.transport.sources();
        retry::run(patience, sources, |_| async {
            let answer = self.send(request.clone()).await?;
            if failure::is_missing(&answer)
                && let Some(data) = operation.missing()
            {
                return Ok(data);
            }
            failure::check(&answer, &self.address, sources.now())?;
            read::<O>(operation, &answer)
        })
        .await
    }

    async fn discover(&self, patience: Patience) -> Result<Site, ConnectorError> {
        let mut closed = false;
        for routes in [Routes::Pretty, Routes::Plain] {
            let request = self.request(&Index.call(), routes, None)?;
            let sources = self.transport.sources();
            let answer = retry::run(patience, sources, |_| async {
                let answer = self.send(request.clone()).await?;
                match answer.common_failure(sources.now()) {
                    Some(error) => Err(error),
                    None => Ok(answer),
                }
            })
            .await?;
            // Some plugins show the index to nobody, yet let keys through.
            if matches!(answer.status.as_u16(), 401 | 403) {
                if failure::code(&answer).is_some() {
                    return Ok(Site {
                        routes,
                        name: None,
                        time_zone: None,
                    });
                }
                closed = true;
                continue;
            }
            let Ok(index) = read::<Index>(&Index, &answer) else {
                continue;
            };
            if let Some(error) = failure::without_woocommerce(&index.namespaces, self.place()) {
                return Err(error);
            }
            return Ok(Site {
                routes,
                name: filled(index.name),
                time_zone: filled(index.timezone_string),
            });
        }
        Err(if closed {
            failure::kept_out(self.place())
        } else {
            failure::no_wordpress(self.place())
        })
    }

    /// Sends a call once there is room for it.
    async fn send(&self, request: Request) -> Result<Answer, ConnectorError> {
        // The semaphore is never closed.
        let _room = self.room.acquire().await;
        self.transport.send(request).await
    }

    fn request(
        &self,
        call: &Call,
        routes: Routes,
        set: Option<&CredentialSet>,
    ) -> Result<Request, ConnectorError> {
        let url = url(self.address.root(), call, routes);
        let mut request = match &call.body {
            Some(body) => Request::post_json(url, body),
            None => Request::new(call.method.clone(), url)
                .header(header::ACCEPT, HeaderValue::from_static("application/json")),
        };
        if let Some(set) = set {
            let pair = Zeroizing::new(format!(
                "{}:{}",
                set.require(CONSUMER_KEY)?.expose_secret().trim(),
                set.require(CONSUMER_SECRET)?.expose_secret().trim()
            ));
            let packed = SecretString::from(STANDARD.encode(pair.as_bytes()));
            request = request.secret_header(header::AUTHORIZATION, "Basic ", &packed)?;
        }
        Ok(request)
    }
}

fn read<O: Operation>(operation: &O, answer: &Answer) -> Result<O::Data, ConnectorError> {
    let number = |name: &str| {
        answer
            .header(name)
            .and_then(|value| value.trim().parse().ok())
    };
    let reply = Reply {
        value: answer.json()?,
        total: number("x-wp-total"),
        pages: number("x-wp-totalpages"),
    };
    operation.read(reply).ok_or_else(|| {
        ConnectorError::new(
            Fault::Malformed,
            format!(
                "{} gave an answer that has another form than WooCommerce's.",
                answer.host
            ),
        )
        .answer(answer.redacted())
    })
}

fn url(root: &Url, call: &Call, routes: Routes) -> Url {
    let mut url = root.clone();
    match routes {
        Routes::Pretty => {
            let path = format!("{}wp-json/{}", root.path(), call.route);
            url.set_path(&path);
        }
        Routes::Plain => {
            url.query_pairs_mut()
                .append_pair("rest_route", &format!("/{}", call.route));
        }
    }
    if !call.query.is_empty() {
        url.query_pairs_mut()
            .extend_pairs(call.query.iter().map(|(name, value)| (*name, value)));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_found_with_either_kind_of_permalinks_also_in_a_folder() {
        let root: Url = "https://shop.example/eu/".parse().unwrap();
        let call = Call::get("wc/v3/products").with("per_page", "100");
        assert_eq!(
            url(&root, &call, Routes::Pretty).as_str(),
            "https://shop.example/eu/wp-json/wc/v3/products?per_page=100"
        );
        assert_eq!(
            url(&root, &call, Routes::Plain).as_str(),
            "https://shop.example/eu/?rest_route=%2Fwc%2Fv3%2Fproducts&per_page=100"
        );
    }
}
