//! A stateful stand-in for Chatday and Chatwork, as a library for tests.
//!
//! A mock has a thread and a runtime of its own, so it serves sync and async tests alike, and it ends when it is
//! dropped. Every test can have a mock of its own, or a world of its own in a shared one ([`Mock::new_world`]).
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use contract::service::Service;
//! use mock_server::control::{Expectation, Match};
//! use mock_server::MockServer;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = MockServer::start()?;
//!
//! // Whatever is to be tested gets the address and the token, here a hand-made request.
//! let address = mock.url(Service::Chatwork).trim_start_matches("http://").trim_end_matches("/v2");
//! let token = mock.token(Service::Chatwork);
//! let mut client = TcpStream::connect(address)?;
//! write!(client, "GET /v2/me HTTP/1.1\r\nHost: {address}\r\nX-ChatWorkToken: {token}\r\nConnection: close\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
//!
//! // What the mock saw can be asked for, and waited for.
//! let asked = Match { path: Some("/v2/me".into()), status: Some(200), ..Match::default() };
//! assert!(mock.expect(&Expectation::at_least(1, asked))?.satisfied);
//! let requests = mock.requests()?;
//! assert_eq!(requests[0].headers["x-chatworktoken"], "[masked]");
//! # Ok(())
//! # }
//! ```
//!
//! The same handle reaches a mock that runs as a program: [`Mock::connect`].
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod chatday;
pub mod chatwork;
pub mod cli;
pub mod control;
pub mod core;
pub mod embed;

mod check;
mod descriptors;
mod file;
mod place;
mod settings;
mod shell;

pub use embed::{Builder, ChatworkWebhook, Events, FaultGuard, Mock, MockError, MockServer, ReplayEdit};
pub use shell::{Limits, StartError, witness};
