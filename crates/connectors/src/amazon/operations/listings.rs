//! Listings, one by one and page by page.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{Operation, Place, get};
use crate::{
    amazon::rates::{GET_LISTING, Limit, SEARCH_LISTINGS},
    error::ConnectorError,
    transport::{Answer, Request},
};

const VERSION: &str = "2021-08-01";
/// What is read of a listing.
const INCLUDED: &str = "summaries,offers,fulfillmentAvailability";
/// Amazon takes no larger page, and no more identifiers at once.
pub(in crate::amazon) const PAGE: usize = 20;

/// Asks for listings that were changed at or after a moment, oldest change
/// first.
pub(in crate::amazon) struct SearchListings<'a> {
    pub(in crate::amazon) since: DateTime<Utc>,
    /// The page, where it is not the first.
    pub(in crate::amazon) page: Option<&'a str>,
}

/// How much of a listing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::amazon) enum Extent {
    /// Its offers: what it costs.
    Offers,
    /// All that is read of it.
    Whole,
}

impl Extent {
    const fn included(self) -> &'static str {
        match self {
            Self::Offers => "offers",
            Self::Whole => INCLUDED,
        }
    }
}

/// Asks for some SKUs, at most [`PAGE`], without commas.
pub(in crate::amazon) struct FindListings<'a> {
    pub(in crate::amazon) skus: &'a [&'a str],
    pub(in crate::amazon) extent: Extent,
}

/// Asks how many listings there are.
pub(in crate::amazon) struct CountListings;

/// Asks for one SKU; gives `None` where the seller does not have it.
pub(in crate::amazon) struct GetListing<'a> {
    pub(in crate::amazon) sku: &'a str,
    pub(in crate::amazon) extent: Extent,
}

/// A page of listings, each still as it came, so that one that cannot be read
/// spoils no other.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::amazon) struct ListingsPage {
    pub(in crate::amazon) number_of_results: u64,
    pub(in crate::amazon) items: Vec<Value>,
    #[serde(default)]
    pagination: Pagination,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default)]
    next_token: Option<String>,
}

impl ListingsPage {
    /// What the next page is asked with, where there is one.
    pub(in crate::amazon) fn next(&self) -> Option<&str> {
        self.pagination
            .next_token
            .as_deref()
            .filter(|token| !token.is_empty())
    }
}

fn search(place: &Place<'_>, query: &[(&str, &str)]) -> Result<Request, ConnectorError> {
    let mut url = place.at(["listings", VERSION, "items", place.seller])?;
    url.query_pairs_mut()
        .append_pair("marketplaceIds", place.marketplace)
        .extend_pairs(query);
    Ok(get(url))
}

impl Operation for SearchListings<'_> {
    const LIMIT: Limit = SEARCH_LISTINGS;
    type Data = ListingsPage;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let since = self.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let size = PAGE.to_string();
        let mut query = vec![
            ("includedData", INCLUDED),
            ("lastUpdatedAfter", since.as_str()),
            ("sortBy", "lastUpdatedDate"),
            ("sortOrder", "ASC"),
            ("pageSize", size.as_str()),
        ];
        query.extend(self.page.map(|token| ("pageToken", token)));
        search(place, &query)
    }

    fn parse(&self, answer: &Answer) -> Result<ListingsPage, ConnectorError> {
        answer.json()
    }
}

impl Operation for FindListings<'_> {
    const LIMIT: Limit = SEARCH_LISTINGS;
    type Data = ListingsPage;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let size = PAGE.to_string();
        search(
            place,
            &[
                ("includedData", self.extent.included()),
                ("identifiersType", "SKU"),
                ("identifiers", &self.skus.join(",")),
                ("pageSize", &size),
            ],
        )
    }

    fn parse(&self, answer: &Answer) -> Result<ListingsPage, ConnectorError> {
        answer.json()
    }
}

impl Operation for CountListings {
    const LIMIT: Limit = SEARCH_LISTINGS;
    type Data = u64;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        search(place, &[("includedData", "summaries"), ("pageSize", "1")])
    }

    fn parse(&self, answer: &Answer) -> Result<u64, ConnectorError> {
        let page: ListingsPage = answer.json()?;
        Ok(page.number_of_results)
    }
}

impl Operation for GetListing<'_> {
    const LIMIT: Limit = GET_LISTING;
    type Data = Option<Value>;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let mut url = place.at(["listings", VERSION, "items", place.seller, self.sku])?;
        url.query_pairs_mut()
            .append_pair("marketplaceIds", place.marketplace)
            .append_pair("includedData", self.extent.included());
        Ok(get(url))
    }

    fn parse(&self, answer: &Answer) -> Result<Option<Value>, ConnectorError> {
        answer.json().map(Some)
    }

    fn when_missing(&self) -> Option<Result<Option<Value>, ConnectorError>> {
        Some(Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazon::operations::tests::{parsed, request_of};

    #[test]
    fn asks_for_changes_since_a_moment() {
        let operation = SearchListings {
            since: DateTime::from_timestamp(1_782_900_000, 0).unwrap(),
            page: Some("t=="),
        };
        insta::assert_snapshot!(request_of(&operation).url, @"https://api.test/listings/2021-08-01/items/A1SELLER?marketplaceIds=A1PA6795UKMFR9&includedData=summaries%2Coffers%2CfulfillmentAvailability&lastUpdatedAfter=2026-07-01T10%3A00%3A00Z&sortBy=lastUpdatedDate&sortOrder=ASC&pageSize=20&pageToken=t%3D%3D");
    }

    #[test]
    fn the_last_page_names_no_next() {
        let page = |body| parsed(&CountListingsPage, body).unwrap();
        assert_eq!(page(r#"{"numberOfResults":0,"items":[]}"#).next(), None);
        let blank = r#"{"numberOfResults":1,"items":[{}],"pagination":{"nextToken":""}}"#;
        assert_eq!(page(blank).next(), None);
        let more = r#"{"numberOfResults":41,"items":[{}],"pagination":{"nextToken":"n"}}"#;
        assert_eq!(page(more).next(), Some("n"));
    }

    struct CountListingsPage;

    impl Operation for CountListingsPage {
        const LIMIT: Limit = SEARCH_LISTINGS;
        type Data = ListingsPage;

        fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
            search(place, &[])
        }

        fn parse(&self, answer: &Answer) -> Result<ListingsPage, ConnectorError> {
            answer.json()
        }
    }
}
