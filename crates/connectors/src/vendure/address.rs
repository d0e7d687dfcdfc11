//! Where a Vendure server's admin API is.

use url::Url;

use crate::error::{ConnectorError, Fault};

/// Vendure's default path of the API; nearly nobody changes it.
const ADMIN_API: &str = "admin-api";
/// What else people copy from a browser: the dashboard, the older admin
/// interface, the API of the storefront. It stands where the admin API would.
const BESIDE_THE_API: [&str; 3] = ["admin", "dashboard", "shop-api"];

/// The address of an admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiAddress {
    url: Url,
    place: String,
}

impl ApiAddress {
    /// Understands what a merchant enters: the server's root, also in a
    /// subfolder; its dashboard at any page; or the API itself, also under a
    /// name of the operator's own, which must end in `-api` or be `graphql`.
    pub(super) fn from_entered(entered: &str) -> Result<Self, ConnectorError> {
        let wrong = |why: &str| {
            ConnectorError::new(
                Fault::Config,
                format!(
                    "{why} Give the address of the Vendure server, such as https://shop.example.com."
                ),
            )
        };
        let entered = entered.trim();
        if entered.is_empty() {
            return Err(wrong("The address is missing."));
        }
        let mut url: Url = entered
            .parse()
            .map_err(|_| wrong("That is not a web address."))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("That is not a web address."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "The address holds a username or password; they have fields of their own.",
            ));
        }
        url.set_query(None);
        url.set_fragment(None);
        let folder = folder(&url);
        let mut path = folder.join("/");
        if !folder.last().is_some_and(|last| is_api(last)) {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(ADMIN_API);
        }
        url.set_path(&path);
        let place = place(&url);
        Ok(Self { url, place })
    }

    /// The API's own address.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The server for people: host, port where it is unusual, and folder.
    pub(super) fn place(&self) -> &str {
        &self.place
    }
}

fn is_api(segment: &str) -> bool {
    segment == "graphql" || segment.ends_with("-api")
}

/// The path without what stands beside or below the API.
fn folder(url: &Url) -> Vec<&str> {
    let mut folder = Vec::new();
    for segment in url.path_segments().into_iter().flatten() {
        if segment.is_empty() {
            continue;
        }
        if BESIDE_THE_API.contains(&segment) {
            break;
        }
        folder.push(segment);
        if is_api(segment) {
            break;
        }
    }
    folder
}

fn place(url: &Url) -> String {
    let mut place = url.host_str().unwrap_or_default().to_owned();
    if let Some(port) = url.port() {
        place.push_str(&format!(":{port}"));
    }
    let path = url.path();
    place.push_str(
        path.strip_suffix(ADMIN_API)
            .unwrap_or(path)
            .trim_end_matches('/'),
    );
    place
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whatever_part_of_the_server_is_entered_leads_to_its_admin_api() {
        for (entered, api, place) in [
            (
                "https://shop.example",
                "https://shop.example/admin-api",
                "shop.example",
            ),
            (
                " https://shop.example/ ",
                "https://shop.example/admin-api",
                "shop.example",
            ),
            (
                "https://shop.example/admin",
                "https://shop.example/admin-api",
                "shop.example",
            ),
            (
                "https://shop.example/admin/catalog/products;page=1",
                "https://shop.example/admin-api",
                "shop.example",
            ),
            (
                "https://shop.example/dashboard/login?redirect=%2F",
                "https://shop.example/admin-api",
                "shop.example",
            ),
            (
                "https://shop.example/admin-api/#explorer",
                "https://shop.example/admin-api",
                "shop.example",
            ),
            (
                "https://shop.example/shop-api",
                "https://shop.example/admin-api",
                "shop.example",
            ),
            (
                "http://127.0.0.1:3000/eu/shop//admin/",
                "http://127.0.0.1:3000/eu/shop/admin-api",
                "127.0.0.1:3000/eu/shop",
            ),
            (
                "https://shop.example/back-office-api",
                "https://shop.example/back-office-api",
                "shop.example/back-office-api",
            ),
            (
                "https://shop.example/eu/graphql",
                "https://shop.example/eu/graphql",
                "shop.example/eu/graphql",
            ),
            (
                "https://SHOP.example:443",
                "https://shop.example/admin-api",
                "shop.example",
            ),
        ] {
            let address = ApiAddress::from_entered(entered).unwrap();
            assert_eq!(address.url().as_str(), api, "{entered}");
            assert_eq!(address.place(), place, "{entered}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for entered in [
            "",
            "shop.example",
            "ftp://shop.example",
            "https://",
            "mailto:a@b.co",
        ] {
            let refused = ApiAddress::from_entered(entered).unwrap_err();
            assert_eq!(refused.fault, Fault::Config, "{entered}");
        }
        let secret = ApiAddress::from_entered("https://admin:hunter2@shop.example").unwrap_err();
        insta::assert_snapshot!(secret, @"The address holds a username or password; they have fields of their own. Give the address of the Vendure server, such as https://shop.example.com.");
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own_normal_form(
            path in "(/(admin|dashboard|shop-api|admin-api|eu|graphql|a b|%2F|ü|\\.\\.)){0,4}/?"
        ) {
            let entered = format!("https://shop.example{path}");
            if let Ok(address) = ApiAddress::from_entered(&entered) {
                prop_assert_eq!(ApiAddress::from_entered(address.url().as_str()).unwrap(), address);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _read = ApiAddress::from_entered(&text);
        }
    }
}
