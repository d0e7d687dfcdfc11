//! Who is asking: the signed-in person, and the address the request came from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, RawPathParams, Request, State},
    http::{HeaderMap, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use calibr_model::{Problem, ProblemKind, ProjectSlug, UserId};
use calibr_services::Actor;
use tower_sessions::Session;

use super::{problem::Refusal, session, state::AppState};
use crate::config::Networks;

/// Who is asking.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// Who is signed in.
    pub(crate) user: Option<UserId>,
    /// Where the request came from; behind trusted proxies, where it reached the first of them from.
    pub(crate) address: IpAddr,
}

/// Middleware: notes the address alone, for paths that know no session.
pub(crate) async fn note_address(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let address = address_of(&request, &state.http.trusted_proxies);
    request.extensions_mut().insert(Caller {
        user: None,
        address,
    });
    next.run(request).await
}

/// Middleware: reads the session and notes who is asking. Stands inside the session layer.
pub(crate) async fn identify(
    State(state): State<AppState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let user = match session::read(&session, state.services.sources.now()).await {
        Ok(user) => user,
        Err(problem) => return Refusal::from(problem).into_response(),
    };
    let address = address_of(&request, &state.http.trusted_proxies);
    request.extensions_mut().insert(Caller { user, address });
    next.run(request).await
}

fn address_of(request: &Request, trusted: &Networks) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| {
        peer.ip().to_canonical()
    });
    client_address(peer, request.headers(), trusted)
}

/// Walks X-Forwarded-For from the nearest hop outwards for as long as those who wrote it are trusted. What stands
/// beyond the first untrusted address may be invented.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !trusted.contain(client) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

/// The signed-in person; refused with `unauthenticated` where nobody is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedIn(pub(crate) UserId);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        let user = parts
            .extensions
            .get::<Caller>()
            .and_then(|caller| caller.user);
        user.map(Self).ok_or_else(|| Refusal::from(not_signed_in()))
    }
}

/// What is answered where somebody has to be signed in and nobody is.
pub(crate) fn not_signed_in() -> Problem {
    Problem::new(
        ProblemKind::Unauthenticated,
        "Nobody is signed in, or the session has ended. Sign in, then try again.",
    )
}

/// The signed-in person as a member of the project that `{slug}` of the path names. A project that is not theirs
/// is answered as one that does not exist.
#[derive(Debug)]
pub(crate) struct Member(pub(crate) Actor);

impl FromRequestParts<AppState> for Member {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let SignedIn(user) = SignedIn::from_request_parts(parts, state).await?;
        let nothing = || Refusal::of_status(StatusCode::NOT_FOUND);
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        let slug = params
            .iter()
            .find(|(name, _)| *name == "slug")
            .map(|(_, slug)| slug);
        let slug: ProjectSlug = slug
            .and_then(|slug| slug.parse().ok())
            .ok_or_else(nothing)?;
        Ok(Self(state.services.actor(user, &slug).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &trusted.parse().unwrap()).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], ""), "203.0.113.9");
        assert_eq!(
            client("10.0.0.5", &["198.51.100.1"], "10.0.0.5"),
            "198.51.100.1"
        );
    }

    #[test]
    fn what_stands_before_an_untrusted_hop_may_be_invented() {
        let forwarded = ["1.2.3.4, 198.51.100.1", "10.0.0.7"];
        assert_eq!(client("10.0.0.5", &forwarded, "10.0.0.0/8"), "198.51.100.1");
    }

    #[test]
    fn an_unreadable_hop_ends_the_walk() {
        assert_eq!(
            client("10.0.0.5", &["198.51.100.1, unknown"], "10.0.0.0/8"),
            "10.0.0.5"
        );
        assert_eq!(
            client("::ffff:10.0.0.5", &["198.51.100.1"], "10.0.0.5"),
            "198.51.100.1"
        );
    }
}
