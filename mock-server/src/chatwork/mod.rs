//! The Chatwork side of a world: its state, and the handlers that answer requests from it.

mod handlers;
pub mod state;

pub(crate) use handlers::{Approval, is_oauth};
pub use state::State;
