//! Reports: made on request, read as a document.

use serde::Deserialize;
use serde_json::json;

use super::{Operation, Place, get};
use crate::{
    amazon::rates::{CREATE_REPORT, GET_REPORT, GET_REPORT_DOCUMENT, Limit},
    error::{ConnectorError, Fault},
    transport::{Answer, Request},
};

const VERSION: &str = "2021-06-30";
/// All listings of a seller, whatever their state
/// ([inventory reports](https://developer-docs.amazon.com/sp-api/docs/report-type-values-inventory)).
const ALL_LISTINGS: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";

/// Asks for a report of all listings; gives its id.
pub(in crate::amazon) struct CreateReport;

/// Asks how far a report is.
pub(in crate::amazon) struct GetReport<'a> {
    pub(in crate::amazon) id: &'a str,
}

/// Asks where a report can be read. The address is good for five minutes.
pub(in crate::amazon) struct GetReportDocument<'a> {
    pub(in crate::amazon) id: &'a str,
}

/// How far a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::amazon) enum ReportState {
    UnderWay,
    Done {
        document: String,
    },
    /// By somebody, or by Amazon because there is nothing to report.
    Cancelled,
    Failed,
    /// Amazon does not keep it any more.
    Forgotten,
}

/// Where a document is.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::amazon) struct Document {
    pub(in crate::amazon) url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    report_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    processing_status: String,
    #[serde(default)]
    report_document_id: Option<String>,
}

impl Operation for CreateReport {
    const LIMIT: Limit = CREATE_REPORT;
    type Data = String;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let url = place.at(["reports", VERSION, "reports"])?;
        let body = json!({
            "reportType": ALL_LISTINGS,
            "marketplaceIds": [place.marketplace],
        });
        Ok(Request::post_json(url, &body))
    }

    fn parse(&self, answer: &Answer) -> Result<String, ConnectorError> {
        let created: Created = answer.json()?;
        Ok(created.report_id)
    }
}

impl Operation for GetReport<'_> {
    const LIMIT: Limit = GET_REPORT;
    type Data = ReportState;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        Ok(get(place.at(["reports", VERSION, "reports", self.id])?))
    }

    fn parse(&self, answer: &Answer) -> Result<ReportState, ConnectorError> {
        let report: Report = answer.json()?;
        match (report.processing_status.as_str(), report.report_document_id) {
            ("DONE", Some(document)) => Ok(ReportState::Done { document }),
            ("IN_QUEUE" | "IN_PROGRESS", _) => Ok(ReportState::UnderWay),
            ("CANCELLED", _) => Ok(ReportState::Cancelled),
            ("FATAL", _) => Ok(ReportState::Failed),
            (other, _) => Err(ConnectorError::new(
                Fault::Malformed,
                format!(
                    "Amazon calls the state of its report \"{}\" and names no document; Calibr \
                     does not know that. Look for a newer version of Calibr.",
                    other.chars().take(40).collect::<String>()
                ),
            )),
        }
    }

    fn when_missing(&self) -> Option<Result<ReportState, ConnectorError>> {
        Some(Ok(ReportState::Forgotten))
    }
}

impl Operation for GetReportDocument<'_> {
    const LIMIT: Limit = GET_REPORT_DOCUMENT;
    type Data = Document;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        Ok(get(place.at(["reports", VERSION, "documents", self.id])?))
    }

    fn parse(&self, answer: &Answer) -> Result<Document, ConnectorError> {
        answer.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazon::operations::tests::{parsed, request_of};

    #[test]
    fn asks_for_all_listings_of_the_store() {
        let request = request_of(&CreateReport);
        assert_eq!(request.url.path(), "/reports/2021-06-30/reports");
        insta::assert_snapshot!(String::from_utf8_lossy(&request.body.unwrap()), @r#"{"marketplaceIds":["A1PA6795UKMFR9"],"reportType":"GET_MERCHANT_LISTINGS_ALL_DATA"}"#);
    }

    #[test]
    fn states_are_told_apart() {
        let state = |status: &str, document: &str| {
            let body = format!(r#"{{"processingStatus":"{status}"{document}}}"#);
            parsed(&GetReport { id: "1" }, &body)
        };
        assert_eq!(state("IN_QUEUE", "").unwrap(), ReportState::UnderWay);
        let document = "d".to_owned();
        assert_eq!(
            state("DONE", r#","reportDocumentId":"d""#).unwrap(),
            ReportState::Done { document }
        );
        assert_eq!(state("FATAL", "").unwrap(), ReportState::Failed);
        assert_eq!(state("CANCELLED", "").unwrap(), ReportState::Cancelled);
        assert_eq!(state("DONE", "").unwrap_err().fault, Fault::Malformed);
    }
}
