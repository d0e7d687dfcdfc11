//! Amazon's stores and the regions they belong to
//! ([marketplace ids](https://developer-docs.amazon.com/sp-api/docs/marketplace-ids),
//! [endpoints](https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints)).

use std::fmt;

use crate::error::{ConnectorError, Fault};

/// A part of the world with its own API host and its own authorizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Region {
    NorthAmerica,
    Europe,
    FarEast,
}

impl Region {
    /// The word that stands in config and host names.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NorthAmerica => "na",
            Self::Europe => "eu",
            Self::FarEast => "fe",
        }
    }

    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NorthAmerica => "North America",
            Self::Europe => "Europe",
            Self::FarEast => "Far East",
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        [Self::NorthAmerica, Self::Europe, Self::FarEast]
            .into_iter()
            .find(|region| region.code().eq_ignore_ascii_case(text.trim()))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One of Amazon's stores.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marketplace {
    pub(super) id: &'static str,
    /// ISO 3166, but for the United Kingdom.
    pub(super) country: &'static str,
    pub(super) domain: &'static str,
    /// What its prices are in, ISO 4217.
    pub(super) currency: &'static str,
    pub(super) region: Region,
    /// Where its sellers sign in.
    pub(super) seller_central: &'static str,
}

const fn store(
    region: Region,
    country: &'static str,
    id: &'static str,
    domain: &'static str,
    currency: &'static str,
    seller_central: &'static str,
) -> Marketplace {
    Marketplace {
        id,
        country,
        domain,
        currency,
        region,
        seller_central,
    }
}

const UNIFIED_EUROPE: &str = "sellercentral-europe.amazon.com";

/// All of them.
#[rustfmt::skip]
pub(super) const MARKETPLACES: &[Marketplace] = &[
    store(Region::NorthAmerica, "US", "ATVPDKIKX0DER", "amazon.com", "USD", "sellercentral.amazon.com"),
    store(Region::NorthAmerica, "CA", "A2EUQ1WTGCTBG2", "amazon.ca", "CAD", "sellercentral.amazon.ca"),
    store(Region::NorthAmerica, "MX", "A1AM78C64UM0Y8", "amazon.com.mx", "MXN", "sellercentral.amazon.com.mx"),
    store(Region::NorthAmerica, "BR", "A2Q3Y263D00KWC", "amazon.com.br", "BRL", "sellercentral.amazon.com.br"),
    store(Region::Europe, "DE", "A1PA6795UKMFR9", "amazon.de", "EUR", UNIFIED_EUROPE),
    store(Region::Europe, "FR", "A13V1IB3VIYZZH", "amazon.fr", "EUR", UNIFIED_EUROPE),
    store(Region::Europe, "IT", "APJ6JRA9NG5V4", "amazon.it", "EUR", UNIFIED_EUROPE),
    store(Region::Europe, "ES", "A1RKKUPIHCS9HS", "amazon.es", "EUR", UNIFIED_EUROPE),
    store(Region::Europe, "UK", "A1F83G8C2ARO7P", "amazon.co.uk", "GBP", UNIFIED_EUROPE),
    store(Region::Europe, "IE", "A28R8C7NBKEWEA", "amazon.ie", "EUR", "sellercentral.amazon.ie"),
    store(Region::Europe, "BE", "AMEN7PMS3EDWL", "amazon.com.be", "EUR", "sellercentral.amazon.com.be"),
    store(Region::Europe, "NL", "A1805IZSGTT6HS", "amazon.nl", "EUR", "sellercentral.amazon.nl"),
    store(Region::Europe, "SE", "A2NODRKZP88ZB9", "amazon.se", "SEK", "sellercentral.amazon.se"),
    store(Region::Europe, "PL", "A1C3SOZRARQ6R3", "amazon.pl", "PLN", "sellercentral.amazon.pl"),
    store(Region::Europe, "ZA", "AE08WJ6YKNBMC", "amazon.co.za", "ZAR", "sellercentral.amazon.co.za"),
    store(Region::Europe, "EG", "ARBP9OOSHTCHU", "amazon.eg", "EGP", "sellercentral.amazon.eg"),
    store(Region::Europe, "TR", "A33AVAJ2PDY3EV", "amazon.com.tr", "TRY", "sellercentral.amazon.com.tr"),
    store(Region::Europe, "SA", "A17E79C6D8DWNP", "amazon.sa", "SAR", "sellercentral.amazon.sa"),
    store(Region::Europe, "AE", "A2VIGQ35RCS4UG", "amazon.ae", "AED", "sellercentral.amazon.ae"),
    store(Region::Europe, "IN", "A21TJRUUN4KGV", "amazon.in", "INR", "sellercentral.amazon.in"),
    store(Region::FarEast, "JP", "A1VC38T7YXB528", "amazon.co.jp", "JPY", "sellercentral.amazon.co.jp"),
    store(Region::FarEast, "AU", "A39IBJ37TRP1C6", "amazon.com.au", "AUD", "sellercentral.amazon.com.au"),
    store(Region::FarEast, "SG", "A19VAU5U5O7RUS", "amazon.sg", "SGD", "sellercentral.amazon.sg"),
];

