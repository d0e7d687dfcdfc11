//! Proof that a callback comes from Shopify and is fresh.
//!
//! [Verify a request](https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant):
//! HMAC-SHA256 with the app's secret over all parameters but `hmac`, sorted by
//! name and written as a query, in hex.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far the callback's time may be off ours: Shopify's own libraries refuse
/// older ones.
const FRESH: TimeDelta = TimeDelta::seconds(90);

/// Why a callback is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disbelief {
    /// It is not signed, or not with our secret.
    Forged,
    /// It is signed, but of another time.
    Stale,
}

/// Whether a decoded callback query is signed with `secret` and not more than
/// 90 seconds off `now`. Takes the same time whatever the signature.
pub(super) fn verify(
    query: &[(String, String)],
    secret: &SecretString,
    now: DateTime<Utc>,
) -> Result<(), Disbelief> {
    let given = single(query, "hmac").and_then(|hex| hex::decode(hex).ok());
    let given = given.ok_or(Disbelief::Forged)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| Disbelief::Forged)?;
    mac.update(signed_message(query).as_bytes());
    mac.verify_slice(&given).map_err(|_| Disbelief::Forged)?;
    let timestamp = single(query, "timestamp")
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or(Disbelief::Forged)?;
    if (now - timestamp).abs() > FRESH {
        return Err(Disbelief::Stale);
    }
    Ok(())
}

/// The one value of a parameter; `None` where it is missing or there are
/// several.
pub(super) fn single<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = query.iter().filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// What is signed: the parameters sorted by name and encoded as a form (a space
/// is `+`).
fn signed_message(query: &[(String, String)]) -> String {
    let mut signed: Vec<&(String, String)> = query
        .iter()
        .filter(|(name, _)| name != "hmac" && name != "signature")
        .collect();
    signed.sort();
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(signed)
        .finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of Shopify's documentation and of its libraries' tests.
    const EXAMPLE: &[(&str, &str)] = &[
        ("code", "0907a61c0c8d55e99db179b68161bc00"),
        (
            "hmac",
            "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf",
        ),
        ("shop", "some-shop.myshopify.com"),
        ("state", "0.6784241404160823"),
        ("timestamp", "1337178173"),
    ];

    fn owned(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn secret() -> SecretString {
        "hush".into()
    }

    /// Signs as a shop would, written apart from the code under test.
    fn signed(query: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut pairs: Vec<String> = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish()
            .split('&')
            .map(str::to_owned)
            .collect();
        pairs.sort();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
        mac.update(pairs.join("&").as_bytes());
        let mut signed = owned(query);
        signed.push(("hmac".into(), hex::encode(mac.finalize().into_bytes())));
        signed
    }

    #[test]
    fn the_published_example_verifies() {
        assert_eq!(
            verify(&owned(EXAMPLE), &secret(), at(1_337_178_173)),
            Ok(())
        );
    }

    #[test]
    fn any_change_is_seen() {
        for place in 0..EXAMPLE.len() {
            let mut query = owned(EXAMPLE);
            query[place].1.push('0');
            assert_eq!(
                verify(&query, &secret(), at(1_337_178_173)),
                Err(Disbelief::Forged)
            );
            query.remove(place);
            assert_eq!(
                verify(&query, &secret(), at(1_337_178_173)),
                Err(Disbelief::Forged)
            );
        }
        let mut twice = owned(EXAMPLE);
        twice.push(("shop".into(), "other.myshopify.com".into()));
        assert_eq!(
            verify(&twice, &secret(), at(1_337_178_173)),
            Err(Disbelief::Forged)
        );
        let other = SecretString::from("other");
        assert_eq!(
            verify(&owned(EXAMPLE), &other, at(1_337_178_173)),
            Err(Disbelief::Forged)
        );
    }

    #[test]
    fn another_time_is_not_fresh() {
        for (seconds, verdict) in [
            (0, Ok(())),
            (90, Ok(())),
            (-90, Ok(())),
            (91, Err(Disbelief::Stale)),
            (-91, Err(Disbelief::Stale)),
        ] {
            assert_eq!(
                verify(&owned(EXAMPLE), &secret(), at(1_337_178_173 + seconds)),
                verdict,
                "{seconds}"
            );
        }
    }

    #[test]
    fn values_that_need_encoding_verify() {
        let query = signed(&[
            ("timestamp", "1337178173"),
            ("state", "a b&c=d+é/?%"),
            ("shop", "acme.myshopify.com"),
            ("host", "YWRtaW4uc2hvcGlmeS5jb20="),
        ]);
        assert_eq!(verify(&query, &secret(), at(1_337_178_173)), Ok(()));
    }

    #[test]
    fn a_signed_callback_without_time_is_not_believed() {
        let query = signed(&[("shop", "acme.myshopify.com"), ("timestamp", "soon")]);
        assert_eq!(
            verify(&query, &secret(), at(1_337_178_173)),
            Err(Disbelief::Forged)
        );
    }

    proptest! {
        #[test]
        fn no_query_panics(query in prop::collection::vec((".{0,12}", ".{0,24}"), 0..6)) {
            let _verdict = verify(&query, &secret(), at(0));
        }
    }
}
