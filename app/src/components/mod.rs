//! Parts of pages that know what a store, a run and a project are. What knows
//! nothing of them is in `ui`.

pub(crate) mod conflict;
pub(crate) mod connect;
pub(crate) mod frame;
pub(crate) mod platform_mark;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod store;
pub(crate) mod ui;
pub(crate) mod webhooks;

mod later;
mod page_header;
mod plain_page;

pub(crate) use later::{NotLoaded, Part, once_loaded};
pub(crate) use page_header::PageHeader;
pub(crate) use plain_page::PlainPage;