impl Marketplace {
    /// The store that people mean: by id, by country (`DE`, `GB`) or by its
    /// address (`www.amazon.de`, a link into it).
    pub(super) fn read(typed: &str) -> Result<&'static Self, ConnectorError> {
        let typed = typed.trim();
        let address = typed.split_once("://").map_or(typed, |(_, rest)| rest);
        let host = address.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.to_ascii_lowercase();
        let domain = host.strip_prefix("www.").unwrap_or(&host);
        let country = match domain {
            "gb" => "uk",
            other => other,
        };
        MARKETPLACES
            .iter()
            .find(|store| {
                store.id.eq_ignore_ascii_case(typed)
                    || store.country.eq_ignore_ascii_case(country)
                    || store.domain == domain
            })
            .ok_or_else(|| {
                let shown: String = typed.chars().take(60).collect();
                ConnectorError::new(
                    Fault::Config,
                    format!(
                        "\"{shown}\" is not one of Amazon's stores. Give its address, such as \
                         amazon.de, or its marketplace id, such as A1PA6795UKMFR9."
                    ),
                )
            })
    }

    /// The store of this id, where Calibr knows it.
    pub(super) fn of_id(id: &str) -> Option<&'static Self> {
        MARKETPLACES.iter().find(|store| store.id == id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use calibr_model::Currency;

    use super::*;

    #[test]
    fn a_store_is_known_by_whatever_people_paste() {
        for typed in [
            "A1PA6795UKMFR9",
            " de ",
            "amazon.de",
            "www.amazon.de",
            "https://www.amazon.de/dp/B0?x=1",
        ] {
            assert_eq!(Marketplace::read(typed).unwrap().country, "DE", "{typed}");
        }
        assert_eq!(Marketplace::read("GB").unwrap().domain, "amazon.co.uk");
        assert_eq!(Marketplace::read("amazon.com").unwrap().country, "US");
        for wrong in ["", "amazon", "XX", "ebay.de", "A1PA6795UKMFR"] {
            let refused = Marketplace::read(wrong).unwrap_err();
            assert_eq!(refused.fault, Fault::Config, "{wrong}");
        }
    }

    #[test]
    fn every_store_is_its_own_and_has_a_currency() {
        let ids: HashSet<_> = MARKETPLACES.iter().map(|store| store.id).collect();
        let countries: HashSet<_> = MARKETPLACES.iter().map(|store| store.country).collect();
        assert_eq!((ids.len(), countries.len()), (23, 23));
        for store in MARKETPLACES {
            assert!(store.currency.parse::<Currency>().is_ok(), "{}", store.id);
        }
    }
}
