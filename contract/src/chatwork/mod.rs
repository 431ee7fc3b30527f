//! Chatwork API v2.

pub mod signature;
pub mod webhook;
