//! The mock as a library: in the process itself, or a handle on one that runs elsewhere.

mod clock;
mod events;
mod faults;
mod local;
mod mock;
mod remote;
mod requests;
mod webhooks;

pub use events::Events;
pub use faults::FaultGuard;
pub use local::{Builder, MockServer};
pub use mock::{Mock, MockError};
pub use webhooks::{ChatworkWebhook, ReplayEdit};
