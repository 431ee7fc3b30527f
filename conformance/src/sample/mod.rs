//! A small correct integration for each service, and named ways to get it wrong: what the judge is tried on.
//!
//! | module | what it holds |
//! |---|---|
//! | [`receive`] | the part that a reader may copy: pure, from a request to what becomes of it |
//! | `genuine`, `spelling` | whether an event is genuine, and which bytes its signature covers |
//! | `event`, `memory` | what it means, and whether it was handled before |
//! | `answer`, [`reply`] | what is answered, and what is said back through the service's API |
//! | [`server`], `worker` | the same on a socket, and the replies after the answers |
//! | `wire` | a server written by hand, for the mistakes that a library would not make |
//! | [`caller`] | a client of the API, with mistakes of its own |
//! | [`flaw`] | the mistakes |

mod answer;
pub mod caller;
mod event;
pub mod flaw;
mod genuine;
mod memory;
pub mod receive;
pub mod reply;
pub mod server;
mod spelling;
mod wire;
mod worker;
