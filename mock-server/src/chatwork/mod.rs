//! The Chatwork side of a world: its state, and the handlers that answer requests from it.

mod handlers;
pub mod state;

pub use state::State;
