//! The transport on a real network: what is refused, and in what words.

use calibr_connectors::{
    Connector, Fault, FixedCredentials, ShopifyConnector, ShopifySettings,
    transport::{AllowList, Outbound, Request, Transport},
};
use tokio::net::TcpListener;

use crate::harness::{Scene, TOKEN, config, sources, token_set, transport};

fn loopback() -> Transport {
    let allow: AllowList = "127.0.0.0/8, localhost".parse().unwrap();
    transport().allowing(allow).unwrap()
}

fn get(url: &str) -> Request {
    Request::get(url.parse().unwrap())
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_unless_allowed() {
    let scene = Scene::usual().await;
    let by_name = scene.server.base_url().replace("127.0.0.1", "localhost");
    let refused = transport().send(get(&by_name)).await.unwrap_err();
    assert_eq!(refused.fault, Fault::BlockedAddress);
    assert!(
        refused.message.contains("OUTBOUND_ALLOW=localhost"),
        "{refused}"
    );
    let refused = transport()
        .send(get(scene.server.base_url()))
        .await
        .unwrap_err();
    assert_eq!(refused.fault, Fault::BlockedAddress);
    assert_eq!(
        loopback()
            .send(get(&by_name))
            .await
            .unwrap()
            .status
            .as_u16(),
        404
    );
}

#[tokio::test]
async fn the_operators_base_address_allows_itself_and_no_other() {
    let scene = Scene::usual().await;
    scene.store().identify().await.unwrap();
    let settings = ShopifySettings::read(None, None, Some("http://localhost:1/{shop}")).unwrap();
    let connector = ShopifyConnector::new(settings, &transport()).unwrap();
    let store = connector
        .open(&config("acme"), FixedCredentials::new(token_set(TOKEN)))
        .unwrap();
    let error = store.identify().await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreachable, "{error}");
    assert!(
        error.message.contains("localhost:1 accepts no connections"),
        "{error}"
    );
}

#[tokio::test]
async fn a_host_that_is_not_there_is_named() {
    let error = transport()
        .send(get("https://no-such-host.invalid/"))
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Unreachable);
    assert!(
        error
            .message
            .starts_with("There is no host named no-such-host.invalid"),
        "{error}"
    );
}

#[tokio::test]
async fn a_host_without_tls_is_called_that() {
    let scene = Scene::usual().await;
    let url = scene.server.base_url().replace("http://", "https://");
    let error = loopback().send(get(&url)).await.unwrap_err();
    assert_eq!(error.fault, Fault::Tls, "{error}");
    assert!(error.message.contains("does not speak TLS"), "{error}");
}

#[tokio::test]
async fn a_host_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let request = get(&url).timeout(std::time::Duration::from_millis(50));
    let error = loopback().send(request).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreachable);
    assert!(error.message.contains("did not answer in time"), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let scene = Scene::usual().await;
    let outbound = Outbound {
        allow: "127.0.0.1".parse().unwrap(),
        max_answer_bytes: 16,
        ..Outbound::default()
    };
    let transport = Transport::new(outbound, sources()).unwrap();
    let picture = format!(
        "{}/_files/acme.myshopify.com/pictures/1.svg",
        scene.server.base_url()
    );
    let error = transport.send(get(&picture)).await.unwrap_err();
    assert_eq!(error.fault, Fault::Malformed);
}
