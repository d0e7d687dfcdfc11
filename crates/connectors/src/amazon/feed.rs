//! Many prices at once by a feed: uploaded, handed over, asked after until its
//! processing report tells what became of each message.

use std::collections::HashMap;

use bytes::Bytes;
use calibr_model::{Currency, Money};
use http::{HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    api::Api,
    document::Document,
    operations::{
        CreateFeed, CreateFeedDocument, FEED_CONTENT_TYPE, FeedState, GetFeed, GetFeedDocument,
        Issue, Message, ProcessingReport, offer_patch,
    },
    prices::{FEED_LOOK, refusals, refused, remarks},
};
use crate::{
    catalogue::{Checkpoint, ItemFault},
    error::{ConnectorError, Fault},
    prices::{CompareAt, ListingRef, PriceChange, PushAnswer, PushMode, PushOutcome},
    transport::{
        Request,
        retry::{self, Patience},
    },
};

/// A processing report is no longer than this.
const LONGEST_REPORT: usize = 64 * 1024 * 1024;

/// What a feed is asked after with: the changes again, so that each gets its
/// outcome.
#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    feed: String,
    changes: Vec<Sent>,
}

/// A change, in the order of the push.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    sku: String,
    product: String,
    price: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    compare_at: Option<Money>,
}

impl Sent {
    fn of(change: &PriceChange) -> Self {
        Self {
            sku: change.listing.external_id.clone(),
            product: change.listing.product_external_id.clone(),
            price: change.price,
            compare_at: match change.compare_at {
                CompareAt::Set(price) => Some(price),
                CompareAt::Keep | CompareAt::Clear => None,
            },
        }
    }

    fn change(self) -> PriceChange {
        PriceChange {
            listing: ListingRef {
                sku: Some(self.sku.clone()),
                external_id: self.sku,
                product_external_id: self.product,
            },
            price: self.price,
            compare_at: self.compare_at.map_or(CompareAt::Keep, CompareAt::Set),
        }
    }
}

/// Sends what is not `refused` as one feed.
pub(super) async fn send(
    api: &Api,
    changes: &[PriceChange],
    refused: &[Option<ItemFault>],
) -> Result<PushAnswer, ConnectorError> {
    let messages: Vec<Message<'_>> = changes
        .iter()
        .zip(refused)
        .zip(1..)
        .filter(|((_, fault), _)| fault.is_none())
        .map(|((change, _), number)| {
            let patch = offer_patch(api.marketplace.id, change.price);
            Message::patch(number, &change.listing.external_id, patch)
        })
        .collect();
    let body = Bytes::from(Message::document(&api.seller, &messages));
    let document = retry::run(Patience::RUN, api.transport.sources(), |_| async {
        let upload = api.call(&CreateFeedDocument, Patience::RUN).await?;
        put(api, &upload.url, body.clone()).await?;
        Ok(upload.feed_document_id)
    })
    .await?;
    let operation = CreateFeed {
        document: &document,
    };
    let ticket = Ticket {
        feed: api.call(&operation, Patience::RUN).await?,
        changes: changes.iter().map(Sent::of).collect(),
    };
    under_way(&ticket)
}

async fn put(api: &Api, url: &str, body: Bytes) -> Result<(), ConnectorError> {
    let url: Url = url.parse().map_err(|_| {
        ConnectorError::new(
            Fault::Malformed,
            "Amazon gave an address to upload prices to that is none.",
        )
    })?;
    let mut request = Request::new(Method::PUT, url).header(
        header::CONTENT_TYPE,
        HeaderValue::from_static(FEED_CONTENT_TYPE),
    );
    request.body = Some(body);
    let answer = api.transport.send(request).await?;
    if answer.status.is_success() {
        return Ok(());
    }
    if let Some(failure) = answer.common_failure(api.transport.sources().now()) {
        return Err(failure);
    }
    // An address that is too old is answered 403: a new one is asked for.
    let fault = match answer.status {
        StatusCode::FORBIDDEN => Fault::Server,
        _ => Fault::Refused,
    };
    Err(ConnectorError::new(
        fault,
        format!(
            "Amazon did not take the upload of the prices (HTTP {}). Nothing was changed.",
            answer.status.as_u16()
        ),
    )
    .answer(answer.redacted()))
}

fn under_way(ticket: &Ticket) -> Result<PushAnswer, ConnectorError> {
    let note = serde_json::to_value(ticket).map_err(|_| {
        ConnectorError::new(Fault::Malformed, "The note of this push cannot be written.")
    })?;
    Ok(PushAnswer::UnderWay {
        ticket: Checkpoint(note),
        wait: FEED_LOOK,
    })
}

