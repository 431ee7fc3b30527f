//! Whole flows over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_days;
mod bad_input;
mod control;
mod embed;
mod events;
mod expect;
mod faults;
mod intercept;
mod isolation;
mod limits;
mod oauth;
mod program;
mod support;
mod tls;
mod tls_client;
mod witness;
