//! Addresses of the pages, both ways: what an address shows, and where a page
//! is. A project's pages stand under `/p/{slug}`.

use calibr_model::{IntegrationId, PricePushId, ProductId, SyncRunId};

/// Where people sign in.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// The first start.
pub(crate) const SET_UP: &str = "/setup";

/// What an address shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `/`: leads on.
    Home,
    /// `/setup`.
    SetUp,
    /// `/sign-in`.
    SignIn,
    /// `/p/{slug}/…`: the slug, as it stands in the address.
    Project(String, ProjectPlace),
    /// Nothing.
    Lost,
}

/// What an address shows of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectPlace {
    /// `/p/{slug}`: leads on.
    Home,
    /// `…/integrations`.
    Integrations,
    /// `…/integrations/{id}/history`.
    History(IntegrationId),
    /// `…/integrations/{id}/history/{run}`.
    Run(IntegrationId, SyncRunId),
    /// `…/integrations/{id}/settings/{tab}`; `…/integrations/{id}/webhooks` is
    /// the address that one of the tabs had first.
    Settings(IntegrationId, SettingsTab),
    /// `…/products`.
    Products,
    /// `…/products/{id}`.
    Product(ProductId),
    /// `…/prices`.
    Prices,
    /// `…/prices/new`.
    NewPrices,
    /// `…/prices/{id}`.
    PricePush(PricePushId),
    /// `…/conflicts`.
    Conflicts,
    /// Nothing.
    Lost,
}

/// A tab of a store's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingsTab {
    /// What signs in, and where the store is.
    Credentials,
    /// When and what is synced.
    Sync,
    /// What the store is asked to send, and what it sent.
    Webhooks,
    /// How it is called, and what is done rarely.
    Advanced,
}

impl SettingsTab {
    /// All of them, in their order on the page.
    pub(crate) const ALL: [Self; 4] = [
        Self::Credentials,
        Self::Sync,
        Self::Webhooks,
        Self::Advanced,
    ];

    /// Its part of the address.
    pub(crate) const fn part(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Sync => "sync",
            Self::Webhooks => "webhooks",
            Self::Advanced => "advanced",
        }
    }

    /// Its name on the page.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Credentials => "Credentials",
            Self::Sync => "Sync",
            Self::Webhooks => "Webhooks",
            Self::Advanced => "Advanced",
        }
    }

    /// The tab that is open first.
    const FIRST: Self = Self::Sync;

    fn of(part: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.part() == part)
    }
}

impl Place {
    /// Reads an address's path.
    pub(crate) fn of(path: &str) -> Self {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Self::Home,
            (Some("setup"), None, _) => Self::SetUp,
            (Some("sign-in"), None, _) => Self::SignIn,
            (Some("p"), Some(slug), section) => {
                let rest = [parts.next(), parts.next(), parts.next()];
                let beyond = parts.next().is_some();
                let place = if beyond {
                    None
                } else {
                    ProjectPlace::of(section, rest)
                };
                Self::Project(slug.to_owned(), place.unwrap_or(ProjectPlace::Lost))
            }
            _ => Self::Lost,
        }
    }
}

impl ProjectPlace {
    fn of(section: Option<&str>, rest: [Option<&str>; 3]) -> Option<Self> {
        Some(match (section, rest) {
            (None, _) => Self::Home,
            (Some("integrations"), [None, ..]) => Self::Integrations,
            (Some("integrations"), [Some(id), Some("history"), None]) => {
                Self::History(id.parse().ok()?)
            }
            (Some("integrations"), [Some(id), Some("history"), Some(run)]) => {
                Self::Run(id.parse().ok()?, run.parse().ok()?)
            }
            (Some("integrations"), [Some(id), Some("settings"), tab]) => {
                let tab = tab.map_or(Some(SettingsTab::FIRST), SettingsTab::of);
                Self::Settings(id.parse().ok()?, tab?)
            }
            (Some("integrations"), [Some(id), Some("webhooks"), None]) => {
                Self::Settings(id.parse().ok()?, SettingsTab::Webhooks)
            }
            (Some("products"), [None, ..]) => Self::Products,
            (Some("products"), [Some(id), None, _]) => Self::Product(id.parse().ok()?),
            (Some("prices"), [None, ..]) => Self::Prices,
            (Some("prices"), [Some("new"), None, _]) => Self::NewPrices,
            (Some("prices"), [Some(id), None, _]) => Self::PricePush(id.parse().ok()?),
            (Some("conflicts"), [None, ..]) => Self::Conflicts,
            _ => return None,
        })
    }

