//! A store in a folder behind a proxy, with a certificate of its own.

use std::sync::Arc;

use calibr_connectors::{
    CallSettings, Connector, Fault, FixedCredentials, Store, WooCommerceConnector,
    transport::{Outbound, Transport},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::harness::{KEY, SECRET, Scene, config, full, keys, pull_all, sources};

/// Puts a proxy before the sandbox that speaks TLS; gives the store's address
/// there, and the authority that signed its certificate.
async fn proxy(scene: &Scene) -> (String, Vec<u8>) {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "A merchant's own authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let behind = scene
        .server
        .base_url()
        .trim_start_matches("http://")
        .to_owned();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                // Refused certificates end here.
                let Ok(mut secure) = acceptor.accept(connection).await else {
                    return;
                };
                let mut store = TcpStream::connect(behind).await.unwrap();
                let _done = copy_bidirectional(&mut secure, &mut store).await;
            });
        }
    });
    let authority = authority.as_ref().pem().into_bytes();
    (format!("https://localhost:{port}/woo"), authority)
}

/// The store as an installation sees it whose operator trusts `by_operator`, with
/// `by_store` in its own settings.
fn store(url: &str, by_operator: Option<&[u8]>, by_store: Option<&[u8]>) -> Arc<dyn Store> {
    let outbound = Outbound {
        ca_pem: by_operator.map(<[u8]>::to_vec),
        allow: "localhost".parse().unwrap(),
        ..Outbound::default()
    };
    let transport = Transport::new(outbound, sources()).unwrap();
    let connector = WooCommerceConnector::new(&transport).unwrap();
    let config = connector.normalise(config(url)).unwrap();
    let credentials = FixedCredentials::new(keys(KEY, SECRET));
    let calls = CallSettings {
        ca_pem: by_store.map(<[u8]>::to_vec),
        ..CallSettings::default()
    };
    connector.open_tuned(&config, &calls, credentials).unwrap()
}

#[tokio::test]
async fn a_certificate_of_the_merchants_own_is_trusted_once_its_authority_is_named() {
    let scene = Scene::usual().await;
    let (url, authority) = proxy(&scene).await;
    let error = store(&url, None, None).identify().await.unwrap_err();
    assert_eq!(error.fault, Fault::Tls);
    for place in ["OUTBOUND_CA_FILE", "settings under Advanced"] {
        assert!(error.message.contains(place), "{error}");
    }

    let trusted = store(&url, Some(&authority), None);
    trusted.identify().await.unwrap();
    pull_all(&trusted, full()).await.assert_is(&scene.truth());
}

#[tokio::test]
async fn an_authority_in_a_stores_own_settings_is_trusted_for_that_store_alone() {
    let scene = Scene::usual().await;
    let (url, authority) = proxy(&scene).await;
    let (other_url, other_authority) = proxy(&scene).await;

    let trusted = store(&url, None, Some(&authority));
    pull_all(&trusted, full()).await.assert_is(&scene.truth());
    let other = store(&other_url, None, Some(&authority));
    assert_eq!(other.identify().await.unwrap_err().fault, Fault::Tls);

    // Beside the operator's, not in its place.
    let beside = store(&other_url, Some(&other_authority), Some(&authority));
    beside.identify().await.unwrap();
}
