//! The simulated Amazon, as a client meets it: over HTTP on the loopback interface.

#![expect(
    clippy::unwrap_used,
    reason = "what is not there where it has to be is what these tests are to find"
)]

mod control;
mod listings;
mod rates;
mod sign_in;
mod support;
