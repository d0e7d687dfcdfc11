//! Certificates: which are trusted, and what is said of those that are not.

use std::sync::Arc;

use calibr_connectors::{
    Fault,
    transport::{Outbound, Request, Transport},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::harness::sources;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate_for(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

/// A host that shows the certificate and answers every call with "here"; gives
/// its address by name.
async fn host(params: CertificateParams, authority: &Authority) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // Refused certificates end here.
            let Ok(mut secure) = acceptor.accept(connection).await else {
                continue;
            };
            let mut request = [0; 1024];
            let _read = secure.read(&mut request).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhere";
            let _sent = secure.write_all(answer).await;
            let _closed = secure.shutdown().await;
        }
    });
    format!("https://localhost:{port}/")
}

fn trusting(authority: Option<&Authority>) -> Transport {
    let outbound = Outbound {
        ca_pem: authority.map(|authority| authority.as_ref().pem().into_bytes()),
        allow: "localhost".parse().unwrap(),
        ..Outbound::default()
    };
    Transport::new(outbound, sources()).unwrap()
}

async fn refusal(transport: &Transport, url: &str) -> String {
    let error = transport
        .send(Request::get(url.parse().unwrap()))
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Tls, "{error}");
    error.message
}

#[tokio::test]
async fn the_operators_own_authority_is_trusted_once_it_is_named() {
    let authority = authority();
    let url = host(certificate_for("localhost"), &authority).await;

    let refused = refusal(&trusting(None), &url).await;
    assert!(refused.contains("issuer that is not trusted"), "{refused}");
    assert!(refused.contains("OUTBOUND_CA_FILE"), "{refused}");

    let request = Request::get(url.parse().unwrap());
    let answer = trusting(Some(&authority)).send(request).await.unwrap();
    assert_eq!(answer.text(), "here");
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_is_called_what_it_is() {
    let authority = authority();
    let transport = trusting(Some(&authority));
    let mut expired = certificate_for("localhost");
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = certificate_for("localhost");
    early.not_before = date_time_ymd(4000, 1, 1);
    for (params, words) in [
        (expired, "has expired"),
        (early, "is not valid yet"),
        (certificate_for("other.example"), "made for another name"),
    ] {
        let url = host(params, &authority).await;
        let refused = refusal(&transport, &url).await;
        assert!(refused.contains(words), "{refused}");
    }
}
