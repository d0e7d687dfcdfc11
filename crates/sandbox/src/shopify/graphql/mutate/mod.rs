//! The fields of the mutation root, a file for each kind of thing that is changed.

mod bulk_operations;
mod inventory_items;
mod variants;
mod webhook_subscriptions;

use super::context::Context;
use super::error::Error;
use super::object::{Object, Resolution, Resolved, record};
use super::plan::PlannedField;

pub(super) fn resolve(context: &Context, field: &PlannedField) -> Resolution {
    match field.name.as_str() {
        "productVariantsBulkUpdate" => variants::update(context, field),
        "inventoryItemUpdate" => inventory_items::update(context, field),
        "bulkOperationRunQuery" => Ok(bulk_operations::run_query(context, field)),
        "bulkOperationCancel" => Ok(bulk_operations::cancel(context, field)),
        "webhookSubscriptionCreate" => Ok(webhook_subscriptions::create(context, field)),
        "webhookSubscriptionUpdate" => Ok(webhook_subscriptions::update(context, field)),
        "webhookSubscriptionDelete" => Ok(webhook_subscriptions::delete(context, field)),
        other => Err(Error::new(format!("Field '{other}' is not available"))),
    }
}

/// An entry of `userErrors`.
struct UserError {
    field: Option<Vec<String>>,
    message: String,
    code: Option<&'static str>,
}

impl UserError {
    fn new(field: &[&str], message: impl Into<String>) -> Self {
        let field = field.iter().map(|&part| part.to_owned()).collect();
        Self {
            field: Some(field),
            message: message.into(),
            code: None,
        }
    }

    /// About the whole request rather than one of its fields.
    fn general(message: impl Into<String>) -> Self {
        Self {
            field: None,
            message: message.into(),
            code: None,
        }
    }

    fn code(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    fn object(self, ty: &'static str) -> Object {
        let fields = vec![
            ("field", self.field.map_or(Resolved::Null, Resolved::leaves)),
            ("message", Resolved::leaf(self.message)),
            ("code", Resolved::leaf(self.code)),
        ];
        record(ty, fields)
    }
}

/// The answer of a mutation: what it made or changed, and what was wrong.
fn payload(
    ty: &'static str,
    mut made: Vec<(&'static str, Resolved)>,
    error_type: &'static str,
    errors: Vec<UserError>,
) -> Resolved {
    let errors = errors.into_iter().map(|error| error.object(error_type));
    made.push(("userErrors", Resolved::objects(errors)));
    record(ty, made).resolved()
}
