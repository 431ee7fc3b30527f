//! A small correct integration for each service, and named ways to get it wrong: what the judge is tried on.
//!
//! [`receive`] is the part that a reader may copy: pure, from a request to an answer. [`server`] puts it on a socket.

pub mod flaw;
pub mod receive;
pub mod server;
