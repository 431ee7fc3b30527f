//! One world: pure state, driven by requests and by the time that the shell tells it.

pub mod turn;

pub use turn::{Note, Turn};
