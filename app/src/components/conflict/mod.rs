//! Parts of the inbox of price conflicts.

mod bulk;
mod filter;
mod inbox;
mod outcome;
mod row;
mod selection;
mod shortcuts;
mod standing;
mod table;

pub(crate) use bulk::{Bulk, BulkBar, BulkDialog};
pub(crate) use filter::{ConflictFilters, ConflictsFilter};
pub(crate) use inbox::Inbox;
pub(crate) use shortcuts::Shortcuts;
pub(crate) use table::ConflictTable;
