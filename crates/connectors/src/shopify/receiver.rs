//! Telling a shop's messages from others, and what they say
//! ([webhooks](https://shopify.dev/docs/apps/build/webhooks/delivery-structure)).
//!
//! The signature covers the body alone. So a header is believed only where the
//! body is of the form that goes with it: otherwise whoever once saw a genuine
//! message could send it again as that of a deletion.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::Value;

use super::gid;
use crate::webhooks::{
    self, Delivery, Meaning, Received, WebhookEvent, WebhookReceiver, WebhookRefusal,
};

/// How old a message may be: Shopify tries for 4 hours, and clocks differ.
const BELIEVED: TimeDelta = TimeDelta::hours(6);
/// How far Shopify's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

/// Reads messages. Of merchants who connected by Shopify's page they are signed
/// with the app's secret, which is known here; a custom app's is among the
/// secrets that come with a message.
pub(super) struct Receiver {
    pub(super) app_secret: Option<SecretString>,
}

impl WebhookReceiver for Receiver {
    fn secret_field(&self) -> Option<&'static str> {
        Some(super::API_SECRET)
    }

    fn receive(
        &self,
        delivery: &Delivery,
        secrets: &[SecretString],
    ) -> Result<Received, WebhookRefusal> {
        let mut secrets = secrets.iter().chain(&self.app_secret);
        let signature = delivery.header("x-shopify-hmac-sha256").unwrap_or_default();
        if !secrets.any(|secret| webhooks::is_signed(&delivery.body, signature, secret)) {
            return Err(WebhookRefusal::NotGenuine);
        }
        let header = |name: &str| {
            let value = delivery.header(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| WebhookRefusal::Malformed(format!("it has no header {name}")))
        };
        let happened_at = header("x-shopify-triggered-at")?;
        let happened_at = fresh(happened_at, delivery.received_at)?;
        // Such as "products/update"; subscriptions call it "PRODUCTS_UPDATE".
        let topic = header("x-shopify-topic")?
            .to_ascii_uppercase()
            .replace('/', "_");
        // The same for every attempt at one message. The event's id is that of
        // all messages of one event, each of which counts.
        let dedupe_key = header("x-shopify-webhook-id")?.to_owned();
        if delivery.header("x-shopify-test") == Some("true") {
            return Ok(Received::Ping);
        }
        let body: Value = serde_json::from_slice(&delivery.body)
            .map_err(|_| WebhookRefusal::Malformed("it is no JSON".to_owned()))?;
        let means = meaning(&topic, &body).ok_or_else(|| {
            WebhookRefusal::Malformed(format!("what it holds is no message of {topic}"))
        })?;
        Ok(Received::Event(WebhookEvent {
            topic,
            dedupe_key,
            happened_at: Some(happened_at),
            means,
        }))
    }
}

