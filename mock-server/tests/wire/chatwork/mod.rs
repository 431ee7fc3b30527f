//! Chatwork on the wire.

mod habits;
