//! Where a seller sells.

use serde::Deserialize;

use super::{Operation, Place, get};
use crate::{
    amazon::rates::{Limit, PARTICIPATIONS},
    error::ConnectorError,
    transport::{Answer, Request},
};

/// Asks for all stores of the region that the seller is in.
pub(in crate::amazon) struct Participations;

/// A seller at one of Amazon's stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::amazon) struct Participation {
    pub(in crate::amazon) marketplace: String,
    pub(in crate::amazon) domain: String,
    pub(in crate::amazon) currency: String,
    pub(in crate::amazon) store_name: String,
    pub(in crate::amazon) participates: bool,
    pub(in crate::amazon) suspended: bool,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    payload: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    marketplace: RawMarketplace,
    participation: RawParticipation,
    #[serde(default)]
    store_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMarketplace {
    id: String,
    #[serde(default)]
    domain_name: String,
    default_currency_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawParticipation {
    is_participating: bool,
    has_suspended_listings: bool,
}

impl Operation for Participations {
    const LIMIT: Limit = PARTICIPATIONS;
    type Data = Vec<Participation>;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        Ok(get(place.at([
            "sellers",
            "v1",
            "marketplaceParticipations",
        ])?))
    }

    fn parse(&self, answer: &Answer) -> Result<Self::Data, ConnectorError> {
        let body: Body = answer.json()?;
        let participation = |entry: Entry| Participation {
            marketplace: entry.marketplace.id,
            domain: entry.marketplace.domain_name,
            currency: entry.marketplace.default_currency_code,
            store_name: entry.store_name,
            participates: entry.participation.is_participating,
            suspended: entry.participation.has_suspended_listings,
        };
        Ok(body.payload.into_iter().map(participation).collect())
    }
}
