//! `bulkOperationRunQuery` and `bulkOperationCancel`.

use super::{UserError, payload};
use crate::shopify::bulk::{CannotCancel, CannotRun};
use crate::shopify::graphql::context::Context;
use crate::shopify::graphql::object::Resolved;
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::graphql::resolve::bulk_operation;
use crate::shopify::ids::{Gid, gid};

pub(super) fn run_query(context: &Context, field: &PlannedField) -> Resolved {
    let query = field.text("query").unwrap_or_default();
    let grouped = field.flag("groupObjects");
    let (operation, errors) = match context.shop.bulk.run(context, query, grouped) {
        Ok(report) => (bulk_operation(context, &report).resolved(), Vec::new()),
        Err(refusal) => (Resolved::Null, refused(refusal)),
    };
    let made = vec![("bulkOperation", operation)];
    payload(
        "BulkOperationRunQueryPayload",
        made,
        "BulkOperationUserError",
        errors,
    )
}

fn refused(refusal: CannotRun) -> Vec<UserError> {
    match refusal {
        CannotRun::Invalid(messages) => messages
            .into_iter()
            .map(|message| UserError::new(&["query"], message).code("INVALID"))
            .collect(),
        CannotRun::InProgress(number) => {
            let message = format!(
                "A bulk query operation for this app and shop is already in progress: {}.",
                gid("BulkOperation", number)
            );
            vec![UserError::general(message).code("OPERATION_IN_PROGRESS")]
        }
        CannotRun::LimitReached => {
            let message = "Bulk operations limit reached. Please try again later.";
            vec![UserError::general(message).code("LIMIT_REACHED")]
        }
    }
}

pub(super) fn cancel(context: &Context, field: &PlannedField) -> Resolved {
    let id = field
        .text("id")
        .and_then(Gid::parse)
        .filter(|id| id.kind == "BulkOperation");
    let number = id.map_or(0, |id| id.number);
    let (operation, errors) = match context.shop.bulk.cancel(context, number) {
        Ok(report) => (bulk_operation(context, &report).resolved(), Vec::new()),
        Err(CannotCancel::Unknown) => (
            Resolved::Null,
            vec![UserError::new(&["id"], "Bulk operation does not exist")],
        ),
        Err(CannotCancel::Over(report)) => {
            let message = format!(
                "A bulk operation cannot be canceled when it is {}",
                report.status.name().to_lowercase()
            );
            (
                bulk_operation(context, &report).resolved(),
                vec![UserError::general(message)],
            )
        }
    };
    let made = vec![("bulkOperation", operation)];
    payload("BulkOperationCancelPayload", made, "UserError", errors)
}
