//! The Chatwork side of a world.

pub mod state;
