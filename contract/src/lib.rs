//! What Chatday and Chatwork promise, stated once, as data.
//!
//! | module | what it holds |
//! |---|---|
//! | [`clause`] | the numbered sentences of a contract, each with source and certainty |
//! | [`service`] | the two services and where each is mounted |
//! | [`wire`] | requests and responses as values; forms, multipart bodies, JSON text |
//! | [`shape`] | bodies described as data: judged against, and printed as JSON Schema |
//! | [`reader`] | reads a JSON value and collects *every* fault with its place |
//! | [`time`] | moments as values; nothing here knows what time it is |
//! | [`chatwork`] | Chatwork API v2: 32 operations, errors, limits, signatures, notation |
//! | [`chatday`] | Chatday: Register, Send Message, webhook, and the profile that fills the gaps |
//! | [`judge`] | holds one exchange against the contract |
//! | [`openapi`] | both tables as OpenAPI 3.1 documents |
//! | [`manual`] | sources, decisions and words, for reading |
//!
//! The crate does no I/O, reads no clock and knows no other crate of this workspace.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![warn(missing_docs)]

pub mod chatday;
pub mod chatwork;
pub mod clause;
pub mod judge;
pub mod manual;
pub mod openapi;
pub mod reader;
pub mod route;
pub mod service;
pub mod shape;
pub mod time;
pub mod wire;
