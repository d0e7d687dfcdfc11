//! What a server function finds of the request it runs in: the services, who
//! asks, and the answer's HTTP status.

mod caller;
mod outcome;
mod session_port;

pub(crate) use caller::{Caller, services, session, signed_in};
pub(crate) use outcome::told;
pub use session_port::{CurrentSession, SessionPort};
