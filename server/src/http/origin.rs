//! No other site may write in a signed-in person's name.
//!
//! Browsers say where a write comes from: in `Origin`, and in `Sec-Fetch-Site`. A write that says neither comes
//! from no browser, so no cookie was sent along behind a person's back, and it is let through.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use calibr_model::ProblemKind;
use url::{Host, Url};

use super::{problem::Refusal, state::AppState};

/// Which origins are this console's.
#[derive(Debug, Clone)]
pub(crate) enum OwnOrigin {
    /// What the operator set as PUBLIC_URL.
    Set(Url),
    /// Nothing was set: the host that was asked, as long as that is an address or `localhost`. A name could be
    /// pointed here by anybody (DNS rebinding).
    WhateverWasAsked,
}

impl OwnOrigin {
    fn admits(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Ok(origin) = origin.parse::<Url>() else {
            return false;
        };
        match self {
            Self::Set(own) => own.origin() == origin.origin(),
            Self::WhateverWasAsked => {
                let asked = headers
                    .get(header::HOST)
                    .and_then(|host| host.to_str().ok());
                let asked = asked.and_then(|host| format!("http://{host}").parse::<Url>().ok());
                asked.is_some_and(|asked| {
                    asked.origin() == origin.origin() && cannot_be_rebound(&asked)
                })
            }
        }
    }
}

fn cannot_be_rebound(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => !IpAddr::V4(address).is_unspecified(),
        Some(Host::Ipv6(address)) => !IpAddr::V6(address).is_unspecified(),
        None => false,
    }
}

/// Middleware: refuses writes that come from another site.
pub(crate) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if reads || comes_from_here(&state.http.own_origin, request.headers()) {
        return next.run(request).await;
    }
    Refusal::new(
        ProblemKind::Forbidden,
        "This request comes from another address than the console's own, so nothing was done. Open the console at \
         its own address; whoever runs it sets that as PUBLIC_URL.",
    )
    .into_response()
}

/// Whether a request was made by this console's own pages, or by no page at all.
pub(crate) fn comes_from_here(own: &OwnOrigin, headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    match (text("origin"), text("sec-fetch-site")) {
        (Some(origin), _) => own.admits(origin, headers),
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(own: &OwnOrigin, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| {
            (
                header::HeaderName::from_static(name),
                header::HeaderValue::from_static(value),
            )
        });
        comes_from_here(own, &headers.collect())
    }

    #[test]
    fn with_a_public_address_that_is_the_only_origin() {
        let own = OwnOrigin::Set("https://calibr.acme.example".parse().unwrap());
        assert!(admitted(&own, &[("origin", "https://calibr.acme.example")]));
        for foreign in [
            "https://evil.example",
            "http://calibr.acme.example",
            "null",
            "https://calibr.acme.example:8443",
        ] {
            assert!(
                !admitted(&own, &[("origin", foreign), ("host", "evil.example")]),
                "{foreign}"
            );
        }
    }

    #[test]
    fn without_one_the_address_that_was_asked_is_it_unless_a_name_could_lead_astray() {
        let own = OwnOrigin::WhateverWasAsked;
        assert!(admitted(
            &own,
            &[
                ("origin", "http://localhost:8080"),
                ("host", "localhost:8080")
            ]
        ));
        assert!(admitted(
            &own,
            &[
                ("origin", "http://192.168.1.4:8080"),
                ("host", "192.168.1.4:8080")
            ]
        ));
        assert!(!admitted(
            &own,
            &[
                ("origin", "http://evil.example:8080"),
                ("host", "evil.example:8080")
            ]
        ));
        assert!(!admitted(
            &own,
            &[
                ("origin", "http://evil.example"),
                ("host", "localhost:8080")
            ]
        ));
    }

    #[test]
    fn a_browser_that_says_no_origin_says_the_site_and_a_program_says_neither() {
        let own = OwnOrigin::WhateverWasAsked;
        assert!(admitted(&own, &[("sec-fetch-site", "same-origin")]));
        assert!(!admitted(&own, &[("sec-fetch-site", "cross-site")]));
        assert!(!admitted(&own, &[("sec-fetch-site", "same-site")]));
        assert!(admitted(&own, &[]));
    }
}
