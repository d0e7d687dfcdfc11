//! The signature on what a shop sends to an app through the merchant's browser.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::form_urlencoded::Serializer;

/// The query string with its `hmac`: parameters sorted by name and URL-encoded, signed with the
/// app's secret by HMAC-SHA256, the signature in hex.
pub(super) fn signed_query(secret: &str, mut parameters: Vec<(&str, String)>) -> String {
    parameters.sort();
    let message = Serializer::new(String::new())
        .extend_pairs(&parameters)
        .finish();
    let signature = match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(message.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of any length.
        Err(_) => String::new(),
    };
    parameters.push(("hmac", signature));
    parameters.sort();
    Serializer::new(String::new())
        .extend_pairs(&parameters)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Shopify's documentation of the grant.
    #[test]
    fn the_documented_example_has_the_documented_signature() {
        let parameters = vec![
            ("code", "0907a61c0c8d55e99db179b68161bc00".to_owned()),
            ("shop", "some-shop.myshopify.com".to_owned()),
            ("timestamp", "1337178173".to_owned()),
        ];
        let query = signed_query("hush", parameters);
        assert!(
            query.contains("hmac=4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20"),
            "{query}"
        );
    }
}
