//! The Chatday side of a world.
//!
//! [`State`] holds applications (one for each API token) and chats (each with one application); [`State::handle`]
//! answers requests. What the visitor and the settings page do, and the mock's operator through the control API, is in
//! [`webhooks`] and [`signatures`]; the chat box is in [`chats`]; the world description in [`description`].
//!
//! Everything that the public document leaves open comes from the profile; no path, key or status stands here.

pub mod chats;
pub mod description;
pub mod recognise;
pub mod register;
pub mod secret;
pub mod send;
pub mod signatures;
pub mod state;
#[cfg(test)]
pub(crate) mod testing;
pub mod webhooks;

pub use state::State;
pub use webhooks::{Event, Refused, Written};
