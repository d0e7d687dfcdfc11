//! How far an export is.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, count, optional_count};

/// Asks for the state of one export.
pub(in crate::shopify) struct ExportStatus<'a> {
    /// The export's id.
    pub(in crate::shopify) id: &'a str,
}

impl ExportStatus<'_> {
    pub(super) fn example() -> Self {
        Self {
            id: "gid://shopify/BulkOperation/1",
        }
    }
}

impl Operation for ExportStatus<'_> {
    const NAME: &'static str = "CalibrExportStatus";
    const DOCUMENT: &'static str = "query CalibrExportStatus($id: ID!) {
  bulkOperation(id: $id) { id status errorCode objectCount fileSize url partialDataUrl }
}";
    const COST: u32 = 1;
    type Data = ExportStatusData;

    fn variables(&self) -> Value {
        json!({ "id": self.id })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct ExportStatusData {
    bulk_operation: Option<Raw>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    status: String,
    error_code: Option<String>,
    #[serde(deserialize_with = "count")]
    object_count: u64,
    #[serde(default, deserialize_with = "optional_count")]
    file_size: Option<u64>,
    url: Option<String>,
    partial_data_url: Option<String>,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shopify) enum ExportState {
    /// Not done; so many objects are.
    Running {
        /// Products and variants exported so far.
        objects: u64,
    },
    /// Done.
    Done {
        /// Where the file is; `None` where there was nothing to export.
        url: Option<String>,
        /// How long it is, in bytes.
        size: Option<u64>,
    },
    /// Ended early.
    Failed {
        /// Why.
        by: FailedBy,
        /// Where the part is that was exported.
        partial_url: Option<String>,
    },
    /// Somebody ended it.
    Cancelled,
    /// Its file is no longer kept, or Shopify does not know it.
    Forgotten,
    /// A status that is none of the documented ones.
    Unknown(String),
}

/// Why an export ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shopify) enum FailedBy {
    /// A permission is missing.
    Access,
    /// Shopify itself failed, or took too long.
    Platform,
}

impl ExportStatusData {
    /// How far the export is.
    pub(in crate::shopify) fn state(self) -> ExportState {
        let Some(raw) = self.bulk_operation else {
            return ExportState::Forgotten;
        };
        match raw.status.as_str() {
            "CREATED" | "RUNNING" | "CANCELING" => ExportState::Running {
                objects: raw.object_count,
            },
            "COMPLETED" => ExportState::Done {
                url: raw.url,
                size: raw.file_size,
            },
            "FAILED" => ExportState::Failed {
                by: match raw.error_code.as_deref() {
                    Some("ACCESS_DENIED") => FailedBy::Access,
                    _ => FailedBy::Platform,
                },
                partial_url: raw.partial_data_url,
            },
            "CANCELED" => ExportState::Cancelled,
            "EXPIRED" => ExportState::Forgotten,
            other => ExportState::Unknown(other.chars().take(40).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(operation: Value) -> ExportState {
        serde_json::from_value::<ExportStatusData>(json!({ "bulkOperation": operation }))
            .unwrap()
            .state()
    }

    fn operation(status: &str) -> Value {
        json!({
            "id": "gid://shopify/BulkOperation/1", "status": status, "errorCode": null,
            "objectCount": "12", "fileSize": null, "url": null, "partialDataUrl": null,
        })
    }

    #[test]
    fn every_documented_status_is_known() {
        for status in ["CREATED", "RUNNING", "CANCELING"] {
            assert_eq!(
                state(operation(status)),
                ExportState::Running { objects: 12 }
            );
        }
        assert_eq!(
            state(operation("COMPLETED")),
            ExportState::Done {
                url: None,
                size: None
            }
        );
        assert_eq!(state(operation("CANCELED")), ExportState::Cancelled);
        assert_eq!(state(operation("EXPIRED")), ExportState::Forgotten);
        assert_eq!(state(Value::Null), ExportState::Forgotten);
        assert_eq!(
            state(operation("PAUSED")),
            ExportState::Unknown("PAUSED".into())
        );
    }

    #[test]
    fn a_finished_export_has_its_file_and_a_failed_one_its_part() {
        let mut done = operation("COMPLETED");
        done["url"] = "https://files.example/1".into();
        done["fileSize"] = "4096".into();
        insta::assert_debug_snapshot!(state(done), @r#"
        Done {
            url: Some(
                "https://files.example/1",
            ),
            size: Some(
                4096,
            ),
        }
        "#);
        let mut failed = operation("FAILED");
        failed["errorCode"] = "ACCESS_DENIED".into();
        failed["partialDataUrl"] = "https://files.example/1".into();
        insta::assert_debug_snapshot!(state(failed), @r#"
        Failed {
            by: Access,
            partial_url: Some(
                "https://files.example/1",
            ),
        }
        "#);
    }
}