    /// The page that shows it, whichever of its tabs is open.
    pub(crate) const fn page(self) -> Self {
        match self {
            Self::Settings(id, _) => Self::Settings(id, SettingsTab::FIRST),
            other => other,
        }
    }
}

/// A project's front page.
pub(crate) fn integrations(slug: &str) -> String {
    format!("/p/{slug}/integrations")
}

/// An integration's sync history.
pub(crate) fn history(slug: &str, integration: IntegrationId) -> String {
    format!("/p/{slug}/integrations/{integration}/history")
}

/// An integration's runs as a file; `query` is that of its history's address.
pub(crate) fn history_file(slug: &str, integration: IntegrationId, query: &str) -> String {
    format!("/api/projects/{slug}/integrations/{integration}/syncs/export?{query}")
}

/// One sync run.
pub(crate) fn run(slug: &str, integration: IntegrationId, run: SyncRunId) -> String {
    format!("/p/{slug}/integrations/{integration}/history/{run}")
}

/// The settings of an integration.
pub(crate) fn settings(slug: &str, integration: IntegrationId) -> String {
    format!("/p/{slug}/integrations/{integration}/settings")
}

/// One tab of them.
pub(crate) fn settings_tab(slug: &str, integration: IntegrationId, tab: SettingsTab) -> String {
    format!("{}/{}", settings(slug, integration), tab.part())
}

/// What an integration's store is asked to send, and what it sent.
pub(crate) fn webhooks(slug: &str, integration: IntegrationId) -> String {
    settings_tab(slug, integration, SettingsTab::Webhooks)
}

/// The catalogue.
pub(crate) fn products(slug: &str) -> String {
    format!("/p/{slug}/products")
}

/// One product.
pub(crate) fn product(slug: &str, product: ProductId) -> String {
    format!("/p/{slug}/products/{product}")
}

/// The price pushes.
pub(crate) fn prices(slug: &str) -> String {
    format!("/p/{slug}/prices")
}

/// Setting prices.
pub(crate) fn new_prices(slug: &str) -> String {
    format!("/p/{slug}/prices/new")
}

/// One price push.
pub(crate) fn price_push(slug: &str, push: PricePushId) -> String {
    format!("/p/{slug}/prices/{push}")
}

/// The price conflicts.
pub(crate) fn conflicts(slug: &str) -> String {
    format!("/p/{slug}/conflicts")
}

/// Those of one store.
pub(crate) fn conflicts_of(slug: &str, integration: IntegrationId) -> String {
    format!("{}?store={integration}", conflicts(slug))
}

/// Those of products with these words in title, vendor or SKU.
pub(crate) fn conflicts_with(slug: &str, words: &str) -> String {
    let words = js_sys::encode_uri_component(words);
    format!("{}?q={words}", conflicts(slug))
}

/// Where a file with prices is sent to.
pub(crate) fn price_import(slug: &str, integration: &str, reason: &str) -> String {
    let reason = js_sys::encode_uri_component(reason);
    let only = if integration.is_empty() {
        ""
    } else {
        "&integration="
    };
    format!("/api/projects/{slug}/price-pushes/import?reason={reason}{only}{integration}")
}

