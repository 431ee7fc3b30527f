//! The Chatday side of a world.
