//! The fields of a bulk operation, and the list of them.

use crate::shopify::bulk::Report;
use crate::shopify::graphql::connection::PageRequest;
use crate::shopify::graphql::context::{Context, date_time};
use crate::shopify::graphql::object::{Object, Resolution, Resolved, record};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::ids::gid;

/// A bulk operation as the API shows it.
pub(crate) fn bulk_operation(context: &Context, report: &Report) -> Object {
    let url = |path: &Option<String>| {
        Resolved::leaf(
            path.as_ref()
                .map(|path| format!("{}{path}", context.base_url)),
        )
    };
    record(
        "BulkOperation",
        vec![
            ("id", Resolved::leaf(gid("BulkOperation", report.number))),
            ("status", Resolved::leaf(report.status.name())),
            ("type", Resolved::leaf("QUERY")),
            ("errorCode", Resolved::leaf(report.error_code)),
            (
                "createdAt",
                Resolved::leaf(date_time(report.created_at.timestamp())),
            ),
            (
                "completedAt",
                Resolved::leaf(report.completed_at.map(|at| date_time(at.timestamp()))),
            ),
            ("objectCount", Resolved::leaf(report.objects.to_string())),
            ("rootObjectCount", Resolved::leaf(report.roots.to_string())),
            (
                "fileSize",
                Resolved::leaf(report.file_size.map(|size| size.to_string())),
            ),
            ("url", url(&report.path)),
            ("partialDataUrl", url(&report.partial_path)),
            ("query", Resolved::leaf(report.query.as_str())),
        ],
    )
}

/// `bulkOperations`, newest first.
pub(super) fn operations(context: &Context, field: &PlannedField) -> Resolution {
    let known = ["created_at", "id", "operation_type", "status", "type"];
    let search = super::query::search(context, field, &known);
    let mut reports = context.shop.bulk.all(context);
    reports.retain(|report| {
        search.matches(|term| {
            Some(match term.field.as_deref()? {
                "created_at" => term.time(report.created_at.timestamp()),
                "id" => term.number(report.number),
                "status" => term.text(report.status.name()),
                "operation_type" | "type" => term.text("QUERY"),
                _ => return None,
            })
        })
    });
    reports.reverse();
    let listed = reports
        .iter()
        .map(|report| (report.number, bulk_operation(context, report)));
    let page = PageRequest::read(context, field)?.cut_list(listed.collect());
    Ok(page.connection("BulkOperationConnection", "BulkOperationEdge"))
}