/// The file with an integration's settings.
pub(crate) fn settings_export(slug: &str, integration: IntegrationId) -> String {
    format!("/api/projects/{slug}/integrations/{integration}/settings/export")
}

/// The server-sent events of a project.
pub(crate) fn events(slug: &str) -> String {
    format!("/api/projects/{slug}/events")
}

/// Where to go after signing in: `next` where it is a page of this console, the
/// front page otherwise. Another site's address is never followed.
pub(crate) fn after_sign_in(next: &str) -> &str {
    let is_page = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.starts_with("/api/")
        && !next.starts_with(SIGN_IN);
    if is_page { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_at_its_address() {
        let push_id: PricePushId = "0192f0c0-0000-7000-8000-000000002711".parse().unwrap();
        let (store, run_id, product_id): (IntegrationId, SyncRunId, ProductId) = (
            "0192f0c0-0000-7000-8000-0000000003e9".parse().unwrap(),
            "0192f0c0-0000-7000-8000-000000001389".parse().unwrap(),
            "0192f0c0-0000-7000-8000-000000002329".parse().unwrap(),
        );
        for (address, place) in [
            ("/p/acme".to_owned(), ProjectPlace::Home),
            (integrations("acme"), ProjectPlace::Integrations),
            (history("acme", store), ProjectPlace::History(store)),
            (run("acme", store, run_id), ProjectPlace::Run(store, run_id)),
            (
                settings("acme", store),
                ProjectPlace::Settings(store, SettingsTab::Sync),
            ),
            (
                settings_tab("acme", store, SettingsTab::Advanced),
                ProjectPlace::Settings(store, SettingsTab::Advanced),
            ),
            (
                webhooks("acme", store),
                ProjectPlace::Settings(store, SettingsTab::Webhooks),
            ),
            (
                format!("/p/acme/integrations/{store}/webhooks"),
                ProjectPlace::Settings(store, SettingsTab::Webhooks),
            ),
            (products("acme"), ProjectPlace::Products),
            (
                product("acme", product_id),
                ProjectPlace::Product(product_id),
            ),
            (prices("acme"), ProjectPlace::Prices),
            (new_prices("acme"), ProjectPlace::NewPrices),
            (
                price_push("acme", push_id),
                ProjectPlace::PricePush(push_id),
            ),
            (conflicts("acme"), ProjectPlace::Conflicts),
        ] {
            assert_eq!(
                Place::of(&address),
                Place::Project("acme".to_owned(), place),
                "{address}"
            );
            let with_slash = format!("{address}/");
            assert_eq!(
                Place::of(&with_slash),
                Place::Project("acme".to_owned(), place)
            );
        }
        assert_eq!(Place::of("/"), Place::Home);
        assert_eq!(Place::of(SIGN_IN), Place::SignIn);
        assert_eq!(Place::of(SET_UP), Place::SetUp);
    }

    #[test]
    fn what_is_no_page_is_lost() {
        for address in ["/x", "/p", "/sign-in/x", "/setup/x"] {
            assert_eq!(Place::of(address), Place::Lost, "{address}");
        }
        for rest in [
            "x",
            "integrations/1/history",
            "integrations/0192f0c0-0000-7000-8000-0000000003e9/settings/x",
            "integrations/0192f0c0-0000-7000-8000-0000000003e9/settings/sync/x",
            "products/x",
            "products/1/2/3/4",
            "prices/x",
            "prices/new/x",
            "conflicts/x",
        ] {
            let place = Place::of(&format!("/p/acme/{rest}"));
            assert_eq!(
                place,
                Place::Project("acme".to_owned(), ProjectPlace::Lost),
                "{rest}"
            );
        }
    }

    #[test]
    fn signing_in_never_leads_to_another_site() {
        assert_eq!(
            after_sign_in("/p/acme/products?q=a"),
            "/p/acme/products?q=a"
        );
        for bad in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/api/x",
            "",
        ] {
            assert_eq!(after_sign_in(bad), "/", "{bad}");
        }
    }
}
