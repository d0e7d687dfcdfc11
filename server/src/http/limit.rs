//! How often somebody may ask. A signed-in person is counted wherever they ask from, everybody else by address.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header},
    response::IntoResponse as _,
};
use calibr_model::{ProblemKind, UserId};
use tower_governor::{
    GovernorError, GovernorLayer,
    governor::{GovernorConfig, GovernorConfigBuilder},
    key_extractor::KeyExtractor,
};

use super::{caller::Caller, problem::Refusal};
use crate::config::RateSettings;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const AFTER: HeaderName = HeaderName::from_static("x-ratelimit-after");

/// Messages a minute from an address of a platform: many stores send from one, and a message that is refused is lost.
const MESSAGES: NonZeroU32 = NonZeroU32::new(6_000).unwrap();

const MINUTE: Duration = Duration::from_mins(1);

/// Whom a request counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// A signed-in person.
    Person(UserId),
    /// An address; of IPv6 the network, since a household has 2^64 addresses of its own.
    Address(IpAddr),
}

impl Identity {
    fn of_address(address: IpAddr) -> Self {
        Self::Address(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                IpAddr::V6(network.into())
            }
        })
    }
}

/// Counts by identity or, for sign-in, by address.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CountBy {
    /// The person where one is signed in, the address otherwise.
    Identity,
    /// The address, whoever is signed in.
    Address,
}

impl KeyExtractor for CountBy {
    type Key = Identity;

    fn extract<T>(&self, request: &Request<T>) -> Result<Identity, GovernorError> {
        let caller = request
            .extensions()
            .get::<Caller>()
            .ok_or(GovernorError::UnableToExtractKey)?;
        Ok(match (self, caller.user) {
            (Self::Identity, Some(user)) => Identity::Person(user),
            _ => Identity::of_address(caller.address),
        })
    }
}

type Middleware = ::governor::middleware::StateInformationMiddleware;
/// What axum can lay around routes.
pub(crate) type Layer = GovernorLayer<CountBy, Middleware, Body>;

/// The counters of this process.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    requests: Arc<GovernorConfig<CountBy, Middleware>>,
    sign_ins: Arc<GovernorConfig<CountBy, Middleware>>,
    messages: Arc<GovernorConfig<CountBy, Middleware>>,
}

impl Limits {
    /// Counters that nobody has used yet. A minute's requests may come all at once.
    pub(crate) fn new(rates: RateSettings) -> Self {
        Self {
            requests: config(CountBy::Identity, rates.requests),
            sign_ins: config(CountBy::Address, rates.sign_ins),
            messages: config(CountBy::Address, MESSAGES),
        }
    }

    /// For everything that is neither a file nor a stream nor a health check.
    pub(crate) fn requests(&self) -> Layer {
        GovernorLayer::new(Arc::clone(&self.requests)).error_handler(refuse)
    }

    /// For sign-in and set-up.
    pub(crate) fn sign_ins(&self) -> Layer {
        GovernorLayer::new(Arc::clone(&self.sign_ins)).error_handler(refuse)
    }

    /// For messages from platforms.
    pub(crate) fn messages(&self) -> Layer {
        GovernorLayer::new(Arc::clone(&self.messages)).error_handler(refuse)
    }

    /// Forgets those who have not asked for a while. To be called now and then.
    pub(crate) fn forget_idle(&self) {
        self.requests.limiter().retain_recent();
        self.sign_ins.limiter().retain_recent();
        self.messages.limiter().retain_recent();
    }
}

#[expect(
    clippy::expect_used,
    reason = "only a burst or period of zero is refused, and neither can be zero"
)]
fn config(by: CountBy, a_minute: NonZeroU32) -> Arc<GovernorConfig<CountBy, Middleware>> {
    let config = GovernorConfigBuilder::default()
        .period((MINUTE / a_minute.get()).max(Duration::from_nanos(1)))
        .burst_size(a_minute.get())
        .key_extractor(by)
        .use_headers()
        .finish();
    Arc::new(config.expect("burst and period are not zero"))
}

fn refuse(error: GovernorError) -> Response<Body> {
    let GovernorError::TooManyRequests { wait_time, headers } = error else {
        tracing::error!(%error, "a request came to the counters without a caller");
        return Refusal::new(ProblemKind::Internal, "The request could not be counted.")
            .into_response();
    };
    // The wait is rounded down; a whole second later it is over for certain.
    let seconds = wait_time + 1;
    let words = if seconds == 1 {
        "1 second".to_owned()
    } else {
        format!("{seconds} seconds")
    };
    let detail =
        format!("That was more often than this console allows. Wait {words}, then try again.");
    let mut response = Refusal::new(ProblemKind::RateLimited, detail).into_response();
    response.headers_mut().extend(headers.unwrap_or_default());
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Middleware outside of the counters: says in how many seconds all requests may be asked again at once.
pub(crate) async fn say_reset(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.remove(AFTER);
    if let (Some(limit), Some(remaining)) = (number(headers, &LIMIT), number(headers, &REMAINING)) {
        let used = limit.saturating_sub(remaining);
        let seconds = (used * MINUTE.as_secs()).div_ceil(limit.max(1));
        headers.insert(RESET, HeaderValue::from(seconds));
    }
    response
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_counts_as_one_and_neighbours_do_not() {
        let of = |address: &str| Identity::of_address(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("203.0.113.1"), of("203.0.113.2"));
    }

    #[tokio::test]
    async fn the_reset_is_when_everything_is_free_again() {
        let response = Response::builder()
            .header(LIMIT, "100")
            .header(REMAINING, "90")
            .header(AFTER, "1");
        let response = say_reset(response.body(Body::empty()).unwrap()).await;
        assert_eq!(number(response.headers(), &RESET), Some(6));
        assert!(!response.headers().contains_key(AFTER));
    }
}
