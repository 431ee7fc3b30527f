//! Chatday, for external applications.
