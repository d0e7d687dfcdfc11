//! Telling a store's messages from others, and what they say
//! ([webhooks](https://woocommerce.com/document/webhooks/)).

use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::record::moment;
use crate::webhooks::{
    self, Delivery, Meaning, Received, WebhookEvent, WebhookReceiver, WebhookRefusal,
};

/// Reads messages.
#[derive(Debug)]
pub(super) struct Receiver;

impl WebhookReceiver for Receiver {
    fn receive(
        &self,
        delivery: &Delivery,
        secrets: &[SecretString],
    ) -> Result<Received, WebhookRefusal> {
        let Some(signature) = delivery.header("x-wc-webhook-signature") else {
            return if is_ping(&delivery.body) {
                Ok(Received::Ping)
            } else {
                Err(WebhookRefusal::NotGenuine)
            };
        };
        let mut secrets = secrets.iter();
        if !secrets.any(|secret| webhooks::is_signed(&delivery.body, signature, secret)) {
            return Err(WebhookRefusal::NotGenuine);
        }
        let malformed = |why: &str| WebhookRefusal::Malformed(why.to_owned());
        let topic = delivery
            .header("x-wc-webhook-topic")
            .ok_or_else(|| malformed("its topic is missing"))?;
        let body: Value =
            serde_json::from_slice(&delivery.body).map_err(|_| malformed("it is no JSON"))?;
        Ok(Received::Event(WebhookEvent {
            topic: topic.to_owned(),
            dedupe_key: dedupe_key(topic, delivery),
            happened_at: moment(body["date_modified_gmt"].as_str()),
            means: meaning(topic, &body),
        }))
    }
}

/// The store tries a new address out with a form that it does not sign.
fn is_ping(body: &[u8]) -> bool {
    body.strip_prefix(b"webhook_id=")
        .is_some_and(|id| !id.is_empty() && id.len() < 20 && id.iter().all(u8::is_ascii_digit))
}

