//! One world: pure state, driven by requests and by the time that the shell tells it.

pub mod capture;
pub mod chance;
pub mod clock;
pub mod conduct;
pub mod description;
pub mod faults;
pub mod feed;
pub mod journal;
pub mod matching;
pub mod modes;
pub mod moment;
pub mod origin;
pub mod outbox;
pub mod refusal;
pub mod registry;
pub mod seal;
pub mod self_check;
pub mod turn;
pub mod world;

mod oauth_mask;

pub use origin::{Defaults, Origin};
pub use turn::{Note, Turn};
