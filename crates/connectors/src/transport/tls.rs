//! Which certificates are trusted.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::error::{ConnectorError, Fault};

/// TLS by rustls with ring: the system's certificates, and the operator's own
/// beside them. Where a system has none (a bare container), Mozilla's list
/// stands in.
pub(super) fn client_config(ca_pem: Option<&[u8]>) -> Result<ClientConfig, ConnectorError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "a certificate of the system could not be read");
    }
    roots.add_parsable_certificates(system.certs);
    if roots.is_empty() {
        tracing::info!("the system has no trusted certificates; using the built-in list");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(pem) = ca_pem {
        add_own(&mut roots, pem).map_err(|why| {
            ConnectorError::new(
                Fault::Config,
                format!("OUTBOUND_CA_FILE cannot be used: {why}. Give certificates in PEM form."),
            )
        })?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            ConnectorError::new(Fault::Config, format!("TLS cannot be set up: {error}."))
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Whether these certificates can be trusted at all; what is wrong with them
/// otherwise.
pub(super) fn check(pem: &[u8]) -> Result<(), String> {
    add_own(&mut RootCertStore::empty(), pem)
}

fn add_own(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        added += 1;
    }
    if added == 0 {
        return Err("it holds no \"BEGIN CERTIFICATE\" block".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_alone_gives_a_usable_configuration() {
        let config = client_config(None).unwrap();
        assert_eq!(
            config.alpn_protocols,
            [b"h2".to_vec(), b"http/1.1".to_vec()]
        );
    }

    #[test]
    fn a_file_without_certificates_is_refused_in_words() {
        let refused = client_config(Some(b"not a certificate")).unwrap_err();
        insta::assert_snapshot!(refused, @r#"OUTBOUND_CA_FILE cannot be used: it holds no "BEGIN CERTIFICATE" block. Give certificates in PEM form."#);
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(
            client_config(Some(broken)).unwrap_err().fault,
            Fault::Config
        );
    }
}
