//! Where a WooCommerce store is: the folder of its WordPress.

use url::Url;

use crate::{
    error::{ConnectorError, Fault},
    transport::Transport,
};

/// What stands in or below WordPress's folder; people copy addresses with it
/// from the browser.
const BELOW_WORDPRESS: [&str; 7] = [
    "wp-json",
    "wp-admin",
    "wp-login.php",
    "wp-content",
    "wp-includes",
    "wc-auth",
    "index.php",
];

/// The address of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoreAddress {
    /// Ends with a slash.
    root: Url,
    place: String,
}

impl StoreAddress {
    /// Understands what a merchant enters: the shop's front page, also in a
    /// subfolder and without `https://`, or a page of its administration.
    pub(super) fn from_entered(entered: &str) -> Result<Self, ConnectorError> {
        let wrong = |why: &str| {
            ConnectorError::new(
                Fault::Config,
                format!("{why} Give the address of the shop, such as https://shop.example.com."),
            )
        };
        let entered = entered.trim();
        if entered.is_empty() {
            return Err(wrong("The address is missing."));
        }
        let whole = if entered.contains("://") {
            entered.to_owned()
        } else {
            format!("https://{entered}")
        };
        let mut root: Url = whole
            .parse()
            .map_err(|_| wrong("That is not a web address."))?;
        let named = root
            .host_str()
            .is_some_and(|host| !host.is_empty() && !host.contains(' '));
        if !matches!(root.scheme(), "http" | "https") || !named {
            return Err(wrong("That is not a web address."));
        }
        if !root.username().is_empty() || root.password().is_some() {
            return Err(wrong(
                "The address holds a username or password; the key has fields of its own.",
            ));
        }
        root.set_query(None);
        root.set_fragment(None);
        let mut path: String = root
            .path_segments()
            .into_iter()
            .flatten()
            .filter(|segment| !segment.is_empty())
            .take_while(|segment| !BELOW_WORDPRESS.contains(segment))
            .flat_map(|segment| ["/", segment])
            .collect();
        path.push('/');
        root.set_path(&path);
        let place = place(&root);
        Ok(Self { root, place })
    }

    /// The front page, with a slash at its end.
    pub(super) fn root(&self) -> &Url {
        &self.root
    }

    /// The store for people: host, port where it is unusual, and folder.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Keys are sent with every call, so without TLS only to hosts that the
    /// operator of this installation named.
    ///
    /// # Errors
    /// [`Fault::Config`] with what to do.
    pub(super) fn must_be_safe(&self, transport: &Transport) -> Result<(), ConnectorError> {
        if self.root.scheme() == "https" || transport.is_allowed_by_operator(&self.root) {
            return Ok(());
        }
        let host = self.root.host_str().unwrap_or_default();
        Err(ConnectorError::new(
            Fault::Config,
            format!(
                "Calibr sends a store's keys over https:// only, and this address begins with \
                 http://. Give the https:// address. If the store is on your own network, the \
                 operator of this installation can allow it with OUTBOUND_ALLOW={host}."
            ),
        ))
    }
}

fn place(root: &Url) -> String {
    let mut place = root.host_str().unwrap_or_default().to_owned();
    if let Some(port) = root.port() {
        place.push_str(&format!(":{port}"));
    }
    place.push_str(root.path().trim_end_matches('/'));
    place
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whatever_page_of_the_shop_is_entered_leads_to_its_folder() {
        for (entered, root, place) in [
            (
                "https://shop.example",
                "https://shop.example/",
                "shop.example",
            ),
            (" shop.example ", "https://shop.example/", "shop.example"),
            (
                "HTTPS://Shop.Example/wp-admin/admin.php?page=wc-settings#x",
                "https://shop.example/",
                "shop.example",
            ),
            (
                "https://shop.example/eu/wp-json/wc/v3/products",
                "https://shop.example/eu/",
                "shop.example/eu",
            ),
            (
                "http://10.0.0.7:8080//a/b/",
                "http://10.0.0.7:8080/a/b/",
                "10.0.0.7:8080/a/b",
            ),
        ] {
            let address = StoreAddress::from_entered(entered).unwrap();
            assert_eq!(address.root().as_str(), root, "{entered}");
            assert_eq!(address.place(), place, "{entered}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for entered in [
            "",
            "  ",
            "ftp://shop.example",
            "https://",
            "https://u:p@shop.example",
            "not an address",
        ] {
            let error = StoreAddress::from_entered(entered).unwrap_err();
            assert_eq!(error.fault, Fault::Config, "{entered}");
            assert!(
                error.message.contains("https://shop.example.com"),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_the_form_is_final(entered in ".{0,60}") {
            if let Ok(address) = StoreAddress::from_entered(&entered) {
                let again = StoreAddress::from_entered(address.root().as_str()).unwrap();
                prop_assert_eq!(again, address);
            }
        }
    }
}
