//! The Chatwork side of a world.
