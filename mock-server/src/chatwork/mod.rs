//! The Chatwork side of a world: its state, the handlers that answer requests from it, and the webhook calls that follow
//! from its changes.

pub mod events;
mod handlers;
pub mod state;

pub(crate) use handlers::{Approval, is_oauth};
pub use state::State;
