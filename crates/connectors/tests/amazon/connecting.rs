//! Connecting a seller, by hand and by consent.

use std::sync::Arc;

use calibr_connectors::{
    Config, Connector, CredentialSet, Fault, FixedCredentials, OneClickCallback, OneClickRequest,
};
use calibr_sandbox::amazon::{AmazonApp, SellerSettings, Standing};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::harness::{
    CALLBACK, CLIENT, Refreshing, SECRET, SELLER, Scene, TOKEN, app, by_hand, connector, sources,
    typed, usual,
};

#[tokio::test]
async fn a_refresh_token_is_enough_to_be_recognised() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let identity = store.identify().await.unwrap();
    assert_eq!(identity.name, "Acme on amazon.de");
    assert_eq!(identity.currency.code(), "EUR");
    assert_eq!(identity.notice, None);
    store.identify().await.unwrap();
    let counters = scene.amazon().counters(SELLER).unwrap();
    assert_eq!(counters.tokens_issued, 1, "the access token is kept");
}

#[tokio::test]
async fn a_private_application_brings_its_own_client() {
    let scene = Scene::usual().await;
    let alone = connector(&scene.base_url, false);
    let config = alone.normalise(typed("DE")).unwrap();
    let missing = alone
        .open(&config, FixedCredentials::new(by_hand(TOKEN)))
        .unwrap()
        .identify()
        .await
        .unwrap_err();
    assert_eq!(missing.fault, Fault::Config);
    let field = |name: &str, value: &str| (name.to_owned(), SecretString::from(value));
    let whole = CredentialSet::new(
        [
            field("refresh_token", TOKEN),
            field("client_id", CLIENT),
            field("client_secret", SECRET),
        ],
        None,
    );
    let store = alone.open(&config, FixedCredentials::new(whole)).unwrap();
    assert!(store.identify().await.is_ok());
    let fields = &alone.info().credential_fields;
    assert!(fields.iter().all(|field| field.required));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words() {
    let standing = Standing {
        participates: true,
        suspended: false,
        authorised: true,
    };
    let scene = Scene::usual().await;
    let set = |standing| scene.amazon().set_standing(SELLER, standing).unwrap();
    set(Standing {
        suspended: true,
        ..standing
    });
    let suspended = scene.store().identify().await.unwrap();
    assert!(suspended.notice.unwrap().contains("suspended"));
    set(Standing {
        participates: false,
        ..standing
    });
    let left = scene.store().identify().await.unwrap_err();
    assert_eq!(left.fault, Fault::StoreGone);
    set(Standing {
        authorised: false,
        ..standing
    });
    let denied = scene.store().identify().await.unwrap_err();
    assert_eq!(denied.fault, Fault::MissingScope);
    assert!(denied.message.contains("role"), "{denied}");
    scene.amazon().revoke_tokens(SELLER).unwrap();
    let revoked = scene.store().identify().await.unwrap_err();
    assert_eq!(revoked.fault, Fault::CredentialsRefused);
}

#[tokio::test]
async fn a_seller_of_another_region_is_told_so() {
    let scene = Scene::of(SellerSettings {
        region: "na".to_owned(),
        marketplace_id: "ATVPDKIKX0DER".to_owned(),
        ..usual()
    })
    .await;
    let denied = scene.store().identify().await.unwrap_err();
    assert_eq!(denied.fault, Fault::MissingScope);
    assert!(denied.message.contains("Europe"), "{denied}");
}

#[tokio::test]
async fn a_secret_of_more_than_180_days_is_named_as_the_reason() {
    let old = AmazonApp {
        secret_made_at: Some(sources().now() - TimeDelta::days(181)),
        ..app()
    };
    let scene = Scene::with(old, usual()).await;
    let error = scene.store().identify().await.unwrap_err();
    assert_eq!(error.fault, Fault::Config);
    assert!(error.message.contains("180 days"), "{error}");
    assert!(!error.message.contains(SECRET));
}

#[tokio::test]
async fn consent_connects_and_refreshes() {
    let scene = Scene::usual().await;
    let one_click = scene.connector.one_click().unwrap();
    let fields = Config::from([("marketplace_id".to_owned(), "amazon.de".to_owned())]);
    let redirect_uri: Url = CALLBACK.parse().unwrap();
    let page = one_click
        .start(&OneClickRequest {
            fields: fields.clone(),
            redirect_uri: redirect_uri.clone(),
            state: "unguessable".to_owned(),
        })
        .unwrap();
    let back = decide(&page, "confirm").await;
    let query: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    assert_eq!(one_click.state_of(&query), Some("unguessable"));
    let callback = OneClickCallback {
        query,
        started_with: fields,
        redirect_uri,
        received_at: sources().now(),
        delivered: None,
    };
    let connection = one_click.complete(&callback).await.unwrap();
    assert_eq!(connection.config, scene.config());
    let again = one_click.complete(&callback).await.unwrap_err();
    assert_eq!(again.fault, Fault::ConsentRefused, "a code works once");

    let first = connection.credentials;
    assert!(first.expires_within(TimeDelta::hours(1), sources().now()));
    let now = sources().now();
    let next = scene.connector.refresh(&connection.config, &first, now);
    let next = next.await.unwrap().unwrap();
    let secret = |set: &CredentialSet, field| set.get(field).unwrap().expose_secret().to_owned();
    assert_eq!(
        secret(&first, "refresh_token"),
        secret(&next, "refresh_token")
    );
    assert_ne!(
        secret(&first, "access_token"),
        secret(&next, "access_token")
    );
    let source = Refreshing::new(Arc::clone(&scene.connector), next);
    let store = scene.store_with(source.clone());
    store.identify().await.unwrap();
    scene.amazon().expire_tokens(SELLER).unwrap();
    store.identify().await.unwrap();
    assert_eq!(*source.renewals.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_person_who_declines_is_told_that_nothing_happened() {
    let scene = Scene::usual().await;
    let one_click = scene.connector.one_click().unwrap();
    let fields = Config::from([("marketplace_id".to_owned(), "DE".to_owned())]);
    let redirect_uri: Url = CALLBACK.parse().unwrap();
    let request = OneClickRequest {
        fields: fields.clone(),
        redirect_uri: redirect_uri.clone(),
        state: "s".to_owned(),
    };
    let back = decide(&one_click.start(&request).unwrap(), "cancel").await;
    let declined = one_click
        .complete(&OneClickCallback {
            query: back.query_pairs().into_owned().collect(),
            started_with: fields,
            redirect_uri,
            received_at: sources().now(),
            delivered: None,
        })
        .await
        .unwrap_err();
    assert_eq!(declined.fault, Fault::ConsentRefused);
    assert!(declined.message.contains("declined"), "{declined}");
}

#[tokio::test]
async fn a_person_is_not_kept_waiting_for_the_rate() {
    let scene = Scene::of(SellerSettings {
        faster: 1.0,
        ..usual()
    })
    .await;
    let store = scene.store();
    for _ in 0..14 {
        store.identify().await.unwrap();
    }
    let refused = store.identify().await.unwrap_err();
    assert_eq!(refused.fault, Fault::Throttled);
    assert!(refused.retry_after.unwrap().as_secs() > 30);
    scene.never_too_fast();
}

#[tokio::test]
async fn config_is_brought_into_form() {
    let scene = Scene::usual().await;
    let config = scene.connector.normalise(typed("www.amazon.de")).unwrap();
    assert_eq!(
        scene.connector.store_key(&config),
        "A2EXAMPLE1234@A1PA6795UKMFR9"
    );
    assert_eq!(
        scene.connector.address(&config),
        "amazon.de (A2EXAMPLE1234)"
    );
    assert_eq!(config["region"], "eu");
    let mut wrong = config.clone();
    wrong.insert("region".to_owned(), "na".to_owned());
    let refused = scene.connector.normalise(wrong).unwrap_err();
    assert!(refused.message.contains("Europe"), "{refused}");
    assert!(scene.connector.normalise(Config::new()).is_err());
    assert_eq!(scene.connector.normalise(config.clone()).unwrap(), config);
}

/// A seller's answer on the consent page: where the browser goes then.
async fn decide(page: &Url, decision: &str) -> Url {
    use calibr_connectors::transport::{Outbound, Request, Transport};
    let outbound = Outbound {
        allow: "127.0.0.1".parse().unwrap(),
        ..Outbound::default()
    };
    let browser = Transport::new(outbound, sources()).unwrap();
    let shown = browser.send(Request::get(page.clone())).await.unwrap();
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(shown.text().contains(SELLER));
    let mut fields: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    fields.push(("seller".to_owned(), SELLER.to_owned()));
    fields.push(("decision".to_owned(), decision.to_owned()));
    let mut action = page.clone();
    action.set_query(None);
    let form = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let answer = browser
        .send(Request::post_form(action, form))
        .await
        .unwrap();
    answer.header("location").unwrap().parse().unwrap()
}
