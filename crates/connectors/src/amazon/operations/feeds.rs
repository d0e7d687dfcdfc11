//! Feeds: many prices in one document
//! ([JSON_LISTINGS_FEED](https://developer-docs.amazon.com/sp-api/docs/feed-type-values)).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Issue, Operation, Place, get, reports::Document};
use crate::{
    amazon::rates::{CREATE_FEED, CREATE_FEED_DOCUMENT, GET_FEED, GET_FEED_DOCUMENT, Limit},
    error::{ConnectorError, Fault},
    transport::{Answer, Request},
};

const VERSION: &str = "2021-06-30";
const FEED_TYPE: &str = "JSON_LISTINGS_FEED";
/// What the document is uploaded as, to the letter as it was announced.
pub(in crate::amazon) const FEED_CONTENT_TYPE: &str = "application/json; charset=UTF-8";

/// Asks for a place to upload a feed to.
pub(in crate::amazon) struct CreateFeedDocument;

/// Hands an uploaded feed over; gives its id.
pub(in crate::amazon) struct CreateFeed<'a> {
    pub(in crate::amazon) document: &'a str,
}

/// Asks how far a feed is.
pub(in crate::amazon) struct GetFeed<'a> {
    pub(in crate::amazon) id: &'a str,
}

/// Asks where a feed's processing report can be read.
pub(in crate::amazon) struct GetFeedDocument<'a> {
    pub(in crate::amazon) id: &'a str,
}

/// Where a feed is uploaded to; the address is good for five minutes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::amazon) struct Upload {
    pub(in crate::amazon) feed_document_id: String,
    pub(in crate::amazon) url: String,
}

/// How far a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::amazon) enum FeedState {
    UnderWay,
    Done {
        report: Option<String>,
    },
    Cancelled,
    Failed {
        report: Option<String>,
    },
    /// Amazon does not keep it any more.
    Forgotten,
}

/// One message of a feed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::amazon) struct Message<'a> {
    message_id: u64,
    sku: &'a str,
    operation_type: &'static str,
    product_type: &'static str,
    patches: Vec<Value>,
}

impl<'a> Message<'a> {
    /// A patch of one listing; messages are numbered from 1.
    pub(in crate::amazon) fn patch(message_id: u64, sku: &'a str, patch: Value) -> Self {
        Self {
            message_id,
            sku,
            operation_type: "PATCH",
            product_type: super::patch::ANY_PRODUCT_TYPE,
            patches: vec![patch],
        }
    }

    /// The whole document.
    pub(in crate::amazon) fn document(seller: &str, messages: &[Self]) -> Vec<u8> {
        let document = json!({
            "header": { "sellerId": seller, "version": "2.0" },
            "messages": messages,
        });
        document.to_string().into_bytes()
    }
}

/// What came of a feed's messages. It names those that have an issue; the
/// others were taken.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::amazon) struct ProcessingReport {
    #[serde(default)]
    pub(in crate::amazon) issues: Vec<Issue>,
    pub(in crate::amazon) summary: Summary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::amazon) struct Summary {
    pub(in crate::amazon) messages_processed: u64,
    pub(in crate::amazon) messages_accepted: u64,
    pub(in crate::amazon) messages_invalid: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    feed_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feed {
    processing_status: String,
    #[serde(default)]
    result_feed_document_id: Option<String>,
}

impl Operation for CreateFeedDocument {
    const LIMIT: Limit = CREATE_FEED_DOCUMENT;
    type Data = Upload;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let url = place.at(["feeds", VERSION, "documents"])?;
        Ok(Request::post_json(
            url,
            &json!({ "contentType": FEED_CONTENT_TYPE }),
        ))
    }

    fn parse(&self, answer: &Answer) -> Result<Upload, ConnectorError> {
        answer.json()
    }
}

impl Operation for CreateFeed<'_> {
    const LIMIT: Limit = CREATE_FEED;
    type Data = String;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let url = place.at(["feeds", VERSION, "feeds"])?;
        let body = json!({
            "feedType": FEED_TYPE,
            "marketplaceIds": [place.marketplace],
            "inputFeedDocumentId": self.document,
        });
        Ok(Request::post_json(url, &body))
    }

    fn parse(&self, answer: &Answer) -> Result<String, ConnectorError> {
        let created: Created = answer.json()?;
        Ok(created.feed_id)
    }
}

impl Operation for GetFeed<'_> {
    const LIMIT: Limit = GET_FEED;
    type Data = FeedState;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        Ok(get(place.at(["feeds", VERSION, "feeds", self.id])?))
    }

    fn parse(&self, answer: &Answer) -> Result<FeedState, ConnectorError> {
        let feed: Feed = answer.json()?;
        let report = feed.result_feed_document_id;
        match feed.processing_status.as_str() {
            "DONE" => Ok(FeedState::Done { report }),
            "IN_QUEUE" | "IN_PROGRESS" => Ok(FeedState::UnderWay),
            "CANCELLED" => Ok(FeedState::Cancelled),
            "FATAL" => Ok(FeedState::Failed { report }),
            other => Err(ConnectorError::new(
                Fault::Malformed,
                format!(
                    "Amazon calls the state of a feed \"{}\", which Calibr does not know. Look \
                     for a newer version of Calibr.",
                    other.chars().take(40).collect::<String>()
                ),
            )),
        }
    }

    fn when_missing(&self) -> Option<Result<FeedState, ConnectorError>> {
        Some(Ok(FeedState::Forgotten))
    }
}

impl Operation for GetFeedDocument<'_> {
    const LIMIT: Limit = GET_FEED_DOCUMENT;
    type Data = Document;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        Ok(get(place.at(["feeds", VERSION, "documents", self.id])?))
    }

    fn parse(&self, answer: &Answer) -> Result<Document, ConnectorError> {
        answer.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_a_header_and_numbered_messages() {
        let messages = [Message::patch(1, "A-1", json!({ "op": "merge" }))];
        let document: Value =
            serde_json::from_slice(&Message::document("A1SELLER", &messages)).unwrap();
        insta::assert_json_snapshot!(document, @r#"
        {
          "header": {
            "sellerId": "A1SELLER",
            "version": "2.0"
          },
          "messages": [
            {
              "messageId": 1,
              "operationType": "PATCH",
              "patches": [
                {
                  "op": "merge"
                }
              ],
              "productType": "PRODUCT",
              "sku": "A-1"
            }
          ]
        }
        "#);
    }
}
