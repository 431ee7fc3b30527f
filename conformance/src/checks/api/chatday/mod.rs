//! Chatday's API. Register activates a token, so it is a change: it is called only where the user allows changes.

pub mod credentials;
pub mod refusals;
pub mod register;
pub mod send;
mod verdicts;
