//! One world: pure state, driven by requests and by the time that the shell tells it.

pub mod origin;
pub mod turn;

pub use origin::{Defaults, Origin};
pub use turn::{Note, Turn};
