//! Chatday, for external applications.

pub mod profile;