/// The delivery's own id will not do alone: it is made of webhook and second, and
/// several events share it. Nor will the body: that of a product which is put in
/// the bin for the second time is the same as at the first.
fn dedupe_key(topic: &str, delivery: &Delivery) -> String {
    let id = delivery.header("x-wc-webhook-delivery-id");
    let mut hash = Sha256::new();
    for part in [topic, id.unwrap_or_default()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(&delivery.body);
    hex::encode(hash.finalize())
}

fn meaning(topic: &str, body: &Value) -> Meaning {
    let id = |name: &str| {
        body[name]
            .as_u64()
            .filter(|id| *id > 0)
            .map(|id| id.to_string())
    };
    match topic.split_once('.') {
        Some(("product", "deleted")) => match id("id") {
            Some(product_external_id) => Meaning::ProductDeleted {
                product_external_id,
            },
            None => Meaning::Other,
        },
        // A variation tells of its product.
        Some(("product", _)) => Meaning::CatalogueChanged {
            product_external_id: id("parent_id").or_else(|| id("id")),
        },
        Some(("order", _)) => Meaning::OrdersChanged {
            order_external_id: id("id"),
        },
        _ => Meaning::Other,
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use bytes::Bytes;
    use chrono::DateTime;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cret";

    fn signature(body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(body);
        STANDARD.encode(mac.finalize().into_bytes())
    }

    fn delivery(headers: &[(&str, &str)], body: &str) -> Delivery {
        Delivery {
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    fn receive(delivery: &Delivery) -> Result<Received, WebhookRefusal> {
        let secrets = [SecretString::from("newer"), SecretString::from(SECRET)];
        Receiver.receive(delivery, &secrets)
    }

    fn signed(topic: &str, body: &str) -> WebhookEvent {
        let signature = signature(body.as_bytes());
        let headers = [
            ("x-wc-webhook-signature", signature.as_str()),
            ("x-wc-webhook-topic", topic),
            ("x-wc-webhook-delivery-id", "the same for all of a second"),
        ];
        match receive(&delivery(&headers, body)) {
            Ok(Received::Event(event)) => event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unsigned_form_with_an_id_is_a_ping_and_nothing_else_unsigned_is_taken() {
        let read = |body| receive(&delivery(&[], body));
        assert_eq!(read("webhook_id=12"), Ok(Received::Ping));
        for body in [
            "",
            "webhook_id=",
            "webhook_id=1&x=2",
            "webhook_id=abc",
            r#"{"id":1}"#,
        ] {
            assert_eq!(read(body), Err(WebhookRefusal::NotGenuine), "{body}");
        }
    }

    #[test]
    fn any_of_the_secrets_may_have_signed() {
        let event = signed(
            "order.updated",
            r#"{"id":7,"date_modified_gmt":"2026-07-01T12:00:00"}"#,
        );
        assert_eq!(
            event.means,
            Meaning::OrdersChanged {
                order_external_id: Some("7".into())
            }
        );
        assert_eq!(
            event.happened_at.unwrap().to_rfc3339(),
            "2026-07-01T12:00:00+00:00"
        );
        let forged = delivery(
            &[
                ("x-wc-webhook-signature", &signature(b"other")),
                ("x-wc-webhook-topic", "order.updated"),
            ],
            r#"{"id":7}"#,
        );
        assert_eq!(receive(&forged), Err(WebhookRefusal::NotGenuine));
        let unsigned = delivery(&[("x-wc-webhook-signature", "")], "webhook_id=1");
        assert_eq!(receive(&unsigned), Err(WebhookRefusal::NotGenuine));
    }

    #[test]
    fn events_of_one_second_stay_apart_and_the_same_event_is_the_same() {
        let first = signed("product.updated", r#"{"id":1,"price":"1"}"#);
        let second = signed("product.updated", r#"{"id":1,"price":"2"}"#);
        let again = signed("product.updated", r#"{"id":1,"price":"1"}"#);
        assert_ne!(first.dedupe_key, second.dedupe_key);
        assert_eq!(first, again);
        let other = signed("product.created", r#"{"id":1,"price":"1"}"#);
        assert_ne!(first.dedupe_key, other.dedupe_key);
        let keys = ["one second", "the next"].map(|id| {
            let headers = [("x-wc-webhook-delivery-id", id)];
            dedupe_key("product.deleted", &delivery(&headers, r#"{"id":1}"#))
        });
        assert_ne!(keys[0], keys[1], "deleted, restored, and deleted again");
    }

    #[test]
    fn topics_mean_what_changed() {
        let changed = |product: &str| Meaning::CatalogueChanged {
            product_external_id: Some(product.to_owned()),
        };
        assert_eq!(
            signed("product.updated", r#"{"id":5,"parent_id":0}"#).means,
            changed("5")
        );
        assert_eq!(
            signed("product.updated", r#"{"id":6,"parent_id":5}"#).means,
            changed("5")
        );
        assert_eq!(
            signed("product.deleted", r#"{"id":5}"#).means,
            Meaning::ProductDeleted {
                product_external_id: "5".into()
            }
        );
        assert_eq!(
            signed("coupon.created", r#"{"id":5}"#).means,
            Meaning::Other
        );
    }

    #[test]
    fn a_signed_message_without_sense_is_malformed() {
        let signature = signature(b"no json");
        let headers = [
            ("x-wc-webhook-signature", signature.as_str()),
            ("x-wc-webhook-topic", "order.updated"),
        ];
        assert!(matches!(
            receive(&delivery(&headers, "no json")),
            Err(WebhookRefusal::Malformed(_))
        ));
    }

    proptest! {
        #[test]
        fn no_message_panics_and_none_unsigned_is_an_event(
            body in ".{0,80}",
            given in ".{0,60}",
            topic in ".{0,20}",
        ) {
            let headers =
                [("x-wc-webhook-signature", given.as_str()), ("x-wc-webhook-topic", topic.as_str())];
            let read = receive(&delivery(&headers, &body));
            prop_assert!(!matches!(read, Ok(Received::Event(_))));
        }
    }
}
