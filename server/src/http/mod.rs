//! The HTTP face: pages, server functions, REST, server-sent events.

mod assets;
mod caller;
mod docs_page;
mod encoding;
mod extract;
mod functions;
mod headers;
mod limit;
mod openapi;
mod origin;
mod panic;
mod problem;
mod request_id;
#[expect(
    unused_qualifications,
    reason = "utoipa writes whole paths where it uses parameters' types"
)]
mod rest;
mod router;
mod serve;
mod session;
mod state;
mod time_limit;
mod too_long;

pub(crate) use limit::Limits;
pub(crate) use origin::OwnOrigin;
pub(crate) use router::router;
pub(crate) use serve::serve;
pub(crate) use state::{AppState, HttpSettings};
