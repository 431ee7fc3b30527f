//! The mock as a library: in the process itself, or a handle on one that runs elsewhere.

mod events;
mod local;
mod mock;
mod remote;

pub use events::Events;
pub use local::{Builder, MockServer};
pub use mock::{Mock, MockError};