/// The moment that a message names, where it can be believed now.
fn fresh(triggered_at: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, WebhookRefusal> {
    let at = DateTime::parse_from_rfc3339(triggered_at)
        .map_err(|_| WebhookRefusal::Malformed("its time cannot be read".to_owned()))?
        .to_utc();
    if now - at > BELIEVED {
        Err(WebhookRefusal::TooOld)
    } else if at - now > AHEAD {
        Err(WebhookRefusal::Malformed(
            "its time has not come yet".to_owned(),
        ))
    } else {
        Ok(at)
    }
}

/// What a message means; `None` where the body is not of that topic.
fn meaning(topic: &str, body: &Value) -> Option<Meaning> {
    let number = |name: &str| body[name].as_u64();
    let changed = body.get("updated_at").is_some();
    Some(match topic {
        "PRODUCTS_CREATE" | "PRODUCTS_UPDATE" => Meaning::CatalogueChanged {
            product_external_id: Some(gid::of("Product", number("id").filter(|_| changed)?)),
        },
        // All that is told of a product that is gone is its number.
        "PRODUCTS_DELETE" => Meaning::ProductDeleted {
            product_external_id: gid::of("Product", number("id").filter(|_| only_id(body))?),
        },
        "REFUNDS_CREATE" => order_changed(number("order_id")?),
        "APP_UNINSTALLED" => {
            body["myshopify_domain"].as_str()?;
            Meaning::AccessRevoked
        }
        _ if topic.starts_with("ORDERS_") => order_changed(number("id")?),
        _ => Meaning::Other,
    })
}

fn only_id(body: &Value) -> bool {
    let fields = body.as_object();
    fields.is_some_and(|fields| {
        fields
            .keys()
            .all(|name| matches!(name.as_str(), "id" | "admin_graphql_api_id"))
    })
}

fn order_changed(number: u64) -> Meaning {
    Meaning::OrdersChanged {
        order_external_id: Some(gid::of("Order", number)),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use bytes::Bytes;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;
    use sha2::Sha256;

    use super::*;

    const APP: &str = "app-secret";
    const CUSTOM: &str = "custom-app-secret";
    const PRODUCT: &str = r#"{"id":7,"updated_at":"2026-07-01T12:00:00Z"}"#;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn signature(secret: &str, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    fn delivery(secret: &str, topic: &str, body: &str) -> Delivery {
        let headers = [
            ("x-shopify-hmac-sha256", signature(secret, body)),
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-webhook-id", "w-1".to_owned()),
            ("x-shopify-event-id", "e-1".to_owned()),
            ("x-shopify-triggered-at", now().to_rfc3339()),
        ];
        Delivery {
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            received_at: now(),
        }
    }

    fn set(delivery: &mut Delivery, name: &str, value: &str) {
        delivery.headers.retain(|(header, _)| header != name);
        delivery.headers.push((name.to_owned(), value.to_owned()));
    }

    fn receive(delivery: &Delivery) -> Result<Received, WebhookRefusal> {
        let receiver = Receiver {
            app_secret: Some(APP.into()),
        };
        receiver.receive(delivery, &["older".into(), CUSTOM.into()])
    }

    fn means(topic: &str, body: &str) -> Result<Meaning, WebhookRefusal> {
        match receive(&delivery(APP, topic, body))? {
            Received::Event(event) => Ok(event.means),
            Received::Ping => panic!("a ping"),
        }
    }

    #[test]
    fn the_apps_secret_and_a_custom_apps_are_believed_and_no_other() {
        for secret in [APP, CUSTOM] {
            let read = receive(&delivery(secret, "products/update", PRODUCT)).unwrap();
            insta::allow_duplicates! {
                insta::assert_debug_snapshot!(read, @r#"
                Event(
                    WebhookEvent {
                        topic: "PRODUCTS_UPDATE",
                        dedupe_key: "w-1",
                        happened_at: Some(
                            2026-09-21T14:13:20Z,
                        ),
                        means: CatalogueChanged {
                            product_external_id: Some(
                                "gid://shopify/Product/7",
                            ),
                        },
                    },
                )
                "#);
            }
        }
        let foreign = delivery("another", "products/update", PRODUCT);
        assert_eq!(receive(&foreign), Err(WebhookRefusal::NotGenuine));
        let mut changed = delivery(APP, "products/update", PRODUCT);
        changed.body = Bytes::from_static(br#"{"id":8,"updated_at":""}"#);
        assert_eq!(receive(&changed), Err(WebhookRefusal::NotGenuine));
        let mut unsigned = delivery(APP, "products/update", PRODUCT);
        for wrong in ["", "?", "AAAA"] {
            set(&mut unsigned, "x-shopify-hmac-sha256", wrong);
            assert_eq!(receive(&unsigned), Err(WebhookRefusal::NotGenuine));
        }
        let of_nobody = Receiver { app_secret: None };
        let signed_with_nothing = delivery("", "products/update", PRODUCT);
        assert_eq!(
            of_nobody.receive(&signed_with_nothing, &["".into()]),
            Err(WebhookRefusal::NotGenuine)
        );
    }

    #[test]
    fn only_messages_of_now_are_believed() {
        let at = |offset: TimeDelta| {
            let mut delivery = delivery(APP, "products/update", PRODUCT);
            let time = (now() + offset).to_rfc3339();
            set(&mut delivery, "x-shopify-triggered-at", &time);
            receive(&delivery)
        };
        assert!(at(TimeDelta::hours(-5)).is_ok());
        assert_eq!(at(TimeDelta::hours(-7)), Err(WebhookRefusal::TooOld));
        assert!(at(TimeDelta::minutes(5)).is_ok());
        assert!(matches!(
            at(TimeDelta::hours(1)),
            Err(WebhookRefusal::Malformed(_))
        ));
    }

    #[test]
    fn topics_mean_what_changed() {
        let order = Meaning::OrdersChanged {
            order_external_id: Some("gid://shopify/Order/9".into()),
        };
        assert_eq!(means("orders/create", r#"{"id":9}"#), Ok(order.clone()));
        assert_eq!(means("orders/updated", r#"{"id":9}"#), Ok(order.clone()));
        assert_eq!(
            means("refunds/create", r#"{"id":1,"order_id":9}"#),
            Ok(order)
        );
        assert_eq!(
            means("products/delete", r#"{"id":7}"#),
            Ok(Meaning::ProductDeleted {
                product_external_id: "gid://shopify/Product/7".into()
            })
        );
        let shop = r#"{"id":1,"myshopify_domain":"acme.myshopify.com"}"#;
        assert_eq!(means("app/uninstalled", shop), Ok(Meaning::AccessRevoked));
        assert_eq!(means("shop/update", shop), Ok(Meaning::Other));
    }

    #[test]
    fn a_genuine_body_under_another_topic_is_not_taken() {
        for topic in ["products/delete", "app/uninstalled", "refunds/create"] {
            let read = means(topic, PRODUCT);
            assert!(matches!(read, Err(WebhookRefusal::Malformed(_))), "{topic}");
        }
    }

    #[test]
    fn a_test_message_is_a_ping_if_it_is_signed() {
        let mut test = delivery(APP, "orders/create", r#"{"id":820982911946154508}"#);
        set(&mut test, "x-shopify-test", "true");
        assert_eq!(receive(&test), Ok(Received::Ping));
        set(&mut test, "x-shopify-hmac-sha256", "AAAA");
        assert_eq!(receive(&test), Err(WebhookRefusal::NotGenuine));
    }

    #[test]
    fn a_signed_message_without_sense_is_malformed() {
        for name in [
            "x-shopify-topic",
            "x-shopify-webhook-id",
            "x-shopify-triggered-at",
        ] {
            let mut without = delivery(APP, "products/update", PRODUCT);
            set(&mut without, name, "");
            let read = receive(&without);
            assert!(matches!(read, Err(WebhookRefusal::Malformed(_))), "{name}");
        }
        for body in ["no json", "[]", "null", r#"{"id":-7,"updated_at":""}"#] {
            let read = means("products/update", body);
            assert!(matches!(read, Err(WebhookRefusal::Malformed(_))), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_message_panics_and_none_unsigned_is_taken(
            body in ".{0,80}",
            given in ".{0,60}",
            topic in ".{0,20}",
        ) {
            let mut message = delivery(APP, &topic, &body);
            let _read = receive(&message);
            set(&mut message, "x-shopify-hmac-sha256", &given);
            prop_assert_eq!(receive(&message), Err(WebhookRefusal::NotGenuine));
        }
    }
}
