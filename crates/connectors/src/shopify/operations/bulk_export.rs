//! Having the whole catalogue exported to a file.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, UserError, product_fields, variant_fields};

/// What is exported. The statuses are named because the documentation gives
/// `active` as the filter's default.
pub(in crate::shopify) const EXPORT: &str = concat!(
    "{
  products(query: \"status:active,draft,archived,unlisted\") {
    edges { node { ",
    product_fields!(),
    "
      variants { edges { node { ",
    variant_fields!(),
    " } } }
    } }
  }
}"
);

/// Starts the export.
pub(in crate::shopify) struct StartExport;

impl Operation for StartExport {
    const NAME: &'static str = "CalibrStartExport";
    const DOCUMENT: &'static str = "mutation CalibrStartExport($query: String!) {
  bulkOperationRunQuery(query: $query) {
    bulkOperation { id }
    userErrors { code message }
  }
}";
    const COST: u32 = 10;
    type Data = StartExportData;

    fn variables(&self) -> Value {
        json!({ "query": EXPORT })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct StartExportData {
    bulk_operation_run_query: Option<Payload>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    bulk_operation: Option<Reference>,
    user_errors: Vec<UserError>,
}

#[derive(Debug, Clone, Deserialize)]
struct Reference {
    id: String,
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shopify) enum Started {
    /// It runs under this id.
    Running(String),
    /// Other exports are under way; later.
    Busy,
    /// Shopify does not want to, for this reason.
    Refused(String),
}

impl StartExportData {
    /// Whether the export runs.
    pub(in crate::shopify) fn started(self) -> Started {
        let Some(payload) = self.bulk_operation_run_query else {
            return Started::Refused(UserError::joined(&[]));
        };
        if let Some(error) = payload.user_errors.first() {
            let busy = match error.code.as_deref() {
                Some(code) => matches!(code, "OPERATION_IN_PROGRESS" | "LIMIT_REACHED"),
                None => error.message.contains("already in progress"),
            };
            return if busy {
                Started::Busy
            } else {
                Started::Refused(error.message.clone())
            };
        }
        match payload.bulk_operation {
            Some(operation) => Started::Running(operation.id),
            None => Started::Refused(UserError::joined(&[])),
        }
    }
}

/// Asks for the app's latest exports, newest first.
pub(in crate::shopify) struct RecentExports;

impl Operation for RecentExports {
    const NAME: &'static str = "CalibrRecentExports";
    const DOCUMENT: &'static str = "query CalibrRecentExports {
  bulkOperations(first: 10) { nodes { id status createdAt query } }
}";
    const COST: u32 = 15;
    type Data = RecentExportsData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct RecentExportsData {
    bulk_operations: Operations,
}

#[derive(Debug, Clone, Deserialize)]
struct Operations {
    nodes: Vec<Recent>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recent {
    id: String,
    status: String,
    created_at: String,
    query: String,
}

impl RecentExportsData {
    /// The export of our own catalogue query that was started at or after
    /// `since` and has not failed, where there is one: an answer to its start
    /// was lost.
    pub(in crate::shopify) fn own_since(self, since: DateTime<Utc>) -> Option<String> {
        self.bulk_operations
            .nodes
            .into_iter()
            .find(|operation| {
                let usable = matches!(
                    operation.status.as_str(),
                    "CREATED" | "RUNNING" | "COMPLETED"
                );
                let recent = DateTime::parse_from_rfc3339(&operation.created_at)
                    .is_ok_and(|created| created >= since);
                usable && recent && same_document(&operation.query, EXPORT)
            })
            .map(|operation| operation.id)
    }
}

/// Whether two documents differ in white space at most.
fn same_document(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(answer: &str) -> Started {
        serde_json::from_str::<StartExportData>(answer)
            .unwrap()
            .started()
    }

    #[test]
    fn a_start_runs_waits_or_is_refused() {
        assert_eq!(
            started(
                r#"{"bulkOperationRunQuery":{"bulkOperation":{"id":"gid://shopify/BulkOperation/1"},"userErrors":[]}}"#
            ),
            Started::Running("gid://shopify/BulkOperation/1".into())
        );
        for error in [
            r#"{"code":"OPERATION_IN_PROGRESS","message":"x"}"#,
            r#"{"code":"LIMIT_REACHED","message":"x"}"#,
            r#"{"code":null,"message":"A bulk query operation for this app and shop is already in progress: gid://shopify/BulkOperation/1."}"#,
        ] {
            let answer = format!(
                r#"{{"bulkOperationRunQuery":{{"bulkOperation":null,"userErrors":[{error}]}}}}"#
            );
            assert_eq!(started(&answer), Started::Busy, "{error}");
        }
        assert_eq!(
            started(
                r#"{"bulkOperationRunQuery":{"bulkOperation":null,"userErrors":[{"code":"INVALID","message":"no"}]}}"#
            ),
            Started::Refused("no".into())
        );
        assert!(matches!(
            started(r#"{"bulkOperationRunQuery":null}"#),
            Started::Refused(_)
        ));
    }

    #[test]
    fn only_an_own_recent_export_is_taken_over() {
        let since = DateTime::parse_from_rfc3339("2026-07-01T12:00:00Z")
            .unwrap()
            .to_utc();
        let own = |status: &str, created: &str, query: &str| {
            let data = json!({ "bulkOperations": { "nodes": [
                { "id": "gid://shopify/BulkOperation/7", "status": status, "createdAt": created, "query": query }
            ] } });
            serde_json::from_value::<RecentExportsData>(data)
                .unwrap()
                .own_since(since)
                .is_some()
        };
        assert!(own(
            "RUNNING",
            "2026-07-01T12:00:01Z",
            &EXPORT.replace('\n', " ")
        ));
        assert!(own("COMPLETED", "2026-07-01T12:00:00Z", EXPORT));
        assert!(!own("RUNNING", "2026-07-01T11:59:59Z", EXPORT));
        assert!(!own("FAILED", "2026-07-01T12:00:01Z", EXPORT));
        assert!(!own(
            "RUNNING",
            "2026-07-01T12:00:01Z",
            "{ orders { edges { node { id } } } }"
        ));
    }
}
