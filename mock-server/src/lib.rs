//! A stateful stand-in for Chatday and Chatwork.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod chatday;
pub mod chatwork;
pub mod control;
pub mod core;
