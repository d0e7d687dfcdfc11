//! Every operation that is asked of Amazon: its request, and what an answer
//! says. Nothing here sends anything. Names and forms are those of Amazon's
//! [models](https://github.com/amzn/selling-partner-api-models).

mod competitive_summary;
mod feeds;
mod listings;
mod orders;
mod participations;
mod patch;
mod reports;

use http::{HeaderValue, Method, header};
use serde_json::Value;
use url::Url;

pub(super) use self::{
    competitive_summary::{BATCH as PRODUCTS_AT_ONCE, CompetitiveSummary, ItemOffers},
    feeds::{
        CreateFeed, CreateFeedDocument, FEED_CONTENT_TYPE, FeedState, GetFeed, GetFeedDocument,
        Message, ProcessingReport,
    },
    listings::{
        CountListings, Extent, FindListings, GetListing, ListingsPage, PAGE as LISTINGS_AT_ONCE,
        SearchListings,
    },
    orders::{GetOrder, SearchOrders},
    participations::{Participation, Participations},
    patch::{Issue, PatchPrice, Submission, offer_patch},
    reports::{CreateReport, GetReport, GetReportDocument, ReportState},
};
use super::rates::Limit;
use crate::{
    error::{ConnectorError, Fault},
    transport::{Answer, Request},
};

/// Whom a call is for, and where.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The region's API, ending in a slash.
    pub(super) base: &'a Url,
    pub(super) seller: &'a str,
    pub(super) marketplace: &'a str,
}

/// One kind of call.
pub(super) trait Operation: Send + Sync {
    /// Its name and published rate.
    const LIMIT: Limit;
    /// What an answer says.
    type Data: Send;

    /// The request, but for the token.
    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError>;

    /// Reads an answer of success.
    fn parse(&self, answer: &Answer) -> Result<Self::Data, ConnectorError>;

    /// What it means that Amazon does not have the thing; `None` where that is
    /// an error like others.
    fn when_missing(&self) -> Option<Result<Self::Data, ConnectorError>> {
        None
    }
}

impl Place<'_> {
    /// The address of an operation; each segment is encoded whole, slashes in
    /// it too.
    fn at<'s>(&self, segments: impl IntoIterator<Item = &'s str>) -> Result<Url, ConnectorError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| ConnectorError::new(Fault::Config, "Amazon's address is not one."))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }
}

fn get(url: Url) -> Request {
    Request::get(url).header(header::ACCEPT, HeaderValue::from_static("application/json"))
}

fn patch(url: Url, body: &Value) -> Request {
    let mut request = Request::post_json(url, body);
    request.method = Method::PATCH;
    request
}

/// A decimal as Amazon writes it: mostly a text, here and there a number.
pub(super) fn decimal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    pub(in crate::amazon) fn request_of<O: Operation>(operation: &O) -> Request {
        let base = "https://api.test/".parse().unwrap();
        let place = Place {
            base: &base,
            seller: "A1SELLER",
            marketplace: "A1PA6795UKMFR9",
        };
        operation.request(&place).unwrap()
    }

    pub(in crate::amazon) fn parsed<O: Operation>(
        operation: &O,
        body: &str,
    ) -> Result<O::Data, ConnectorError> {
        operation.parse(&Answer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            host: "api.test".into(),
        })
    }

    #[test]
    fn a_sku_is_one_segment_whatever_stands_in_it() {
        let base = "https://api.test/sp/".parse().unwrap();
        let place = Place {
            base: &base,
            seller: "A1",
            marketplace: "M",
        };
        let url = place.at(["items", "A/B C+D%,é?#"]).unwrap();
        assert_eq!(
            url.as_str(),
            "https://api.test/sp/items/A%2FB%20C+D%25,%C3%A9%3F%23"
        );
    }
}