/// Asks how a feed stands.
pub(super) async fn follow_up(
    api: &Api,
    ticket: &Checkpoint,
    currency: Currency,
) -> Result<PushAnswer, ConnectorError> {
    let ticket = Ticket::deserialize(&ticket.0)
        .map_err(|_| lost("The note of this push cannot be read; read the prices back."))?;
    let state = api
        .call(&GetFeed { id: &ticket.feed }, Patience::RUN)
        .await?;
    let report = match state {
        FeedState::UnderWay => return under_way(&ticket),
        FeedState::Forgotten => {
            return Err(lost(
                "Amazon no longer knows what became of these prices; read them back.",
            ));
        }
        FeedState::Done { report: None } => {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "Amazon is done with the prices but does not say what became of them.",
            ));
        }
        FeedState::Done { report: Some(id) } => Some(read_report(api, &id).await?),
        FeedState::Failed { report: Some(id) } => read_report(api, &id).await.ok(),
        FeedState::Failed { report: None } | FeedState::Cancelled => None,
    };
    let changes: Vec<PriceChange> = ticket.changes.into_iter().map(Sent::change).collect();
    let kept_back = refusals(&changes, currency);
    Ok(PushAnswer::Done(outcomes(
        &changes,
        kept_back,
        report.as_ref(),
    )))
}

fn lost(message: &str) -> ConnectorError {
    ConnectorError::new(Fault::CheckpointLost, message)
}

async fn read_report(api: &Api, id: &str) -> Result<ProcessingReport, ConnectorError> {
    let found = api.call(&GetFeedDocument { id }, Patience::RUN).await?;
    let document = Document::new(api.transport.clone(), &found.url, 0)?;
    let bytes = document.whole(LONGEST_REPORT).await?;
    serde_json::from_slice(&bytes).map_err(|_| {
        ConnectorError::new(
            Fault::Malformed,
            "Amazon's report on the prices cannot be read. Read the prices back.",
        )
    })
}

/// One outcome for each change; without a report, Amazon took none.
fn outcomes(
    changes: &[PriceChange],
    kept_back: Vec<Option<ItemFault>>,
    report: Option<&ProcessingReport>,
) -> Vec<PushOutcome> {
    let mut issues: HashMap<u64, Vec<&Issue>> = HashMap::new();
    let mut general = Vec::new();
    for issue in report.iter().flat_map(|report| &report.issues) {
        match issue.message_id {
            Some(number) => issues.entry(number).or_default().push(issue),
            None => general.push(issue),
        }
    }
    let is_error = |issue: &&Issue| issue.severity == "ERROR";
    let all_failed = report.is_none_or(|report| report.summary.messages_accepted == 0)
        || general.iter().any(is_error);
    changes
        .iter()
        .zip(kept_back)
        .zip(1..)
        .map(|((change, kept_back), number)| {
            if let Some(fault) = kept_back {
                return PushOutcome::Refused(fault);
            }
            let mut own = issues.remove(&number).unwrap_or_default();
            if own.iter().any(is_error) || all_failed {
                own.extend(&general);
                let fault = refused(change, PushMode::Apply, "that it failed", &own);
                return PushOutcome::Refused(fault);
            }
            PushOutcome::Accepted {
                note: remarks(&own),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(count: usize) -> Vec<PriceChange> {
        (0..count)
            .map(|place| {
                Sent {
                    sku: format!("S-{place}"),
                    product: "B0".into(),
                    price: Money::new(100, "EUR".parse().unwrap()),
                    compare_at: None,
                }
                .change()
            })
            .collect()
    }

    fn words(report: Option<&str>) -> Vec<&'static str> {
        let report = report.map(|report| serde_json::from_str(report).unwrap());
        let kept_back = vec![None, None, None];
        outcomes(&changes(3), kept_back, report.as_ref())
            .iter()
            .map(|outcome| match outcome {
                PushOutcome::Accepted { note: None } => "taken",
                PushOutcome::Accepted { note: Some(_) } => "noted",
                PushOutcome::Refused(_) => "refused",
            })
            .collect()
    }

    #[test]
    fn each_message_gets_its_own_outcome() {
        let report = r#"{"header":{},"issues":[
            {"messageId":2,"code":"1","severity":"ERROR","message":"no"},
            {"messageId":3,"code":"2","severity":"WARNING","message":"hm"}],
            "summary":{"errors":1,"warnings":1,"messagesProcessed":3,"messagesAccepted":2,"messagesInvalid":1}}"#;
        assert_eq!(words(Some(report)), ["taken", "refused", "noted"]);
    }

    #[test]
    fn a_feed_that_failed_took_nothing() {
        assert_eq!(words(None), ["refused"; 3]);
        let report = r#"{"issues":[{"code":"4000003","severity":"ERROR","message":"bad feed"}],
            "summary":{"messagesProcessed":0,"messagesAccepted":0,"messagesInvalid":0}}"#;
        assert_eq!(words(Some(report)), ["refused"; 3]);
    }
}
