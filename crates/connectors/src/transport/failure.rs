//! Why a call did not come to an answer, in words.

use std::{error::Error, io};

use rustls::CertificateError;
use url::Url;

use super::guard::LookupError;
use crate::error::{ConnectorError, Fault};

/// Turns what the HTTP client says into what a merchant can act on. `url` is
/// where the call went; of it only host and port are shown. `by_store` says
/// whether a store's own settings may name certificates.
pub(super) fn from_reqwest(error: &reqwest::Error, url: &Url, by_store: bool) -> ConnectorError {
    let host = url.host_str().unwrap_or("the store");
    let place = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    for cause in causes(error) {
        if let Some(lookup) = cause.downcast_ref::<LookupError>() {
            return lookup.to_connector_error();
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return from_tls(tls, &place, by_store);
        }
    }
    let unreachable = |message: String| ConnectorError::new(Fault::Unreachable, message);
    if error.is_timeout() {
        let what = if error.is_connect() {
            "could not be reached in time. Check the address, and whether a firewall stands before it."
        } else {
            "did not answer in time."
        };
        return unreachable(format!("{place} {what}"));
    }
    if error.is_connect() {
        let refused = causes(error).any(|cause| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
        });
        let what = if refused {
            "accepts no connections: nothing listens there. Check the address and port."
        } else {
            "could not be reached. Check the address."
        };
        return unreachable(format!("{place} {what}"));
    }
    // A line that is cut within a packed answer is reported as unpacking too.
    let cannot_be_unpacked = causes(error).any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| {
            matches!(
                io.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            )
        })
    });
    if error.is_decode() && cannot_be_unpacked {
        return ConnectorError::new(
            Fault::Malformed,
            format!("{place} sent an answer that cannot be unpacked."),
        );
    }
    if error.is_builder() {
        return ConnectorError::new(Fault::Config, format!("{place} cannot be called this way."));
    }
    ConnectorError::new(
        Fault::Server,
        format!("{place} cut the line before its answer was complete."),
    )
}

fn from_tls(error: &rustls::Error, place: &str, by_store: bool) -> ConnectorError {
    let own_ca = if by_store {
        "If the store uses a certificate of its own, paste it in the store's settings under \
         Advanced; for a store that is not connected yet, the operator of this installation can \
         trust it with OUTBOUND_CA_FILE."
    } else {
        "If the store uses a certificate of its own, the operator of this installation can trust \
         it with OUTBOUND_CA_FILE."
    };
    let message = match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => {
                format!("{place} shows a certificate from an issuer that is not trusted. {own_ca}")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("{place} shows a certificate that has expired. Its owner has to renew it.")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!(
                    "{place} shows a certificate that is not valid yet. Check the clocks of both \
                     machines."
                )
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!(
                    "{place} shows a certificate that was made for another name. Check the \
                     address for typing errors."
                )
            }
            CertificateError::Revoked => {
                format!("{place} shows a certificate that was revoked.")
            }
            other => format!("{place} shows a certificate that cannot be used ({other}). {own_ca}"),
        },
        rustls::Error::InvalidMessage(_) => format!(
            "{place} does not speak TLS there. If the store has no certificate, its address \
             begins with http://."
        ),
        other => format!("No secure connection to {place} could be made ({other})."),
    };
    ConnectorError::new(Fault::Tls, message)
}

/// The error and everything it came from, also what `io::Error` wraps.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let first: &'a (dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&current| {
        match current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => current.source(),
        }
    })
}
